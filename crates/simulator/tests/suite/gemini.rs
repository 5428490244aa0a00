//! What only Gemini has: a path that says what is asked for, lists in place of events, signatures on parts.

use std::time::Duration;

use backstop_simulator::{Answer, Dialect, Fault, Simulator};
use http::Request;
use http_body_util::Full;
use serde_json::{Value, json};

use crate::common::{KEY, Read, call, gemini, say, streamed};

const GEMINI: Dialect = Dialect::GeminiGenerate;

async fn post(simulator: &Simulator, path: &str, body: &Value) -> Read {
    let request =
        Request::post(path).header("x-goog-api-key", KEY).body(Full::from(body.to_string())).unwrap();
    call(simulator, request).await.unwrap()
}

fn contents(text: &str) -> Value {
    json!({"contents": [{"role": "user", "parts": [{"text": text}]}]})
}

#[tokio::test(start_paused = true)]
async fn a_whole_answer_has_the_recorded_fields() {
    let read = say(&Simulator::new("a"), GEMINI, &gemini("Hello there, world")).await;
    assert_eq!(read.header("content-type"), "application/json; charset=UTF-8");
    assert_eq!(read.header("server"), "scaffolding on HTTPServer2");
    assert!(!read.headers.contains_key("retry-after"));
    let answer = read.json();
    assert_eq!(answer["responseId"].as_str().unwrap().len(), 23);
    assert_eq!(answer["modelVersion"], "gemini-2.5-flash");
    let content = json!({"parts": [{"text": "Hello there, world"}], "role": "model"});
    assert_eq!(answer["candidates"], json!([{"content": content, "finishReason": "STOP", "index": 0}]));
    let usage = &answer["usageMetadata"];
    assert_eq!((&usage["promptTokenCount"], &usage["candidatesTokenCount"]), (&json!(10), &json!(3)));
    assert_eq!(usage["totalTokenCount"], 13);
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_events_or_one_list() {
    let simulator = Simulator::new("a");
    let path = "/v1beta/models/gemini-2.5-flash:streamGenerateContent";
    let events = post(&simulator, &format!("{path}?alt=sse"), &contents("one two")).await;
    assert_eq!(events.header("content-type"), "text/event-stream");
    let chunks: Vec<Value> = events.events().iter().map(crate::common::Sse::json).collect();
    assert_eq!(chunks.len(), 3);
    assert!(chunks[0]["candidates"][0].get("finishReason").is_none());
    assert_eq!(chunks[0]["usageMetadata"]["candidatesTokenCount"], 1);
    assert_eq!(chunks[2]["candidates"][0]["finishReason"], "STOP");
    assert_eq!(chunks[2]["usageMetadata"]["candidatesTokenCount"], 2);
    let list = post(&simulator, path, &contents("one two")).await;
    assert_eq!(list.header("content-type"), "application/json; charset=UTF-8");
    let list = list.json();
    let said: Vec<_> = list.as_array().unwrap().iter().map(|chunk| chunk["candidates"].clone()).collect();
    assert_eq!(said, chunks.iter().map(|chunk| chunk["candidates"].clone()).collect::<Vec<_>>());
    // Errors of such requests are lists, too.
    simulator.set_behaviour(Fault::status(503));
    assert_eq!(post(&simulator, path, &contents("x")).await.json()[0]["error"]["status"], "UNAVAILABLE");
    simulator.set_behaviour(Fault::error_event(1));
    let list = post(&simulator, path, &contents("one two")).await;
    assert!(list.text().starts_with('[') && list.text().contains("\"UNAVAILABLE\""));
}

#[tokio::test(start_paused = true)]
async fn a_key_may_stand_in_the_query() {
    let simulator = Simulator::new("a").with_key("sk-1");
    let ask = |key: &str| {
        let path = format!("/v1beta/models/gemini-2.5-flash:generateContent?key={key}");
        Request::post(path).body(Full::from(contents("x").to_string())).unwrap()
    };
    assert_eq!(call(&simulator, ask("sk-1")).await.unwrap().status, 200);
    let wrong = call(&simulator, ask("sk-2")).await.unwrap();
    assert_eq!(wrong.status, 400);
    assert_eq!(wrong.json()["error"]["details"][0]["reason"], "API_KEY_INVALID");
}

#[tokio::test(start_paused = true)]
async fn models_and_counts_are_told() {
    let simulator = Simulator::new("a").with_model("gemini-3-flash-preview");
    let get = |path: &str| Request::get(path).header("x-goog-api-key", KEY).body(Full::default()).unwrap();
    let list = call(&simulator, get("/v1beta/models")).await.unwrap().json();
    assert_eq!(list["models"][0]["name"], "models/gemini-3-flash-preview");
    let one = call(&simulator, get("/v1beta/models/gemini-3-flash-preview")).await.unwrap();
    assert_eq!(one.json()["supportedGenerationMethods"][0], "generateContent");
    let count = post(&simulator, "/v1beta/models/gemini-3-flash-preview:countTokens", &contents("a b")).await;
    assert_eq!(count.json()["totalTokens"], 9);
    let missing = post(&simulator, "/v1beta/models/other:generateContent", &contents("x")).await;
    assert_eq!(missing.status, 404);
    let message = missing.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.starts_with("models/other is not found for API version v1beta"), "{message}");
}

#[tokio::test(start_paused = true)]
async fn thoughts_are_parts_and_the_text_bears_their_signature() {
    let mut body = gemini("x");
    body["generationConfig"] = json!({"thinkingConfig": {"includeThoughts": true}});
    let simulator = Simulator::new("a");
    let answer = say(&simulator, GEMINI, &body).await.json();
    let parts = answer["candidates"][0]["content"]["parts"].clone();
    assert_eq!((&parts[0]["thought"], &parts[1]["text"]), (&json!(true), &json!("x")));
    assert!(parts[1]["thoughtSignature"].is_string());
    assert!(answer["usageMetadata"]["thoughtsTokenCount"].as_u64().unwrap() > 0);
    // They come back as they are, and not otherwise.
    let turn = |parts: &Value| json!({"role": "model", "parts": parts});
    let user = |text: &str| json!({"role": "user", "parts": [{"text": text}]});
    body["contents"] = json!([user("x"), turn(&parts), user("y")]);
    assert_eq!(say(&simulator, GEMINI, &body).await.status, 200);
    body["contents"][1]["parts"][1]["thoughtSignature"] = json!("RXFRQg==");
    assert_eq!(say(&simulator, GEMINI, &body).await.status, 400);
    assert_eq!(simulator.requests().pop().unwrap().refused_by, Some("thought_signature"));
}

#[tokio::test(start_paused = true)]
async fn calls_of_gemini_3_have_ids_and_the_first_a_signature() {
    let tools = json!([{"functionDeclarations": [{"name": "f", "parameters": {"type": "OBJECT"}}]}]);
    let simulator = Simulator::new("a").with_behaviour(Answer::calls(2));
    for (model, has_ids) in [("gemini-3-flash-preview", true), ("gemini-2.5-flash", false)] {
        let mut body = gemini("x");
        (body["model"], body["tools"]) = (json!(model), tools.clone());
        let answer = say(&simulator, GEMINI, &body).await.json();
        let candidate = &answer["candidates"][0];
        assert_eq!(candidate["finishMessage"], "Model generated function call(s).");
        let parts = candidate["content"]["parts"].clone();
        assert_eq!(parts[0]["functionCall"]["id"].is_string(), has_ids);
        assert_eq!(
            (parts[0]["thoughtSignature"].is_string(), &parts[1]["thoughtSignature"]),
            (has_ids, &Value::Null)
        );
        let events = say(&simulator, GEMINI, &streamed(body.clone())).await.events();
        let calls = events.iter().map(crate::common::Sse::json);
        let calls: Vec<_> = calls.filter(|chunk| chunk.to_string().contains("functionCall")).collect();
        assert_eq!(calls.len(), 2, "each call comes whole");
        // What came goes back; Gemini 3 wants its signature.
        let response = |call: &Value| json!({"functionResponse": {"name": "f", "id": call["functionCall"]["id"], "response": {"result": "r"}}});
        let responses: Vec<_> = parts.as_array().unwrap().iter().map(response).collect();
        body["contents"] = json!([
            {"role": "user", "parts": [{"text": "x"}]},
            {"role": "model", "parts": parts},
            {"role": "user", "parts": responses},
        ]);
        let echo = Simulator::new("b");
        let answer = say(&echo, GEMINI, &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.json()["candidates"][0]["content"]["parts"][0]["text"], "r\nr");
        body["contents"][1]["parts"][0].as_object_mut().unwrap().remove("thoughtSignature");
        let status = say(&echo, GEMINI, &body).await.status.as_u16();
        assert_eq!(status, if has_ids { 400 } else { 200 });
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_blocked_is_told_in_feedback_or_as_the_reason() {
    let simulator = Simulator::new("a").with_behaviour(Answer::refusal("no"));
    let answer = say(&simulator, GEMINI, &gemini("x")).await.json();
    assert_eq!(answer["promptFeedback"]["blockReason"], "SAFETY");
    assert!(answer.get("candidates").is_none());
    simulator.set_behaviour(Answer::filtered("so far"));
    let answer = say(&simulator, GEMINI, &gemini("x")).await.json();
    assert_eq!(answer["candidates"][0]["finishReason"], "SAFETY");
    assert_eq!(answer["candidates"][0]["content"]["parts"][0]["text"], "so far");
}

#[tokio::test(start_paused = true)]
async fn json_follows_either_kind_of_schema() {
    let older = json!({"type": "OBJECT", "properties": {"n": {"type": "INTEGER"}}, "required": ["n"]});
    let newer = json!({"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]});
    for (name, schema) in [("responseSchema", older), ("responseJsonSchema", newer)] {
        let mut body = gemini("x");
        body["generationConfig"] = json!({"responseMimeType": "application/json", name: schema});
        let answer = say(&Simulator::new("a"), GEMINI, &body).await.json();
        assert_eq!(answer["candidates"][0]["content"]["parts"][0]["text"], "{\"n\":1}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_is_told_in_the_body() {
    let simulator = Simulator::new("a");
    simulator.limit("gemini-2.5-flash", 1, Duration::from_secs(60));
    assert_eq!(say(&simulator, GEMINI, &gemini("x")).await.status, 200);
    let read = say(&simulator, GEMINI, &gemini("x")).await;
    assert_eq!(read.status, 429);
    assert!(!read.headers.contains_key("retry-after"));
    let details = read.json()["error"]["details"].clone();
    assert!(details[1]["violations"][0]["quotaId"].as_str().unwrap().contains("PerMinute"));
    assert_eq!(details[2]["retryDelay"], "60s");
}
