//! What the model says, and why it stops.

use backstop_simulator::{Answer, Dialect, Simulator};
use http::{Method, Request};
use http_body_util::Full;
use serde_json::{Value, json};

use crate::common::{KEY, Read, Sse, anthropic, ask, call, openai, say, streamed, text_of, text_of_events};

fn finish(dialect: Dialect, answer: &Value) -> String {
    let reason = match dialect {
        Dialect::OpenAiChat => &answer["choices"][0]["finish_reason"],
        _ => &answer["stop_reason"],
    };
    reason.as_str().unwrap().to_owned()
}

/// The finish reason of a stream, which must say it exactly once.
fn streamed_finish(dialect: Dialect, events: &[Sse]) -> String {
    let said = events.iter().filter(|event| event.data != "[DONE]").filter_map(|event| {
        let json = event.json();
        let reason = match dialect {
            Dialect::OpenAiChat => json["choices"][0]["finish_reason"].clone(),
            _ => json["delta"]["stop_reason"].clone(),
        };
        reason.as_str().map(str::to_owned)
    });
    let said: Vec<_> = said.collect();
    assert_eq!(said.len(), 1, "{said:?}");
    said[0].clone()
}

/// Text and finish reason, which must be the same whole and streamed.
async fn said(simulator: &Simulator, dialect: Dialect, body: &Value) -> (String, String) {
    let whole = say(simulator, dialect, body).await.json();
    let events = say(simulator, dialect, &streamed(body.clone())).await.events();
    let whole = (text_of(dialect, &whole), finish(dialect, &whole));
    assert_eq!(whole, (text_of_events(dialect, &events), streamed_finish(dialect, &events)));
    whole
}

fn pair(text: &str, finish: &str) -> (String, String) {
    (text.to_owned(), finish.to_owned())
}

#[tokio::test(start_paused = true)]
async fn a_text_of_n_tokens_has_n_events_and_counts_n() {
    let simulator = Simulator::new("a").with_behaviour(Answer::tokens(60));
    for dialect in Dialect::ALL {
        let answer = say(&simulator, dialect, &ask(dialect, "go")).await.json();
        let counted = match dialect {
            Dialect::OpenAiChat => &answer["usage"]["completion_tokens"],
            Dialect::GeminiGenerate => &answer["usageMetadata"]["candidatesTokenCount"],
            _ => &answer["usage"]["output_tokens"],
        };
        assert_eq!(*counted, 60);
        assert!(
            text_of(dialect, &answer).starts_with("w1 w2 ") && text_of(dialect, &answer).ends_with(" w60")
        );
        let events = say(&simulator, dialect, &streamed(ask(dialect, "go"))).await.events();
        let texts =
            events.iter().filter(|event| !text_of_events(dialect, std::slice::from_ref(event)).is_empty());
        assert_eq!(texts.count(), 60);
    }
}

#[tokio::test(start_paused = true)]
async fn limits_and_stop_sequences_cut_the_answer() {
    let simulator = Simulator::new("a");
    let (o, a) = (Dialect::OpenAiChat, Dialect::AnthropicMessages);
    let mut body = openai("one two three four");
    body["max_completion_tokens"] = json!(2);
    assert_eq!(said(&simulator, o, &body).await, pair("one two", "length"));
    let mut body = openai("one two three four");
    body["stop"] = json!(["nowhere", " three"]);
    assert_eq!(said(&simulator, o, &body).await, pair("one two", "stop"));
    body["stop"] = json!("two");
    assert_eq!(said(&simulator, o, &body).await, pair("one ", "stop"));

    let mut body = anthropic("one two three four");
    body["max_tokens"] = json!(3);
    assert_eq!(said(&simulator, a, &body).await, pair("one two three", "max_tokens"));
    let mut body = anthropic("one two three four");
    body["stop_sequences"] = json!(["four", "three"]);
    assert_eq!(said(&simulator, a, &body).await, pair("one two ", "stop_sequence"));
    assert_eq!(say(&simulator, a, &body).await.json()["stop_sequence"], "three");
}

#[tokio::test(start_paused = true)]
async fn a_filter_is_told_in_each_dialects_way() {
    let simulator = Simulator::new("a").with_behaviour(Answer::filtered("so far"));
    assert_eq!(said(&simulator, Dialect::OpenAiChat, &openai("x")).await, pair("so far", "content_filter"));
    assert_eq!(
        said(&simulator, Dialect::AnthropicMessages, &anthropic("x")).await,
        pair("so far", "refusal")
    );
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_told_in_each_dialects_way() {
    let simulator = Simulator::new("a").with_behaviour(Answer::refusal("I will not."));
    let answer = say(&simulator, Dialect::OpenAiChat, &openai("x")).await.json();
    let message = &answer["choices"][0]["message"];
    assert_eq!((&message["content"], &message["refusal"]), (&Value::Null, &json!("I will not.")));
    assert_eq!(finish(Dialect::OpenAiChat, &answer), "stop");
    let events = say(&simulator, Dialect::OpenAiChat, &streamed(openai("x"))).await.events();
    let refusals =
        events[..events.len() - 1].iter().map(|event| event.json()["choices"][0]["delta"]["refusal"].clone());
    assert_eq!(
        refusals.filter_map(|piece| piece.as_str().map(str::to_owned)).collect::<String>(),
        "I will not."
    );

    let answer = say(&simulator, Dialect::AnthropicMessages, &anthropic("[[refuse]]")).await.json();
    assert_eq!(answer["content"], json!([]));
    assert_eq!(answer["stop_reason"], "refusal");
    let details = json!({"type": "refusal", "category": null, "explanation": "I will not."});
    assert_eq!(answer["stop_details"], details);
    let events = say(&simulator, Dialect::AnthropicMessages, &streamed(anthropic("x"))).await.events();
    assert_eq!(events[events.len() - 2].json()["delta"]["stop_details"], details);

    let simulator = Simulator::new("a").with_behaviour(Answer::refusal_after("Well,", "no."));
    let answer = say(&simulator, Dialect::AnthropicMessages, &anthropic("x")).await.json();
    assert_eq!((&answer["content"][0]["text"], &answer["stop_reason"]), (&json!("Well,"), &json!("refusal")));
    let marked = say(&Simulator::new("a"), Dialect::OpenAiChat, &openai("[[refuse]]")).await.json();
    assert!(marked["choices"][0]["message"]["refusal"].is_string());
}

#[tokio::test(start_paused = true)]
async fn a_schema_gets_an_instance() {
    let schema = json!({
        "type": "object",
        "properties": {"joke": {"type": "string"}, "rating": {"type": "integer", "minimum": 4}},
        "required": ["joke", "rating"],
        "additionalProperties": false,
    });
    let expected = "{\"joke\":\"text\",\"rating\":4}";
    let simulator = Simulator::new("a");
    let mut body = openai("a joke");
    body["response_format"] =
        json!({"type": "json_schema", "json_schema": {"name": "joke", "strict": true, "schema": schema}});
    assert_eq!(said(&simulator, Dialect::OpenAiChat, &body).await, pair(expected, "stop"));
    let mut body = openai("some json");
    body["response_format"] = json!({"type": "json_object"});
    assert_eq!(said(&simulator, Dialect::OpenAiChat, &body).await, pair("{}", "stop"));
    let mut body = anthropic("a joke");
    body["output_config"] = json!({"format": {"type": "json_schema", "schema": schema}});
    assert_eq!(said(&simulator, Dialect::AnthropicMessages, &body).await, pair(expected, "end_turn"));
}

#[tokio::test(start_paused = true)]
async fn several_answers_are_several_choices() {
    let mut body = openai("one two");
    body["n"] = json!(3);
    let answer = say(&Simulator::new("a"), Dialect::OpenAiChat, &body).await.json();
    let choices = answer["choices"].as_array().unwrap();
    assert_eq!(choices.iter().map(|choice| choice["index"].as_u64().unwrap()).collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!(answer["usage"]["completion_tokens"], 6);
    let events = say(&Simulator::new("a"), Dialect::OpenAiChat, &streamed(body)).await.events();
    let chunks: Vec<Value> = events[..events.len() - 1].iter().map(Sse::json).collect();
    for index in 0..3 {
        let of = chunks.iter().map(|chunk| &chunk["choices"][0]).filter(|choice| choice["index"] == index);
        let of: Vec<_> = of.collect();
        assert_eq!(of[0]["delta"]["role"], "assistant");
        assert_eq!(of.last().unwrap()["finish_reason"], "stop");
        let text: String = of.iter().filter_map(|choice| choice["delta"]["content"].as_str()).collect();
        assert_eq!(text, "one two");
    }
}

#[tokio::test(start_paused = true)]
async fn log_probabilities_are_told_where_they_are_asked_for() {
    let mut body = openai("one two");
    body["logprobs"] = json!(true);
    body["top_logprobs"] = json!(2);
    let whole = say(&Simulator::new("a"), Dialect::OpenAiChat, &body).await.json();
    let content = whole["choices"][0]["logprobs"]["content"].as_array().unwrap().clone();
    let tokens: Vec<_> = content.iter().map(|entry| entry["token"].as_str().unwrap()).collect();
    assert_eq!(tokens, ["one", " two"]);
    assert_eq!(content[0]["bytes"], json!([111, 110, 101]));
    let top = content[0]["top_logprobs"].as_array().unwrap();
    assert_eq!((top.len(), &top[0]["token"], &top[0]["logprob"]), (2, &json!("one"), &content[0]["logprob"]));
    assert!(
        top[0]["logprob"].as_f64().unwrap() <= 0.0 && top[1]["logprob"].as_f64() < top[0]["logprob"].as_f64()
    );

    let events = say(&Simulator::new("a"), Dialect::OpenAiChat, &streamed(body)).await.events();
    let chunks = events[..events.len() - 1].iter().map(Sse::json);
    let said: Vec<Value> = chunks
        .filter_map(|chunk| chunk["choices"][0]["logprobs"]["content"].as_array().cloned())
        .flatten()
        .collect();
    assert_eq!(said, content);
}

#[tokio::test(start_paused = true)]
async fn a_simulator_that_knows_any_model_lists_some() {
    let bearer = format!("Bearer {KEY}");
    let listed = get(&Simulator::new("a"), "/v1/models", &[("authorization", &bearer)]).await.json();
    assert!(listed["data"].as_array().unwrap().iter().any(|model| model["id"] == "gpt-4.1"));
}

#[tokio::test(start_paused = true)]
async fn an_answer_goes_on_from_a_prefill() {
    let mut body = anthropic("x");
    body["messages"].as_array_mut().unwrap().push(json!({"role": "assistant", "content": "w1 w2"}));
    let simulator = Simulator::new("a").with_behaviour(Answer::tokens(4));
    assert_eq!(said(&simulator, Dialect::AnthropicMessages, &body).await, pair(" w3 w4", "end_turn"));
}

#[tokio::test(start_paused = true)]
async fn cached_tokens_are_told_in_each_dialects_buckets() {
    let cached = Answer::text("x").with_cache_read(3).with_cache_write(2);
    let simulator = Simulator::new("a").with_behaviour(cached);
    let usage = say(&simulator, Dialect::OpenAiChat, &openai("a b c")).await.json()["usage"].clone();
    assert_eq!(usage["prompt_tokens"], 10);
    assert_eq!(
        usage["prompt_tokens_details"],
        json!({"cached_tokens": 3, "audio_tokens": 0, "cache_write_tokens": 2})
    );
    let usage =
        say(&simulator, Dialect::AnthropicMessages, &anthropic("a b c")).await.json()["usage"].clone();
    assert_eq!(usage["input_tokens"], 5);
    assert_eq!(
        (&usage["cache_read_input_tokens"], &usage["cache_creation_input_tokens"]),
        (&json!(3), &json!(2))
    );
    assert_eq!(
        usage["cache_creation"],
        json!({"ephemeral_5m_input_tokens": 2, "ephemeral_1h_input_tokens": 0})
    );
}

#[tokio::test(start_paused = true)]
async fn a_repeated_token_and_blank_text_are_answers() {
    let simulator = Simulator::new("a").with_behaviour(Answer::repeated("spam "));
    let mut body = openai("x");
    body["max_completion_tokens"] = json!(5);
    let (text, finish) = said(&simulator, Dialect::OpenAiChat, &body).await;
    assert_eq!((text.trim_end(), finish.as_str()), ("spam spam spam spam spam", "length"));
    simulator.set_behaviour(Answer::blank());
    let (text, finish) = said(&simulator, Dialect::AnthropicMessages, &anthropic("x")).await;
    assert_eq!((text.trim(), finish.as_str()), ("", "end_turn"));
    assert!(!text.is_empty());
}

#[tokio::test(start_paused = true)]
async fn models_are_listed_as_each_provider_lists_them() {
    let simulator = Simulator::new("a").with_model("one").with_model("two");
    let bearer = format!("Bearer {KEY}");
    let openai = get(&simulator, "/v1/models", &[("authorization", &bearer)]).await;
    let ids: Vec<_> =
        openai.json()["data"].as_array().unwrap().iter().map(|model| model["id"].clone()).collect();
    assert_eq!((openai.json()["object"].clone(), ids), (json!("list"), vec![json!("one"), json!("two")]));
    let headers = [("x-api-key", KEY), ("anthropic-version", "2023-06-01")];
    let anthropic = get(&simulator, "/v1/models", &headers).await.json();
    assert_eq!((&anthropic["data"][1]["type"], &anthropic["first_id"]), (&json!("model"), &json!("one")));
    let one = get(&simulator, "/v1/models/two", &[("authorization", &bearer)]).await.json();
    assert_eq!((&one["id"], &one["object"]), (&json!("two"), &json!("model")));
    let none = get(&simulator, "/v1/models/three", &[("authorization", &bearer)]).await;
    assert_eq!((none.status.as_u16(), none.json()["error"]["code"].clone()), (404, json!("model_not_found")));
    assert_eq!(get(&simulator, "/v1/models", &[]).await.status, 401);
}

async fn get(simulator: &Simulator, path: &str, headers: &[(&str, &str)]) -> Read {
    let builder = Request::builder().method(Method::GET).uri(path);
    let builder = headers.iter().fold(builder, |builder, (name, value)| builder.header(*name, *value));
    call(simulator, builder.body(Full::default()).unwrap()).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn tokens_can_be_counted() {
    let body = anthropic("a b c").to_string();
    let request = Request::post("/v1/messages/count_tokens").header("x-api-key", KEY);
    let counted = call(&Simulator::new("a"), request.body(Full::new(body.into())).unwrap()).await.unwrap();
    assert_eq!(counted.json(), json!({"input_tokens": 10}));
}
