//! Tool calls: single, parallel, and the way back.

use backstop_simulator::{Answer, Dialect, Simulator};
use serde_json::{Value, json};

use crate::common::{Sse, anthropic, ask, openai, say, streamed};

fn schema() -> Value {
    json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]})
}

/// A request with the tools `weather` and `time`.
fn with_tools(dialect: Dialect, prompt: &str) -> Value {
    let mut body = ask(dialect, prompt);
    let tools = ["weather", "time"].map(|name| match dialect {
        Dialect::OpenAiChat => {
            json!({"type": "function", "function": {"name": name, "parameters": schema()}})
        }
        Dialect::GeminiGenerate => json!({"name": name, "parametersJsonSchema": schema()}),
        _ => json!({"name": name, "input_schema": schema()}),
    });
    body["tools"] = match dialect {
        Dialect::GeminiGenerate => json!([{"functionDeclarations": tools}]),
        _ => json!(tools),
    };
    body
}

/// Sets which tool is to be called: one, any, or none.
fn choose(body: &mut Value, dialect: Dialect, choice: &str) {
    match (dialect, choice) {
        (Dialect::OpenAiChat, "any") => body["tool_choice"] = json!("required"),
        (Dialect::OpenAiChat, "none") => body["tool_choice"] = json!("none"),
        (Dialect::OpenAiChat, name) => {
            body["tool_choice"] = json!({"type": "function", "function": {"name": name}});
        }
        (Dialect::GeminiGenerate, "any" | "none") => {
            body["toolConfig"] = json!({"functionCallingConfig": {"mode": choice.to_ascii_uppercase()}});
        }
        (Dialect::GeminiGenerate, name) => {
            let calling = json!({"mode": "ANY", "allowedFunctionNames": [name]});
            body["toolConfig"] = json!({"functionCallingConfig": calling});
        }
        (_, "any" | "none") => body["tool_choice"] = json!({"type": choice}),
        (_, name) => body["tool_choice"] = json!({"type": "tool", "name": name}),
    }
}

/// Name and arguments of each call of a whole answer.
fn calls(dialect: Dialect, answer: &Value) -> Vec<(String, Value)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    match dialect {
        Dialect::OpenAiChat => {
            let calls = answer["choices"][0]["message"]["tool_calls"].as_array().unwrap();
            let read = calls.iter().map(|call| {
                let arguments =
                    serde_json::from_str(call["function"]["arguments"].as_str().unwrap()).unwrap();
                (text(&call["function"]["name"]), arguments)
            });
            read.collect()
        }
        Dialect::GeminiGenerate => {
            let parts = answer["candidates"][0]["content"]["parts"].as_array().unwrap().iter();
            let calls = parts.filter_map(|part| part.get("functionCall"));
            calls.map(|call| (text(&call["name"]), call["args"].clone())).collect()
        }
        _ => {
            let blocks =
                answer["content"].as_array().unwrap().iter().filter(|block| block["type"] == "tool_use");
            blocks.map(|block| (text(&block["name"]), block["input"].clone())).collect()
        }
    }
}

fn finish(dialect: Dialect, answer: &Value) -> &Value {
    match dialect {
        Dialect::OpenAiChat => &answer["choices"][0]["finish_reason"],
        Dialect::GeminiGenerate => &answer["candidates"][0]["finishReason"],
        _ => &answer["stop_reason"],
    }
}

fn called(dialect: Dialect) -> Value {
    json!(match dialect {
        Dialect::OpenAiChat => "tool_calls",
        Dialect::GeminiGenerate => "STOP",
        _ => "tool_use",
    })
}

#[tokio::test(start_paused = true)]
async fn a_choice_that_demands_a_call_gets_one() {
    let simulator = Simulator::new("a");
    for dialect in Dialect::ALL {
        let mut body = with_tools(dialect, "go");
        let ended = match dialect {
            Dialect::OpenAiChat => "stop",
            Dialect::GeminiGenerate => "STOP",
            _ => "end_turn",
        };
        assert_eq!(finish(dialect, &say(&simulator, dialect, &body).await.json()), ended);
        choose(&mut body, dialect, "any");
        let answer = say(&simulator, dialect, &body).await.json();
        assert_eq!(calls(dialect, &answer), [("weather".to_owned(), json!({"city": "text"}))]);
        assert_eq!(*finish(dialect, &answer), called(dialect));
        choose(&mut body, dialect, "time");
        let answer = say(&simulator, dialect, &body).await.json();
        assert_eq!(calls(dialect, &answer), [("time".to_owned(), json!({"city": "text"}))]);
    }
}

#[tokio::test(start_paused = true)]
async fn marks_ask_for_calls_and_limits_on_them_hold() {
    let simulator = Simulator::new("a");
    let prompt = "[[call time {\"city\":\"Oslo\"}]] [[call weather {\"city\":\"Bergen\"}]] [[call nothing]]";
    let (time, weather) =
        (("time".to_owned(), json!({"city": "Oslo"})), ("weather".to_owned(), json!({"city": "Bergen"})));
    for dialect in Dialect::ALL {
        let openai = dialect == Dialect::OpenAiChat;
        let mut body = with_tools(dialect, prompt);
        let answer = say(&simulator, dialect, &body).await.json();
        assert_eq!(calls(dialect, &answer), [time.clone(), weather.clone()]);
        if openai {
            body["parallel_tool_calls"] = json!(false);
        } else if dialect == Dialect::AnthropicMessages {
            body["tool_choice"] = json!({"type": "auto", "disable_parallel_tool_use": true});
        }
        let answer = say(&simulator, dialect, &body).await.json();
        // Gemini has no such limit.
        let most = if dialect == Dialect::GeminiGenerate { 2 } else { 1 };
        assert_eq!(calls(dialect, &answer), [time.clone(), weather.clone()][..most]);
        choose(&mut body, dialect, "none");
        let answer = say(&simulator, dialect, &body).await.json();
        assert!(!answer.to_string().contains("\"city\":\"Oslo\""), "{answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn openai_streams_calls_in_fragments_after_an_id_and_a_name() {
    let simulator = Simulator::new("a").with_behaviour(Answer::calls(2));
    let body = streamed(with_tools(Dialect::OpenAiChat, "go"));
    let events = say(&simulator, Dialect::OpenAiChat, &body).await.events();
    let chunks: Vec<Value> = events[..events.len() - 1].iter().map(Sse::json).collect();
    let first = &chunks[0]["choices"][0]["delta"];
    assert_eq!((&first["role"], &first["content"]), (&json!("assistant"), &Value::Null));
    let mut read: Vec<(String, String, String)> = Vec::new();
    for chunk in &chunks[..chunks.len() - 1] {
        let call = &chunk["choices"][0]["delta"]["tool_calls"][0];
        let index = usize::try_from(call["index"].as_u64().unwrap()).unwrap();
        if let Some(id) = call["id"].as_str() {
            assert_eq!((index, &call["type"]), (read.len(), &json!("function")));
            let name = call["function"]["name"].as_str().unwrap();
            read.push((id.to_owned(), name.to_owned(), String::new()));
        }
        read[index].2.push_str(call["function"]["arguments"].as_str().unwrap());
    }
    assert_eq!(chunks.last().unwrap()["choices"][0]["finish_reason"], "tool_calls");
    assert_eq!(read.len(), 2);
    assert_ne!(read[0].0, read[1].0);
    assert!(read.iter().all(|(id, ..)| id.starts_with("call_")));
    assert_eq!((read[0].1.as_str(), read[1].1.as_str()), ("weather", "time"));
    assert!(read.iter().all(|(.., arguments)| arguments == "{\"city\":\"text\"}"));
    assert!(chunks.len() > 6, "arguments come in several pieces");
}

#[tokio::test(start_paused = true)]
async fn anthropic_streams_calls_as_blocks_of_json() {
    let simulator = Simulator::new("a").with_behaviour(Answer::calls(2));
    let body = streamed(with_tools(Dialect::AnthropicMessages, "go"));
    let events = say(&simulator, Dialect::AnthropicMessages, &body).await.events();
    let mut blocks: Vec<(Value, String, bool)> = Vec::new();
    for event in events.iter().map(Sse::json) {
        match event["type"].as_str().unwrap() {
            "content_block_start" => {
                assert_eq!(event["index"].as_u64(), Some(blocks.len() as u64));
                assert!(
                    blocks.last().is_none_or(|(.., closed)| *closed),
                    "one block is closed before the next"
                );
                blocks.push((event["content_block"].clone(), String::new(), false));
            }
            "content_block_delta" => {
                assert_eq!(event["delta"]["type"], "input_json_delta");
                blocks.last_mut().unwrap().1.push_str(event["delta"]["partial_json"].as_str().unwrap());
            }
            "content_block_stop" => blocks.last_mut().unwrap().2 = true,
            "message_delta" => assert_eq!(event["delta"]["stop_reason"], "tool_use"),
            _ => {}
        }
    }
    assert_eq!(blocks.len(), 2);
    for (start, json, closed) in &blocks {
        assert!(start["id"].as_str().unwrap().starts_with("toolu_01"));
        assert_eq!(start["input"], json!({}));
        assert_eq!((json.as_str(), closed), ("{\"city\":\"text\"}", &true));
    }
}

#[tokio::test(start_paused = true)]
async fn results_come_back_in_the_answer() {
    let simulator = Simulator::new("a");
    let prompt = "[[call weather]] [[call time]]";
    // OpenAI: the calls as they came, and a message of the role `tool` for each.
    let mut body = with_tools(Dialect::OpenAiChat, prompt);
    let message = say(&simulator, Dialect::OpenAiChat, &body).await.json()["choices"][0]["message"].clone();
    let id = |at: usize| message["tool_calls"][at]["id"].clone();
    let messages = body["messages"].as_array_mut().unwrap();
    messages.push(json!({"role": "assistant", "content": null, "tool_calls": message["tool_calls"]}));
    messages.push(json!({"role": "tool", "tool_call_id": id(0), "content": "rain"}));
    messages
        .push(json!({"role": "tool", "tool_call_id": id(1), "content": [{"type": "text", "text": "noon"}]}));
    let answer = say(&simulator, Dialect::OpenAiChat, &body).await.json();
    assert_eq!(answer["choices"][0]["message"]["content"], "rain\nnoon");

    // Anthropic: the blocks as they came, and the results in the next user turn.
    let mut body = with_tools(Dialect::AnthropicMessages, prompt);
    let content = say(&simulator, Dialect::AnthropicMessages, &body).await.json()["content"].clone();
    let id = |at: usize| content[at]["id"].clone();
    let messages = body["messages"].as_array_mut().unwrap();
    messages.push(json!({"role": "assistant", "content": content}));
    messages.push(json!({"role": "user", "content": [
        {"type": "tool_result", "tool_use_id": id(0), "content": "rain"},
        {"type": "tool_result", "tool_use_id": id(1), "content": [{"type": "text", "text": "noon"}]},
        {"type": "text", "text": "well?"},
    ]}));
    let answer = say(&simulator, Dialect::AnthropicMessages, &body).await.json();
    assert_eq!(answer["content"], json!([{"type": "text", "text": "rain\nnoon\nwell?"}]));
}

#[tokio::test(start_paused = true)]
async fn a_limit_cuts_arguments_off() {
    let simulator = Simulator::new("a").with_behaviour(Answer::calls(1));
    let mut body = with_tools(Dialect::OpenAiChat, "go");
    body["max_completion_tokens"] = json!(2);
    let answer = say(&simulator, Dialect::OpenAiChat, &body).await.json();
    assert_eq!(answer["choices"][0]["finish_reason"], "length");
    assert_eq!(answer["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"], "{\"city\":\"t");
    let mut body = with_tools(Dialect::AnthropicMessages, "go");
    body["max_tokens"] = json!(2);
    let answer = say(&simulator, Dialect::AnthropicMessages, &body).await.json();
    assert_eq!((&answer["stop_reason"], &answer["content"][0]["input"]), (&json!("max_tokens"), &json!({})));
}

#[tokio::test(start_paused = true)]
async fn without_tools_a_scripted_call_is_an_echo() {
    let simulator = Simulator::new("a").with_behaviour(Answer::calls(2));
    let answer = say(&simulator, Dialect::OpenAiChat, &openai("hello")).await.json();
    assert_eq!(answer["choices"][0]["message"]["content"], "hello");
    let answer = say(&simulator, Dialect::AnthropicMessages, &anthropic("hello")).await.json();
    assert_eq!(answer["content"][0]["text"], "hello");
}
