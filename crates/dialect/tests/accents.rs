//! The accents of DeepSeek, Qwen, Mistral and OpenRouter: what goes up fits each, in pass-through and in translation, and what
//! does not fit is told.

use backstop_core::{Dialect, Flavour};
use backstop_dialect::{Encoded, Facts, Loss, Severity, Splice, decode_request, encode_request, splice};
use bytes::Bytes;
use serde_json::{Value, json};

/// What goes up of an OpenAI caller's `body`.
fn passed(flavour: Flavour, body: &Value) -> (Value, Vec<Loss>) {
    let body = Bytes::from(body.to_string());
    let changes = Splice { flavour, ask_for_usage: true, ..Splice::default() };
    let Encoded { body, losses } = splice(Dialect::OpenaiChat, &body, &changes).expect("an object");
    (serde_json::from_slice(&body).expect("JSON"), losses)
}

/// What goes up of an Anthropic caller's `body`.
fn translated(flavour: Flavour, body: &Value) -> (Value, Vec<Loss>) {
    let request =
        decode_request(Dialect::AnthropicMessages, &Bytes::from(body.to_string())).expect("a request");
    let facts = Facts { flavour, newer_openai_names: false, ..Facts::default() };
    let Encoded { body, losses } = encode_request(Dialect::OpenaiChat, &request, &facts).expect("a document");
    (serde_json::from_slice(&body).expect("JSON"), losses)
}

fn lost(losses: &[Loss], field: &str) -> Option<Severity> {
    losses.iter().find(|loss| loss.field.as_str() == field).map(|loss| loss.severity)
}

fn question() -> Value {
    json!({"model": "m", "messages": [{"role": "developer", "content": "be brief"}, {"role": "user", "content": "hi"}],
        "max_completion_tokens": 9, "seed": 7, "temperature": 1.8, "reasoning_effort": "medium", "stream": true, "user": "u1",
        "logit_bias": {"1": 1}, "service_tier": "flex", "store": true, "logprobs": true})
}

#[test]
fn mistral_gets_its_own_names_and_nothing_that_it_does_not_know() {
    let (body, losses) = passed(Flavour::Mistral, &question());
    assert_eq!(
        body,
        json!({"model": "m", "messages": [{"role": "system", "content": "be brief"}, {"role": "user", "content": "hi"}],
        "temperature": 1.5, "reasoning_effort": "high", "stream": true, "max_tokens": 9, "random_seed": 7})
    );
    assert_eq!(lost(&losses, "logprobs"), Some(Severity::Constraint));
    for field in ["temperature", "reasoning_effort", "user", "logit_bias", "service_tier", "store"] {
        assert_eq!(lost(&losses, field), Some(Severity::Hint), "{field}");
    }
    // Usage comes unasked there: that we do not ask is nobody's loss.
    assert_eq!(lost(&losses, "stream_options"), None);
}

#[test]
fn deepseek_reasons_in_its_own_words_and_not_where_a_tool_is_forced() {
    let (body, losses) = passed(Flavour::Deepseek, &question());
    assert_eq!((&body["max_tokens"], &body["reasoning_effort"]), (&json!(9), &json!("high")));
    assert_eq!((&body["messages"][0]["role"], body.get("seed")), (&json!("system"), None));
    assert_eq!(body["stream_options"]["include_usage"], true);
    assert_eq!(lost(&losses, "reasoning_effort"), Some(Severity::Hint));
    let mut forced = question();
    forced["tool_choice"] = json!("required");
    forced["response_format"] = json!({"type": "json_schema", "json_schema": {"name": "n", "schema": {}}});
    let (body, losses) = passed(Flavour::Deepseek, &forced);
    assert_eq!((&body["thinking"], body.get("reasoning_effort")), (&json!({"type": "disabled"}), None));
    assert_eq!(body["response_format"], json!({"type": "json_object"}));
    assert_eq!(
        (lost(&losses, "reasoning"), lost(&losses, "response_format")),
        (Some(Severity::Hint), Some(Severity::Constraint))
    );
    // A caller who speaks the accent is taken at its word.
    let own = json!({"model": "m", "messages": [], "thinking": {"type": "enabled"}, "tool_choice": "required", "max_tokens": 9});
    assert_eq!(passed(Flavour::Deepseek, &own), (own, Vec::new()));
    let mut off = question();
    off["reasoning_effort"] = json!("none");
    assert_eq!(passed(Flavour::Deepseek, &off).0["thinking"], json!({"type": "disabled"}));
}

#[test]
fn qwen_thinks_within_a_budget_and_takes_cache_marks() {
    let (body, _) = passed(Flavour::Qwen, &question());
    assert_eq!((&body["enable_thinking"], &body["thinking_budget"]), (&json!(true), &json!(8192)));
    assert_eq!((body.get("reasoning_effort"), &body["max_tokens"]), (None, &json!(9)));
    for barred in [json!({"tool_choice": "required"}), json!({"response_format": {"type": "json_object"}})] {
        let mut asked = question();
        asked.as_object_mut().expect("an object").extend(barred.as_object().expect("an object").clone());
        let (body, losses) = passed(Flavour::Qwen, &asked);
        assert_eq!((&body["enable_thinking"], body.get("thinking_budget")), (&json!(false), None));
        assert_eq!(lost(&losses, "reasoning"), Some(Severity::Hint));
    }
    let mut hot = question();
    hot["temperature"] = json!(2);
    assert_eq!(passed(Flavour::Qwen, &hot).0["temperature"], 1.99);
    let marked = json!({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": [
        {"type": "text", "text": "hi", "cache_control": {"type": "ephemeral"}}]}]});
    for (flavour, takes) in [
        (Flavour::Qwen, true),
        (Flavour::Openrouter, true),
        (Flavour::Mistral, false),
        (Flavour::Openai, false),
    ] {
        let (body, losses) = translated(flavour, &marked);
        let mark = &body["messages"][0]["content"][0]["cache_control"];
        assert_eq!(*mark == json!({"type": "ephemeral"}), takes, "{flavour}: {body}");
        assert_eq!(losses.is_empty(), takes, "{flavour}: {losses:?}");
    }
}

#[test]
fn translated_requests_have_the_accent_too() {
    let body = json!({"model": "m", "max_tokens": 9, "system": "s", "messages": [{"role": "user", "content": "hi"}], "stream": true,
        "metadata": {"user_id": "u1"}, "thinking": {"type": "enabled", "budget_tokens": 2000}, "top_k": 5});
    let (mistral, losses) = translated(Flavour::Mistral, &body);
    let names: Vec<_> = mistral.as_object().expect("an object").keys().cloned().collect();
    assert_eq!(names, ["max_tokens", "messages", "model", "reasoning_effort", "stream"]);
    assert!(losses.iter().all(|loss| loss.severity == Severity::Hint), "{losses:?}");
    let (qwen, _) = translated(Flavour::Qwen, &body);
    assert_eq!((&qwen["enable_thinking"], &qwen["thinking_budget"]), (&json!(true), &json!(1024)));
    let (deepseek, _) = translated(Flavour::Deepseek, &body);
    assert_eq!((&deepseek["reasoning_effort"], &deepseek["max_tokens"]), (&json!("low"), &json!(9)));
    // Others hear nothing of it.
    let (openai, _) = passed(Flavour::Openai, &question());
    assert_eq!(
        (&openai["max_completion_tokens"], &openai["messages"][0]["role"]),
        (&json!(9), &json!("developer"))
    );
}
