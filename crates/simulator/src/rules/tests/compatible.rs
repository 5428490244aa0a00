use std::collections::HashSet;

use serde_json::{Value, json};

use super::{Case, refused, with};
use crate::rules::{Known, Refusal, deepseek, mistral, of_deepseek, of_mistral, of_qwen, qwen};

#[test]
fn every_rule_of_deepseek_refuses_its_case_and_takes_the_mended_one() {
    let chat = |change| chat("deepseek-v4-flash", change);
    let json_mode = json!({"type": "json_object"});
    let off = json!({"type": "disabled"});
    let mut cases = common(&chat);
    cases.extend([
        ("model-missing", chat(json!({"model": null})), chat(json!({}))),
        ("messages-missing", chat(json!({"messages": null})), chat(json!({}))),
        ("messages-empty", chat(json!({"messages": []})), chat(json!({}))),
        (
            "content-part-unknown",
            chat(json!({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:"}}]}]})),
            chat(json!({"messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]})),
        ),
        ("max-tokens-below-one", chat(json!({"max_tokens": 0})), chat(json!({"max_tokens": 1}))),
        ("temperature-range", chat(json!({"temperature": 2.1})), chat(json!({"temperature": 2}))),
        ("top-p-range", chat(json!({"top_p": 0})), chat(json!({"top_p": 1}))),
        ("top-logprobs-range", chat(json!({"top_logprobs": 3})), chat(json!({"logprobs": true, "top_logprobs": 3}))),
        ("too-many-stops", chat(json!({"stop": vec!["x"; 17]})), chat(json!({"stop": vec!["x"; 16]}))),
        ("too-many-tools", chat(json!({"tools": vec![tool(); 129]})), chat(json!({"tools": vec![tool(); 128]}))),
        ("json-schema", chat(json!({"response_format": schema()})), chat(json!({"response_format": {"type": "text"}}))),
        (
            "json-without-the-word",
            chat(json!({"response_format": json_mode})),
            chat(json!({"response_format": json_mode, "messages": [user("As JSON!")]})),
        ),
        (
            "thinking-with-forced-tool",
            chat(json!({"tools": [tool()], "tool_choice": "required"})),
            chat(json!({"tools": [tool()], "tool_choice": "required", "thinking": off})),
        ),
        (
            "reasoning-not-passed-back",
            chat(json!({"messages": [user("a"), called(&["c1"]), answer("c1")]})),
            chat(json!({"messages": [user("a"), with(called(&["c1"]), json!({"reasoning_content": "so"})), answer("c1")]})),
        ),
    ]);
    hold(of_deepseek(), &cases, deepseek);
}

#[test]
fn a_round_that_is_over_needs_its_reasoning_no_more() {
    let talk =
        json!([user("a"), called(&["c1"]), answer("c1"), {"role": "assistant", "content": "b"}, user("c")]);
    assert!(deepseek(&chat("deepseek-v4-flash", json!({"messages": talk}))).is_ok());
}

#[test]
fn every_rule_of_qwen_refuses_its_case_and_takes_the_mended_one() {
    let chat = |change| chat("qwen-plus", change);
    let json_mode = json!({"type": "json_object"});
    let marked = |marks: usize| {
        let part = json!({"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}});
        json!({"messages": [{"role": "user", "content": vec![part; marks]}]})
    };
    let mut cases = common(&chat);
    cases.extend([
        ("model-missing", chat(json!({"model": null})), chat(json!({}))),
        ("messages-missing", chat(json!({"messages": []})), chat(json!({}))),
        (
            "stream-only",
            chat(json!({"model": "qwq-plus"})),
            chat(json!({"model": "qwq-plus", "stream": true})),
        ),
        (
            "thinking-without-stream",
            chat(json!({"model": "qwen3-32b"})),
            chat(json!({"model": "qwen3-32b", "enable_thinking": false})),
        ),
        (
            "thinking-budget-range",
            chat(json!({"enable_thinking": true, "thinking_budget": 0})),
            chat(json!({"enable_thinking": true, "thinking_budget": 1})),
        ),
        (
            "thinking-with-forced-tool",
            chat(json!({"enable_thinking": true, "tools": [tool()], "tool_choice": "required"})),
            chat(json!({"enable_thinking": true, "tools": [tool()], "tool_choice": "auto"})),
        ),
        (
            "thinking-with-json",
            chat(json!({"enable_thinking": true, "response_format": json_mode, "messages": [user("json")]})),
            chat(json!({"enable_thinking": false, "response_format": json_mode, "messages": [user("json")]})),
        ),
        (
            "json-without-the-word",
            chat(json!({"response_format": json_mode})),
            chat(json!({"response_format": json_mode, "messages": [user("As JSON!")]})),
        ),
        ("temperature-range", chat(json!({"temperature": 2})), chat(json!({"temperature": 1.99}))),
        ("top-p-range", chat(json!({"top_p": 0})), chat(json!({"top_p": 1}))),
        ("max-tokens-below-one", chat(json!({"max_tokens": 0})), chat(json!({"max_tokens": 1}))),
        ("penalty-range", chat(json!({"presence_penalty": 3})), chat(json!({"presence_penalty": 2}))),
        ("answers-range", chat(json!({"n": 2, "tools": [tool()]})), chat(json!({"n": 4}))),
        (
            "top-logprobs-range",
            chat(json!({"logprobs": true, "top_logprobs": 6})),
            chat(json!({"logprobs": true, "top_logprobs": 5})),
        ),
        ("too-many-cache-marks", chat(marked(5)), chat(marked(4))),
    ]);
    hold(of_qwen(), &cases, qwen);
}

#[test]
fn every_rule_of_mistral_refuses_its_case_and_takes_the_mended_one() {
    let chat = |change| chat("mistral-small-latest", change);
    let said = |text: &str| json!({"role": "assistant", "content": text});
    let round = [user("a"), called(&["abcdefgh1"]), answer("abcdefgh1")];
    let after = |more: &[Value]| {
        let all: Vec<_> = round.iter().chain(more).cloned().collect();
        chat(json!({"messages": all}))
    };
    let odd = |id: &str| chat(json!({"messages": [user("a"), called(&[id]), answer(id)]}));
    let named = |name: &str| {
        chat(json!({"tools": [{"type": "function", "function": {"name": name, "parameters": {}}}]}))
    };
    let cases = vec![
        ("model-missing", chat(json!({"model": null})), chat(json!({}))),
        ("messages-missing", chat(json!({"messages": null})), chat(json!({}))),
        ("unknown-field", chat(json!({"seed": 1})), chat(json!({"random_seed": 1}))),
        (
            "role-unknown",
            chat(json!({"messages": [{"role": "developer", "content": "x"}, user("a")]})),
            chat(json!({"messages": [{"role": "system", "content": "x"}, user("a")]})),
        ),
        (
            "content-part-unknown",
            chat(json!({"messages": [{"role": "user", "content": [{"type": "image", "source": {}}]}]})),
            chat(
                json!({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": "data:"}]}]}),
            ),
        ),
        ("temperature-range", chat(json!({"temperature": 1.6})), chat(json!({"temperature": 1.5}))),
        ("top-p-range", chat(json!({"top_p": 1.1})), chat(json!({"top_p": 1}))),
        ("penalty-range", chat(json!({"frequency_penalty": 3})), chat(json!({"frequency_penalty": 2}))),
        ("tool-choice-unknown", chat(json!({"tool_choice": "must"})), chat(json!({"tool_choice": "any"}))),
        (
            "effort-unknown",
            chat(json!({"reasoning_effort": "low"})),
            chat(json!({"reasoning_effort": "high"})),
        ),
        ("logprobs", chat(json!({"logprobs": true})), chat(json!({"logprobs": false}))),
        ("messages-empty", chat(json!({"messages": []})), chat(json!({}))),
        ("role-order", after(&[user("b")]), after(&[said("ok"), user("b")])),
        ("last-role", after(&[said("ok")]), after(&[with(said("ok"), json!({"prefix": true}))])),
        (
            "tool-answers-do-not-match",
            chat(json!({"messages": [user("a"), called(&["abcdefgh1", "abcdefgh2"]), answer("abcdefgh1")]})),
            chat(json!({"messages": [user("a"), called(&["abcdefgh1"]), answer("abcdefgh1")]})),
        ),
        ("tool-call-id", odd("call_abcd"), odd("abcdefgh1")),
        ("function-name", named("a.b"), named("a_b")),
        (
            "assistant-says-nothing",
            chat(json!({"messages": [user("a"), said(""), user("b")]})),
            chat(json!({"messages": [user("a"), said("x"), user("b")]})),
        ),
    ];
    hold(of_mistral(), &cases, mistral);
}

#[test]
fn the_complaints_are_the_providers_own() {
    let body = mistral(&chat("m", json!({"seed": 7}))).unwrap_err();
    assert_eq!(body.status, 422);
    let detail = json!([
        {"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs are not permitted", "input": 7}]);
    assert_eq!((&body.body["object"], &body.body["message"]["detail"]), (&json!("error"), &detail));
    let body =
        deepseek(&chat("m", json!({"messages": [{"role": "developer", "content": "x"}]}))).unwrap_err().body;
    assert_eq!(
        (&body["error"]["type"], &body["error"]["code"]),
        (&json!("invalid_request_error"), &json!("invalid_request_error"))
    );
}

/// What DeepSeek and Qwen refuse alike.
fn common(chat: &dyn Fn(Value) -> Value) -> Vec<Case> {
    let off = json!({"thinking": {"type": "disabled"}});
    let talk = |messages: Value| with(chat(off.clone()), json!({"messages": messages}));
    vec![
        (
            "role-unknown",
            talk(json!([{"role": "developer", "content": "x"}, user("a")])),
            talk(json!([{"role": "system", "content": "x"}, user("a")])),
        ),
        (
            "tool-message-out-of-place",
            talk(json!([user("a"), answer("c1")])),
            talk(json!([user("a"), called(&["c1"]), answer("c1")])),
        ),
        (
            "tool-calls-unanswered",
            talk(json!([user("a"), called(&["c1", "c2"]), answer("c1")])),
            talk(json!([user("a"), called(&["c1", "c2"]), answer("c2"), answer("c1")])),
        ),
    ]
}

fn hold(rules: impl Iterator<Item = Known>, cases: &[Case], ask: impl Fn(&Value) -> Result<(), Refusal>) {
    let rules: Vec<Known> = rules.collect();
    let mut names = HashSet::new();
    for rule in &rules {
        assert!(names.insert(rule.name), "{} stands there twice", rule.name);
        assert!(rule.refuses.len() > 8 && rule.source.len() > 20, "{} says too little", rule.name);
    }
    for (name, bad, good) in cases {
        assert!(names.contains(name), "no rule {name}");
        assert_eq!(refused(&ask(bad)), Some(*name), "{bad}");
        assert_eq!(refused(&ask(good)), None, "{good}");
    }
    let seen: HashSet<_> = cases.iter().map(|(name, ..)| *name).collect();
    assert_eq!(seen, names, "rules without a case");
}

fn chat(model: &str, change: Value) -> Value {
    with(json!({"model": model, "messages": [user("hi")]}), change)
}

fn user(text: &str) -> Value {
    json!({"role": "user", "content": text})
}

fn called(ids: &[&str]) -> Value {
    let calls: Vec<_> = ids
        .iter()
        .map(|id| json!({"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}}))
        .collect();
    json!({"role": "assistant", "content": "", "tool_calls": calls})
}

fn answer(id: &str) -> Value {
    json!({"role": "tool", "tool_call_id": id, "content": "fine"})
}

fn tool() -> Value {
    json!({"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}})
}

fn schema() -> Value {
    json!({"type": "json_schema", "json_schema": {"name": "s", "schema": {}}})
}
