//! Reasoning and its signatures.

use backstop_simulator::{Answer, Dialect, Simulator};
use serde_json::{Value, json};

use crate::common::{Sse, anthropic, openai, say, streamed};

fn thinking(prompt: &str) -> Value {
    let mut body = anthropic(prompt);
    body["max_tokens"] = json!(4096);
    body["thinking"] = json!({"type": "enabled", "budget_tokens": 1024});
    body
}

#[tokio::test(start_paused = true)]
async fn anthropic_shows_and_signs_what_it_thinks() {
    let simulator = Simulator::new("a").with_behaviour(Answer::text("42").with_reasoning("Let me see."));
    let answer = say(&simulator, Dialect::AnthropicMessages, &thinking("x")).await.json();
    let block = &answer["content"][0];
    assert_eq!((&block["type"], &block["thinking"]), (&json!("thinking"), &json!("Let me see.")));
    assert_eq!(answer["content"][1], json!({"type": "text", "text": "42"}));
    assert_eq!(answer["usage"]["output_tokens"], 4);
    assert_eq!(answer["usage"]["output_tokens_details"], json!({"thinking_tokens": 3}));

    let events = say(&simulator, Dialect::AnthropicMessages, &streamed(thinking("x"))).await.events();
    let events: Vec<Value> = events.iter().map(Sse::json).collect();
    let deltas = events.iter().filter(|event| event["type"] == "content_block_delta" && event["index"] == 0);
    let deltas: Vec<_> = deltas.map(|event| event["delta"].clone()).collect();
    let said: String = deltas.iter().filter_map(|delta| delta["thinking"].as_str()).collect();
    assert_eq!(said, "Let me see.");
    assert_eq!(deltas.last().unwrap()["type"], "signature_delta", "the signature closes the block");
    assert_eq!(deltas.last().unwrap()["signature"], block["signature"]);
}

#[tokio::test(start_paused = true)]
async fn omitted_reasoning_is_only_a_signature() {
    let mut body = thinking("x");
    body["thinking"]["display"] = json!("omitted");
    let simulator = Simulator::new("a");
    let answer = say(&simulator, Dialect::AnthropicMessages, &body).await.json();
    assert_eq!(answer["content"][0]["thinking"], "");
    assert!(!answer["content"][0]["signature"].as_str().unwrap().is_empty());
    let events = say(&simulator, Dialect::AnthropicMessages, &streamed(body)).await.events();
    assert!(events.iter().all(|event| !event.data.contains("thinking_delta")));
    assert!(events.iter().any(|event| event.data.contains("signature_delta")));
}

#[tokio::test(start_paused = true)]
async fn a_signature_must_come_back_as_it_was() {
    let simulator = Simulator::new("a");
    let mut body = thinking("x");
    let answer = say(&simulator, Dialect::AnthropicMessages, &body).await.json();
    let messages = body["messages"].as_array_mut().unwrap();
    messages.push(json!({"role": "assistant", "content": answer["content"]}));
    messages.push(json!({"role": "user", "content": "and?"}));
    assert_eq!(say(&simulator, Dialect::AnthropicMessages, &body).await.status, 200);
    for (field, value, message) in [
        ("signature", json!("EqForeign"), "messages.1.content.0: Invalid `signature` in `thinking` block"),
        (
            "thinking",
            json!("something else"),
            "messages.1.content.0: Invalid `signature` in `thinking` block",
        ),
    ] {
        let mut changed = body.clone();
        changed["messages"][1]["content"][0][field] = value;
        let read = say(&simulator, Dialect::AnthropicMessages, &changed).await;
        assert_eq!(read.status, 400, "{field}");
        assert_eq!(read.json()["error"], json!({"type": "invalid_request_error", "message": message}));
        assert_eq!(simulator.requests().pop().unwrap().refused_by, Some("thinking_signature"));
    }
    body["messages"][1]["content"][0].as_object_mut().unwrap().remove("signature");
    assert_eq!(say(&simulator, Dialect::AnthropicMessages, &body).await.status, 400);
}

#[tokio::test(start_paused = true)]
async fn openai_only_counts_what_it_thinks() {
    let simulator = Simulator::new("a").with_behaviour(Answer::text("42").with_reasoning("one two three"));
    let mut body = openai("x");
    body["model"] = json!("gpt-5");
    body["reasoning_effort"] = json!("low");
    let read = say(&simulator, Dialect::OpenAiChat, &body).await;
    assert!(!read.text().contains("two"));
    let usage = read.json()["usage"].clone();
    assert_eq!(
        (&usage["completion_tokens"], &usage["completion_tokens_details"]["reasoning_tokens"]),
        (&json!(4), &json!(3))
    );
    let mut body = streamed(body);
    body["stream_options"] = json!({"include_usage": true});
    let events = say(&simulator, Dialect::OpenAiChat, &body).await.events();
    assert_eq!(events[events.len() - 2].json()["usage"]["completion_tokens"], 4);
}

#[tokio::test(start_paused = true)]
async fn reasoning_may_eat_the_whole_limit() {
    let simulator = Simulator::new("a").with_behaviour(Answer::text("42").with_reasoning("one two three"));
    let mut body = openai("x");
    body["model"] = json!("gpt-5");
    body["max_completion_tokens"] = json!(2);
    let answer = say(&simulator, Dialect::OpenAiChat, &body).await.json();
    assert_eq!(
        (&answer["choices"][0]["finish_reason"], &answer["choices"][0]["message"]["content"]),
        (&json!("length"), &json!(""))
    );
    assert_eq!(answer["usage"]["completion_tokens_details"]["reasoning_tokens"], 2);
}

#[tokio::test(start_paused = true)]
async fn a_mark_makes_it_think() {
    let answer = say(&Simulator::new("a"), Dialect::AnthropicMessages, &anthropic("[[think]]")).await.json();
    assert_eq!(answer["content"][0]["type"], "thinking");
}
