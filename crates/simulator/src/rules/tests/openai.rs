use serde_json::{Value, json};

use super::{Case, headers, hold, refused, with};
use crate::rules::{of_openai_chat, openai_chat};

#[test]
fn every_rule_refuses_its_case_and_takes_the_mended_one() {
    hold(of_openai_chat(), cases(), |body| openai_chat(&headers(), body));
}

#[test]
fn the_complaint_is_the_providers_own() {
    let refusal =
        openai_chat(&headers(), &chat(json!({"max_tokens": 5, "model": "gpt-5-nano"}))).unwrap_err();
    assert_eq!(
        refusal.body,
        json!({"error": {
            "message": "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
            "type": "invalid_request_error",
            "param": "max_tokens",
            "code": "unsupported_parameter",
        }})
    );
    let refusal = openai_chat(&headers(), &json!({"messages": []})).unwrap_err();
    assert_eq!(
        refusal.body,
        json!({"error": {"message": "you must provide a model parameter", "type": "invalid_request_error", "param": null, "code": null}})
    );
    let refusal = openai_chat(&headers(), &chat(json!({"n": 200}))).unwrap_err();
    assert_eq!(refusal.body["error"]["code"], "integer_above_max_value");
    assert_eq!(
        refusal.body["error"]["message"],
        "Invalid 'n': integer above maximum value. Expected a value <= 128, but got 200 instead."
    );
    let refusal = openai_chat(
        &headers(),
        &chat(json!({"messages": [user(), calls(&["a", "b"]), answer("a"), user()]})),
    );
    let refusal = refusal.unwrap_err();
    assert_eq!(refusal.body["error"]["param"], "messages.[3].role");
    assert!(
        refusal.body["error"]["message"].as_str().unwrap().ends_with("did not have response messages: b")
    );
}

// Each pair was sent to the API, and the first of the two was the one that it complained of.
#[test]
fn of_two_faults_the_same_one_is_told() {
    let told = |change: Value| refused(&openai_chat(&headers(), &chat(change)));
    assert_eq!(told(json!({"messages": null, "zzz": 1})), Some("messages-missing"));
    assert_eq!(told(json!({"messages": [], "zzz": 1})), Some("unknown-parameter"));
    assert_eq!(told(json!({"zzz": 1, "n": "abc"})), Some("unknown-parameter"));
    assert_eq!(told(json!({"tools": "x", "top_logprobs": -1})), Some("tools-not-an-array"));
    let measured = |change: Value| told(with(json!({"model": "gpt-5.6-terra"}), change));
    assert_eq!(measured(json!({"n": 0, "stop": ["Z"]})), Some("n-out-of-range"));
    assert_eq!(measured(json!({"stop": ["Z"], "temperature": 0.5})), Some("stop-of-reasoning-model"));
    assert_eq!(measured(json!({"metadata": "x", "temperature": 0.5})), Some("field-type"));
}

#[test]
fn good_requests_are_taken() {
    let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": false});
    let image = json!({"type": "image_url", "image_url": {"url": format!("data:image/png;base64,{PNG}"), "detail": "low"}});
    for body in [
        chat(json!({"stream": true, "stream_options": {"include_usage": true}})),
        chat(
            json!({"temperature": 2, "top_p": 0, "n": 128, "stop": ["a", "b", "c", "d"], "presence_penalty": -2, "frequency_penalty": 2.0}),
        ),
        chat(
            json!({"temperature": 0.5, "seed": 1, "user": "u", "max_tokens": 16_384, "logprobs": true, "top_logprobs": 20, "logit_bias": {"1": 2}}),
        ),
        chat(
            json!({"model": "gpt-5-nano", "temperature": 1, "max_completion_tokens": 1, "reasoning_effort": "minimal", "tools": [tool("f")]}),
        ),
        chat(
            json!({"model": "gpt-5.6-sol", "reasoning_effort": "none", "temperature": 0.3, "tools": [tool("f")], "logprobs": true, "top_logprobs": 5}),
        ),
        chat(json!({"model": "gpt-5.1", "temperature": 0.3, "top_p": 0.4})),
        chat(json!({"model": "somebody/elses-model", "max_tokens": 9_000_000, "reasoning_effort": "weird"})),
        chat(json!({"messages": [user(), calls(&["a", "b"]), answer("b"), answer("a"), user()]})),
        chat(
            json!({"messages": [{"role": "developer", "content": "d"}, {"role": "system", "content": [{"type": "text", "text": "s"}]}, {"role": "user", "content": ""}, {"role": "assistant", "content": null, "refusal": "no"}]}),
        ),
        chat(
            json!({"messages": [{"role": "user", "content": [{"type": "text", "text": "t"}, image, {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}]}]}),
        ),
        chat(
            json!({"messages": [{"role": "user", "content": [{"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBERi0=", "filename": "a.pdf"}}, {"type": "file", "file": {"file_id": "file-1"}}]}]}),
        ),
        chat(
            json!({"tools": [tool("f"), tool("f")], "tool_choice": {"type": "function", "function": {"name": "f"}}, "parallel_tool_calls": false}),
        ),
        chat(json!({"tools": [{"type": "custom", "custom": {"name": "c"}}], "tool_choice": "required"})),
        chat(
            json!({"tools": [{"type": "function", "function": {"name": "f", "strict": true, "parameters": schema}}]}),
        ),
        chat(
            json!({"response_format": {"type": "json_schema", "json_schema": {"name": "s", "strict": true, "schema": schema}}}),
        ),
        chat(
            json!({"response_format": {"type": "json_schema", "json_schema": {"name": "s", "schema": {"type": "object"}}}}),
        ),
        chat(
            json!({"response_format": {"type": "json_object"}, "messages": [{"role": "system", "content": "Answer in JSON."}, user()]}),
        ),
        chat(
            json!({"metadata": {"a": "b"}, "store": false, "service_tier": "flex", "safety_identifier": "s", "prompt_cache_key": "k"}),
        ),
    ] {
        let answer = openai_chat(&headers(), &body);
        assert!(answer.is_ok(), "{body}: {answer:?}");
    }
}

fn cases() -> Vec<Case> {
    let mut cases = of_messages();
    cases.extend(of_tools());
    cases.extend(of_fields());
    cases.extend(of_models());
    cases.extend(of_media());
    cases
}

fn of_messages() -> Vec<Case> {
    let says = |messages: Value| chat(json!({"messages": messages}));
    vec![
        ("body-not-an-object", json!([]), chat(json!({}))),
        ("model-missing", chat(json!({"model": ""})), chat(json!({}))),
        ("model-missing", chat(json!({"model": null})), chat(json!({}))),
        ("messages-missing", chat(json!({"messages": null})), chat(json!({}))),
        ("unknown-parameter", chat(json!({"top_k": 1})), chat(json!({}))),
        (
            "unknown-parameter",
            chat(json!({"stream": true, "stream_options": {"bogus": 1}})),
            chat(json!({"stream": true, "stream_options": {}})),
        ),
        ("messages-not-an-array", says(json!("hi")), says(json!([user()]))),
        ("messages-not-an-array", says(json!(["hi"])), says(json!([user()]))),
        ("messages-empty", says(json!([])), says(json!([user()]))),
        ("role-missing", says(json!([{"content": "hi"}])), says(json!([user()]))),
        ("role-unknown", says(json!([{"role": "bot", "content": "hi"}])), says(json!([user()]))),
        (
            "tool-calls-empty",
            says(json!([user(), {"role": "assistant", "content": "x", "tool_calls": []}])),
            says(json!([user(), {"role": "assistant", "content": "x"}])),
        ),
        (
            "tool-call-id-too-long",
            says(json!([user(), calls(&[&"i".repeat(65)]), answer(&"i".repeat(65))])),
            says(json!([user(), calls(&[&"i".repeat(64)]), answer(&"i".repeat(64))])),
        ),
        (
            "tool-call-id-missing",
            says(json!([user(), calls(&["a"]), {"role": "tool", "content": "1"}])),
            says(json!([user(), calls(&["a"]), answer("a")])),
        ),
        ("content-type", says(json!([{"role": "user", "content": 7}])), says(json!([user()]))),
        (
            "content-part-type-missing",
            says(json!([{"role": "user", "content": [{"text": "hi"}]}])),
            says(json!([{"role": "user", "content": [{"type": "text", "text": "hi"}]}])),
        ),
        (
            "content-part-type-unknown",
            says(json!([{"role": "user", "content": [{"type": "tool_result", "text": "hi"}]}])),
            says(json!([{"role": "user", "content": [{"type": "text", "text": "hi"}]}])),
        ),
        (
            "image-outside-user-message",
            says(json!([{"role": "system", "content": [picture("https://example.com/a.png")]}, user()])),
            says(json!([{"role": "user", "content": [picture("https://example.com/a.png")]}, user()])),
        ),
        ("content-missing", says(json!([{"role": "user"}])), says(json!([user()]))),
        (
            "content-missing",
            says(json!([user(), {"role": "assistant", "content": null}])),
            says(json!([user(), {"role": "assistant", "refusal": "no"}])),
        ),
        (
            "tool-message-without-call",
            says(json!([user(), answer("a")])),
            says(json!([user(), calls(&["a"]), answer("a")])),
        ),
        (
            "tool-message-answers-another-call",
            says(json!([user(), calls(&["a"]), answer("a"), answer("b")])),
            says(json!([user(), calls(&["a", "b"]), answer("a"), answer("b")])),
        ),
        (
            "tool-call-unanswered",
            says(json!([user(), calls(&["a", "b"]), answer("a"), user()])),
            says(json!([user(), calls(&["a", "b"]), answer("a"), answer("b"), user()])),
        ),
        (
            "tool-call-unanswered",
            says(json!([user(), calls(&["a"])])),
            says(json!([user(), calls(&["a"]), answer("a")])),
        ),
    ]
}

fn of_tools() -> Vec<Case> {
    let given = |tools: Value| chat(json!({"tools": tools}));
    let named = |name: &str| given(json!([tool(name)]));
    let strict = |required: Value| {
        given(json!([{"type": "function", "function": {"name": "f", "strict": true, "parameters":
            {"type": "object", "properties": {"a": {"type": "string"}}, "required": required, "additionalProperties": false}}}]))
    };
    let chosen = |choice: Value| chat(json!({"tools": [tool("f")], "tool_choice": choice}));
    vec![
        ("tools-not-an-array", given(json!("f")), named("f")),
        ("tools-empty", given(json!([])), chat(json!({}))),
        ("tools-too-many", given(vec![tool("f"); 129].into()), given(vec![tool("f"); 128].into())),
        ("tool-function-missing", given(json!([{"type": "function", "name": "f"}])), named("f")),
        (
            "tool-name-missing",
            given(json!([{"type": "function", "function": {"parameters": {}}}])),
            named("f"),
        ),
        ("tool-name-pattern", named("a.b"), named("a-b")),
        ("tool-name-too-long", named(&"f".repeat(65)), named(&"f".repeat(64))),
        (
            "tool-parameters-not-an-object",
            given(json!([{"type": "function", "function": {"name": "f", "parameters": {"type": "array"}}}])),
            given(json!([{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}])),
        ),
        ("tool-strict-schema", strict(json!([])), strict(json!(["a"]))),
        ("tool-choice-without-tools", chat(json!({"tool_choice": "auto"})), chosen(json!("auto"))),
        ("tool-choice-unknown", chosen(json!("any")), chosen(json!("required"))),
        (
            "tool-choice-of-unknown-function",
            chosen(json!({"type": "function", "function": {"name": "g"}})),
            chosen(json!({"type": "function", "function": {"name": "f"}})),
        ),
        (
            "parallel-tool-calls-without-tools",
            chat(json!({"parallel_tool_calls": true})),
            chat(json!({"parallel_tool_calls": true, "tools": [tool("f")]})),
        ),
    ]
}

fn of_fields() -> Vec<Case> {
    let field = |name: &str, value: Value| chat(json!({name: value}));
    let format = |format: Value| field("response_format", format);
    let schema = |name: &str, closed: Value| {
        format(
            json!({"type": "json_schema", "json_schema": {"name": name, "strict": true, "schema": {"type": "object", "properties": {}, "required": [], "additionalProperties": closed}}}),
        )
    };
    let metadata = |count: usize| {
        let pairs: serde_json::Map<String, Value> =
            (0..count).map(|at| (format!("k{at}"), json!("v"))).collect();
        field("metadata", Value::Object(pairs))
    };
    vec![
        ("field-type", field("temperature", json!("hot")), field("temperature", json!(1))),
        ("field-type", field("n", json!(1.5)), field("n", json!(1))),
        ("field-type", field("stream", json!("yes")), field("stream", json!(false))),
        ("max-tokens-below-one", field("max_tokens", json!(0)), field("max_tokens", json!(1))),
        ("n-out-of-range", field("n", json!(0)), field("n", json!(1))),
        ("n-out-of-range", field("n", json!(129)), field("n", json!(128))),
        (
            "n-out-of-range",
            chat(json!({"model": "gpt-5.6-terra", "n": 9})),
            chat(json!({"model": "gpt-5.6-terra", "n": 8})),
        ),
        ("temperature-out-of-range", field("temperature", json!(2.1)), field("temperature", json!(2))),
        ("top-p-out-of-range", field("top_p", json!(-0.1)), field("top_p", json!(0))),
        ("penalty-out-of-range", field("presence_penalty", json!(-3)), field("presence_penalty", json!(-2))),
        (
            "top-logprobs-without-logprobs",
            field("top_logprobs", json!(1)),
            chat(json!({"top_logprobs": 1, "logprobs": true})),
        ),
        (
            "top-logprobs-out-of-range",
            chat(json!({"top_logprobs": 21, "logprobs": true})),
            chat(json!({"top_logprobs": 20, "logprobs": true})),
        ),
        (
            "stop-too-many",
            field("stop", json!(["a", "b", "c", "d", "e"])),
            field("stop", json!(["a", "b", "c", "d"])),
        ),
        (
            "stream-options-without-stream",
            field("stream_options", json!({"include_usage": true})),
            chat(json!({"stream_options": {"include_usage": true}, "stream": true})),
        ),
        ("metadata-too-large", metadata(17), metadata(16)),
        (
            "metadata-too-large",
            field("metadata", json!({"k": "v".repeat(513)})),
            field("metadata", json!({"k": "v".repeat(512)})),
        ),
        (
            "metadata-too-large",
            field("metadata", json!({"k".repeat(65): "v"})),
            field("metadata", json!({"k".repeat(64): "v"})),
        ),
        ("metadata-too-large", field("metadata", json!({"k": 7})), field("metadata", json!({"k": "7"}))),
        ("service-tier-unknown", field("service_tier", json!("bogus")), field("service_tier", json!("auto"))),
        (
            "max-tokens-twice",
            chat(json!({"max_tokens": 5, "max_completion_tokens": 5})),
            field("max_completion_tokens", json!(5)),
        ),
        ("response-format-type", format(json!({})), format(json!({"type": "text"}))),
        ("response-format-type", format(json!({"type": "xml"})), format(json!({"type": "text"}))),
        ("json-schema-missing", format(json!({"type": "json_schema"})), schema("s", json!(false))),
        (
            "json-schema-missing",
            format(json!({"type": "json_schema", "json_schema": {}})),
            schema("s", json!(false)),
        ),
        ("json-schema-name-pattern", schema("a b", json!(false)), schema("a_b", json!(false))),
        ("json-schema-strict", schema("s", json!(true)), schema("s", json!(false))),
        (
            "json-object-without-the-word",
            format(json!({"type": "json_object"})),
            chat(
                json!({"response_format": {"type": "json_object"}, "messages": [{"role": "user", "content": "as Json"}]}),
            ),
        ),
    ]
}

fn of_models() -> Vec<Case> {
    let of = |model: &str, change: Value| chat(with(json!({"model": model}), change));
    vec![
        (
            "max-tokens-of-reasoning-model",
            of("gpt-5-nano", json!({"max_tokens": 9})),
            of("gpt-5-nano", json!({"max_completion_tokens": 9})),
        ),
        (
            "reasoning-effort-unsupported",
            of("gpt-5.6-terra", json!({"reasoning_effort": "minimal"})),
            of("gpt-5.6-terra", json!({"reasoning_effort": "low"})),
        ),
        (
            "reasoning-effort-unsupported",
            of("gpt-4o", json!({"reasoning_effort": "low"})),
            of("o3", json!({"reasoning_effort": "low"})),
        ),
        ("stop-of-reasoning-model", of("gpt-5", json!({"stop": "Z"})), of("gpt-4.1", json!({"stop": "Z"}))),
        (
            "parallel-tool-calls-of-reasoning-model",
            of("o3", json!({"parallel_tool_calls": false, "tools": [tool("f")]})),
            of("gpt-5", json!({"parallel_tool_calls": false, "tools": [tool("f")]})),
        ),
        (
            "max-tokens-above-the-models",
            of("gpt-4o", json!({"max_tokens": 16_385})),
            of("gpt-4o", json!({"max_tokens": 16_384})),
        ),
        (
            "temperature-of-reasoning-model",
            of("gpt-5.6-sol", json!({"temperature": 0.5})),
            of("gpt-5.6-sol", json!({"temperature": 0.5, "reasoning_effort": "none"})),
        ),
        (
            "sampling-of-reasoning-model",
            of("gpt-5.1", json!({"top_p": 0.5, "reasoning_effort": "low"})),
            of("gpt-5.1", json!({"top_p": 0.5})),
        ),
        (
            "tools-while-reasoning",
            of("gpt-5.6", json!({"tools": [tool("f")]})),
            of("gpt-5.6", json!({"tools": [tool("f")], "reasoning_effort": "none"})),
        ),
    ]
}

fn of_media() -> Vec<Case> {
    let shown = |part: Value| chat(json!({"messages": [{"role": "user", "content": [part]}]}));
    let good = || shown(picture("https://example.com/a.png"));
    let file = |data: &str| shown(json!({"type": "file", "file": {"file_data": data, "filename": "f"}}));
    vec![
        ("image-url-missing", shown(json!({"type": "image_url", "image_url": {}})), good()),
        ("image-url-invalid", shown(picture("a.png")), good()),
        ("image-data-url-type", shown(picture("data:text/plain;base64,aGk=")), good()),
        ("image-data-url-base64", shown(picture("data:image/png;base64,***")), good()),
        (
            "image-format",
            shown(picture("data:image/png;base64,aGVsbG8=")),
            shown(picture(&format!("data:image/png;base64,{PNG}"))),
        ),
        ("image-download", shown(picture("https://nowhere.invalid/a.png")), good()),
        ("file-type", file("data:text/plain;base64,aGk="), file("data:application/pdf;base64,JVBERi0=")),
    ]
}

fn chat(change: Value) -> Value {
    with(json!({"model": "gpt-4o", "messages": [user()]}), change)
}

fn user() -> Value {
    json!({"role": "user", "content": "hi"})
}

fn calls(ids: &[&str]) -> Value {
    let call =
        |id: &&str| json!({"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}});
    json!({"role": "assistant", "content": null, "tool_calls": ids.iter().map(call).collect::<Vec<_>>()})
}

fn answer(id: &str) -> Value {
    json!({"role": "tool", "tool_call_id": id, "content": "1"})
}

fn tool(name: &str) -> Value {
    json!({"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": {}}}})
}

fn picture(url: &str) -> Value {
    json!({"type": "image_url", "image_url": {"url": url}})
}

/// One black pixel.
const PNG: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
