//! Text, whole and streamed, in both dialects.

use crate::common::{Read, Sse, anthropic, ask, openai, say, streamed, text_of, text_of_events};
use backstop_simulator::{Answer, Dialect, End, Simulator};
use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::{Value, json};

#[tokio::test(start_paused = true)]
async fn a_chat_completion_looks_as_openai_writes_it() {
    let simulator = Simulator::new("a");
    let read = say(&simulator, Dialect::OpenAiChat, &openai("Hello there, world")).await;
    assert_eq!(read.status, 200);
    assert_eq!(read.header("content-type"), "application/json");
    assert!(read.header("x-request-id").starts_with("req_"));
    assert_eq!(read.header("x-ratelimit-limit-requests"), "10000");
    assert_eq!(read.header("x-ratelimit-reset-requests"), "6ms");
    read.header("openai-processing-ms").parse::<u64>().unwrap();
    let answer = read.json();
    assert!(answer["id"].as_str().unwrap().starts_with("chatcmpl-"));
    assert!(answer["system_fingerprint"].as_str().unwrap().starts_with("fp_"));
    assert!(answer["created"].as_u64().unwrap() > 1_700_000_000);
    assert_eq!(answer["object"], "chat.completion");
    assert_eq!(answer["model"], "gpt-4.1");
    let choices = json!([{
        "index": 0,
        "message": {"role": "assistant", "content": "Hello there, world", "refusal": null, "annotations": []},
        "logprobs": null,
        "finish_reason": "stop",
    }]);
    assert_eq!(answer["choices"], choices);
    let usage = &answer["usage"];
    assert_eq!(usage["completion_tokens"], 3);
    assert_eq!(usage["total_tokens"].as_u64().unwrap(), usage["prompt_tokens"].as_u64().unwrap() + 3);
}

#[tokio::test(start_paused = true)]
async fn a_message_looks_as_anthropic_writes_it() {
    let simulator = Simulator::new("a");
    let read = say(&simulator, Dialect::AnthropicMessages, &anthropic("Hello there, world")).await;
    assert_eq!(read.status, 200);
    assert!(read.header("request-id").starts_with("req_011"));
    assert_eq!(read.header("anthropic-ratelimit-requests-remaining"), "9999");
    assert!(read.header("anthropic-ratelimit-requests-reset").ends_with('Z'));
    let answer = read.json();
    assert!(answer["id"].as_str().unwrap().starts_with("msg_01"));
    assert_eq!(answer["type"], "message");
    assert_eq!(answer["role"], "assistant");
    assert_eq!(answer["content"], json!([{"type": "text", "text": "Hello there, world"}]));
    assert_eq!(answer["stop_reason"], "end_turn");
    assert_eq!(answer["stop_sequence"], Value::Null);
    assert_eq!(answer["usage"]["output_tokens"], 3);
}

#[tokio::test(start_paused = true)]
async fn a_chat_stream_keeps_the_grammar() {
    let simulator = Simulator::new("a");
    let mut body = streamed(openai("one two three"));
    body["stream_options"] = json!({"include_usage": true});
    let read = say(&simulator, Dialect::OpenAiChat, &body).await;
    assert_eq!(read.header("content-type"), "text/event-stream; charset=utf-8");
    let mut events = read.events();
    assert_eq!(events.pop().unwrap().data, "[DONE]");
    assert!(events.iter().all(|event| event.name.is_none()));
    let chunks: Vec<Value> = events.iter().map(Sse::json).collect();
    let ids: Vec<_> = chunks.iter().map(|chunk| chunk["id"].clone()).collect();
    assert!(ids.iter().all(|id| *id == ids[0]));
    let deltas: Vec<_> = chunks.iter().map(|chunk| chunk["choices"][0]["delta"].clone()).collect();
    assert_eq!(deltas[0], json!({"role": "assistant", "content": "", "refusal": null}));
    assert_eq!(
        deltas[1..4],
        [json!({"content": "one"}), json!({"content": " two"}), json!({"content": " three"})]
    );
    assert_eq!(deltas[4], json!({}));
    let finishes: Vec<_> = chunks.iter().map(|chunk| chunk["choices"][0]["finish_reason"].clone()).collect();
    assert_eq!(finishes[..5], [Value::Null, Value::Null, Value::Null, Value::Null, json!("stop")]);
    assert!(chunks[..5].iter().all(|chunk| chunk.as_object().unwrap()["usage"] == Value::Null));
    assert_eq!(chunks[5]["choices"], json!([]));
    assert_eq!(chunks[5]["usage"]["completion_tokens"], 3);
    assert_eq!(chunks.len(), 6);
}

#[tokio::test(start_paused = true)]
async fn usage_is_only_in_a_chat_stream_that_asked_for_it() {
    let read = say(&Simulator::new("a"), Dialect::OpenAiChat, &streamed(openai("one"))).await;
    let events = read.events();
    assert!(events.iter().all(|event| !event.data.contains("usage")));
    assert_eq!(events.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_message_stream_keeps_the_grammar() {
    let read = say(&Simulator::new("a"), Dialect::AnthropicMessages, &streamed(anthropic("one two"))).await;
    let events = read.events();
    let names: Vec<_> = events.iter().map(|event| event.name.clone().unwrap()).collect();
    let expected = [
        "message_start",
        "content_block_start",
        "ping",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ];
    assert_eq!(names, expected);
    for event in &events {
        assert_eq!(event.json()["type"], event.name.clone().unwrap(), "the type repeats the name");
    }
    let json: Vec<_> = events.iter().map(Sse::json).collect();
    assert_eq!(json[0]["message"]["content"], json!([]));
    assert_eq!(json[0]["message"]["stop_reason"], Value::Null);
    assert_eq!(json[1]["content_block"], json!({"type": "text", "text": ""}));
    assert_eq!(json[3]["delta"], json!({"type": "text_delta", "text": "one"}));
    assert_eq!(json[4]["delta"], json!({"type": "text_delta", "text": " two"}));
    assert_eq!(json[6]["delta"]["stop_reason"], "end_turn");
    assert_eq!(json[6]["usage"]["output_tokens"], 2);
    assert_eq!(json[0]["message"]["usage"]["input_tokens"], json[6]["usage"]["input_tokens"]);
}

#[tokio::test(start_paused = true)]
async fn the_same_request_gets_the_same_answer_from_the_same_seed() {
    for dialect in Dialect::ALL {
        let body = streamed(ask(dialect, "[[tokens 20]]"));
        let events = |read: Read| {
            let text = read.text();
            // The time is the only thing that the clock decides.
            text.lines().map(|line| line.split("\"created\"").next().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let first = events(say(&Simulator::new("a"), dialect, &body).await);
        assert_eq!(first, events(say(&Simulator::new("a"), dialect, &body).await));
        assert_ne!(first, events(say(&Simulator::new("b"), dialect, &body).await));
    }
}

#[tokio::test(start_paused = true)]
async fn told_usage_is_the_sum_of_what_answers_said() {
    let simulator = Simulator::new("a").with_behaviour(Answer::tokens(5).with_cache_read(4));
    for dialect in Dialect::ALL {
        say(&simulator, dialect, &ask(dialect, "one two three four")).await;
        let mut body = streamed(ask(dialect, "one two three four"));
        if dialect == Dialect::OpenAiChat {
            body["stream_options"] = json!({"include_usage": true});
        }
        say(&simulator, dialect, &body).await;
    }
    let records = simulator.wait_for_ends(6).await;
    assert!(records.iter().all(|record| matches!(record.end, End::Complete(_))));
    assert_eq!(simulator.told().output, 30);
    assert_eq!(simulator.told().cache_read, 24);
    assert_eq!(simulator.told().input, 6 * 11);
    assert_eq!(simulator.billed(), simulator.told());
}

#[test]
fn any_prompt_comes_back_byte_for_byte() {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let simulator = Simulator::new("a").with_behaviour(Answer::echo());
    let prompts = prop_oneof![
        any::<String>(),
        "\\PC{0,400}",
        "[ \\n\\t\\r]{0,20}",
        "(\u{1F600}|é|\\[\\[call x\\]\\]){0,40}"
    ];
    let mut runner =
        TestRunner::new(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() });
    let outcome = runner.run(&prompts, |prompt| {
        for dialect in Dialect::ALL {
            let mut body = ask(dialect, &prompt);
            if dialect != Dialect::GeminiGenerate {
                body["max_tokens"] = json!(8192);
            }
            let whole = runtime.block_on(say(&simulator, dialect, &body));
            if whole.status == 400 && prompt.trim().is_empty() {
                // Anthropic wants some text.
                prop_assert!(simulator.requests().pop().unwrap().refused_by.is_some());
                continue;
            }
            prop_assert_eq!(whole.status, 200, "{:?}", whole.text());
            prop_assert_eq!(&text_of(dialect, &whole.json()), &prompt);
            let events = runtime.block_on(say(&simulator, dialect, &streamed(body))).events();
            prop_assert_eq!(&text_of_events(dialect, &events), &prompt);
        }
        Ok(())
    });
    outcome.unwrap();
}
