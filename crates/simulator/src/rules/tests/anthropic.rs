use http::HeaderMap;
use serde_json::{Value, json};

use super::{Case, headers, hold, refused, with};
use crate::rules::{anthropic_messages, of_anthropic_messages};

#[test]
fn every_rule_refuses_its_case_and_takes_the_mended_one() {
    // The version is a header; a marked body stands for a request without it.
    hold(of_anthropic_messages(), cases(), |body| {
        let headers = if body.get("no_version").is_some() { HeaderMap::new() } else { headers() };
        anthropic_messages(&headers, body)
    });
}

#[test]
fn the_complaint_is_the_providers_own() {
    let refusal = anthropic_messages(&headers(), &ask(json!({"max_tokens": null}))).unwrap_err();
    assert_eq!(
        refusal.body,
        json!({"type": "error", "error": {"type": "invalid_request_error", "message": "max_tokens: Field required"}})
    );
    let talk = json!([user(), uses(&["t1"]), user()]);
    let refusal = anthropic_messages(&headers(), &ask(json!({"messages": talk}))).unwrap_err();
    assert_eq!(
        refusal.body["error"]["message"],
        "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: t1. Each `tool_use` block must have a corresponding `tool_result` block in the next message."
    );
}

// Each pair was sent to the API, and the first of the two was the one that it complained of.
#[test]
fn of_two_faults_the_same_one_is_told() {
    let told = |change: Value| refused(&anthropic_messages(&headers(), &ask(change)));
    assert_eq!(told(json!({"max_tokens": null, "zzz": 1})), Some("max-tokens-missing"));
    assert_eq!(told(json!({"tools": "x", "tool_choice": 7})), Some("tool-choice-shape"));
    assert_eq!(told(json!({"system": 7, "thinking": "x"})), Some("system-shape"));
    assert_eq!(told(json!({"temperature": 2, "zzz": 1})), Some("sampling-range"));
    assert_eq!(told(json!({"messages": [{"role": "user", "content": []}], "zzz": 1})), Some("unknown-field"));
    assert_eq!(
        told(json!({"messages": [{"role": "user", "content": "a", "b": 1}], "temperature": "x"})),
        Some("message-field-unknown")
    );
}

#[test]
fn good_requests_are_taken() {
    let thought = json!({"type": "thinking", "thinking": "hm", "signature": signature()});
    let mut thoughtful = uses(&["t1", "t2"]);
    thoughtful["content"].as_array_mut().unwrap().insert(0, thought);
    let image =
        json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}});
    for body in [
        ask(
            json!({"system": "s", "temperature": 0, "top_k": 5, "stop_sequences": ["\n\nHuman:"], "stream": true, "metadata": {"user_id": "u"}}),
        ),
        ask(
            json!({"system": [{"type": "text", "text": "s", "cache_control": {"type": "ephemeral"}}], "service_tier": "auto", "top_p": 0.9}),
        ),
        ask(
            json!({"messages": [user(), user(), uses(&["t1", "t2"]), results(&["t2", "t1"]), user()], "tools": [tool("f")]}),
        ),
        ask(
            json!({"messages": [user(), uses(&["t1", "t2"]), results(&["t1"]), results(&["t2"])], "tools": [tool("f")]}),
        ),
        ask(
            json!({"messages": [user(), thoughtful, results(&["t1", "t2"])], "tools": [tool("f")], "thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 1025, "tool_choice": {"type": "auto", "disable_parallel_tool_use": true}}),
        ),
        ask(json!({"messages": [user(), {"role": "assistant", "content": "The answer is"}]})),
        ask(json!({"messages": [user(), {"role": "assistant", "content": []}]})),
        ask(
            json!({"messages": [{"role": "user", "content": [image, {"type": "text", "text": "t"}, {"type": "document", "source": {"type": "url", "url": "https://example.com/a.pdf"}, "citations": {"enabled": true}}]}]}),
        ),
        ask(
            json!({"model": "claude-sonnet-5", "messages": [user(), {"role": "system", "content": "s"}], "thinking": {"type": "adaptive", "display": "summarized"}, "output_config": {"effort": "low"}}),
        ),
        ask(
            json!({"model": "claude-sonnet-5", "messages": [user(), {"role": "system", "content": "s"}, {"role": "assistant", "content": "ok"}, user()]}),
        ),
        ask(
            json!({"model": "claude-of-tomorrow", "temperature": 0.5, "top_p": 0.5, "max_tokens": 9_000_000}),
        ),
        ask(
            json!({"tools": [{"type": "web_search_20250305", "name": "web_search", "max_uses": 3}, tool("f")], "tool_choice": {"type": "tool", "name": "web_search"}}),
        ),
    ] {
        let answer = anthropic_messages(&headers(), &body);
        assert!(answer.is_ok(), "{body}: {answer:?}");
    }
    let mut beta = headers();
    beta.insert("anthropic-beta", "context-management-2025-06-27".parse().unwrap());
    assert!(anthropic_messages(&beta, &ask(json!({"context_management": {"edits": []}}))).is_ok());
}

fn cases() -> Vec<Case> {
    let mut cases = of_fields();
    cases.extend(of_tools());
    cases.extend(of_messages());
    cases.extend(of_turns());
    cases.extend(of_thinking());
    cases.extend(of_models());
    cases
}

fn of_fields() -> Vec<Case> {
    let field = |name: &str, value: Value| ask(json!({name: value}));
    let marked = |count: usize| {
        let block = json!({"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}});
        ask(json!({"messages": [{"role": "user", "content": vec![block; count]}]}))
    };
    let system = |text: &str| {
        field("system", json!([{"type": "text", "text": text, "cache_control": {"type": "ephemeral"}}]))
    };
    vec![
        ("version-header-missing", field("no_version", json!(1)), ask(json!({}))),
        ("body-not-an-object", json!([]), ask(json!({}))),
        ("model-missing", field("model", json!(null)), ask(json!({}))),
        ("model-missing", field("model", json!(7)), ask(json!({}))),
        ("max-tokens-missing", field("max_tokens", json!(null)), ask(json!({}))),
        ("messages-missing", field("messages", json!(null)), ask(json!({}))),
        ("messages-empty", field("messages", json!([])), ask(json!({}))),
        ("system-shape", field("system", json!(7)), field("system", json!("7"))),
        (
            "thinking-shape",
            field("thinking", json!({"type": "auto"})),
            field("thinking", json!({"type": "disabled"})),
        ),
        (
            "thinking-shape",
            field("thinking", json!({"type": "enabled"})),
            field("thinking", json!({"type": "disabled"})),
        ),
        ("max-tokens-range", field("max_tokens", json!(-1)), field("max_tokens", json!(0))),
        ("max-tokens-range", field("max_tokens", json!("9")), field("max_tokens", json!(9))),
        (
            "metadata-shape",
            field("metadata", json!({"trace": "x"})),
            field("metadata", json!({"user_id": "x"})),
        ),
        ("stop-sequences-shape", field("stop_sequences", json!("Z")), field("stop_sequences", json!(["Z"]))),
        (
            "stop-sequence-blank",
            field("stop_sequences", json!(["\n"])),
            field("stop_sequences", json!(["\nZ"])),
        ),
        ("sampling-range", field("temperature", json!(1.5)), field("temperature", json!(1))),
        ("sampling-range", field("top_k", json!(1.5)), field("top_k", json!(1))),
        ("service-tier-unknown", field("service_tier", json!("flex")), field("service_tier", json!("auto"))),
        ("stream-type", field("stream", json!("yes")), field("stream", json!(true))),
        ("unknown-field", field("seed", json!(1)), ask(json!({}))),
        ("cache-marks-too-many", marked(5), marked(4)),
        ("cache-mark-on-empty-text", system(""), system("s")),
    ]
}

fn of_tools() -> Vec<Case> {
    let given = |tools: Value| ask(json!({"tools": tools}));
    let named = |name: &str| given(json!([tool(name)]));
    let schema = |schema: Value| given(json!([{"name": "f", "input_schema": schema}]));
    let strict = |count: usize| {
        let tools = (0..count).map(|at| with(tool(&format!("f{at}")), json!({"strict": true})));
        given(tools.collect::<Vec<_>>().into())
    };
    let chosen = |choice: Value| ask(json!({"tools": [tool("f")], "tool_choice": choice}));
    vec![
        ("tool-choice-shape", chosen(json!("auto")), chosen(json!({"type": "auto"}))),
        ("tool-choice-shape", chosen(json!({"type": "required"})), chosen(json!({"type": "any"}))),
        ("tools-shape", given(json!({})), named("f")),
        ("tool-name-pattern", named("a.b"), named("a-b")),
        ("tool-name-pattern", named(&"f".repeat(129)), named(&"f".repeat(128))),
        ("tool-name-duplicate", given(json!([tool("f"), tool("f")])), given(json!([tool("f"), tool("g")]))),
        ("input-schema-missing", given(json!([{"name": "f"}])), named("f")),
        ("input-schema-shape", schema(json!(true)), schema(json!({"type": "object"}))),
        ("input-schema-type", schema(json!({})), schema(json!({"type": "object"}))),
        ("input-schema-type", schema(json!({"type": "array"})), schema(json!({"type": "object"}))),
        ("tool-field-unknown", given(json!([with(tool("f"), json!({"function": {}}))])), named("f")),
        ("strict-tools-too-many", strict(21), strict(20)),
        (
            "tool-choice-without-tools",
            ask(json!({"tool_choice": {"type": "any"}})),
            chosen(json!({"type": "any"})),
        ),
        (
            "tool-choice-of-unknown-tool",
            chosen(json!({"type": "tool", "name": "g"})),
            chosen(json!({"type": "tool", "name": "f"})),
        ),
    ]
}

fn of_messages() -> Vec<Case> {
    let says = |messages: Value| ask(json!({"messages": messages}));
    let newest = |messages: Value| ask(json!({"messages": messages, "model": "claude-sonnet-5"}));
    let block = |block: Value| says(json!([{"role": "user", "content": [block]}]));
    let text = || block(json!({"type": "text", "text": "hi"}));
    let image = |kind: &str| {
        block(json!({"type": "image", "source": {"type": "base64", "media_type": kind, "data": PNG}}))
    };
    let called = |id: &str| says(json!([user(), uses(&[id]), results(&[id])]));
    let input = |input: Value| {
        says(
            json!([user(), {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "f", "input": input}]}, results(&["t"])]),
        )
    };
    let system = json!({"role": "system", "content": "s"});
    vec![
        ("message-shape", says(json!(["hi"])), says(json!([user()]))),
        ("message-shape", says(json!([{"role": "user", "content": null}])), says(json!([user()]))),
        ("role-unknown", says(json!([{"role": "developer", "content": "hi"}])), says(json!([user()]))),
        ("system-message-unsupported", says(json!([user(), system])), newest(json!([user(), system]))),
        ("system-message-first", newest(json!([system, user()])), newest(json!([user(), system]))),
        (
            "system-message-misplaced",
            newest(json!([user(), system, user()])),
            newest(json!([user(), user(), system])),
        ),
        ("message-field-unknown", says(json!([with(user(), json!({"name": "n"}))])), says(json!([user()]))),
        ("block-type-missing", block(json!({"text": "hi"})), text()),
        ("block-type-unknown", block(json!({"type": "image_url", "text": "hi"})), text()),
        ("block-field-missing", block(json!({"type": "text"})), text()),
        ("block-field-unknown", block(json!({"type": "text", "text": "hi", "detail": "low"})), text()),
        (
            "tool-use-in-user-message",
            block(json!({"type": "tool_use", "id": "t", "name": "f", "input": {}})),
            text(),
        ),
        (
            "tool-result-in-assistant-message",
            says(
                json!([user(), {"role": "assistant", "content": [{"type": "tool_result", "tool_use_id": "t"}]}]),
            ),
            says(json!([user(), {"role": "assistant", "content": "x"}])),
        ),
        ("tool-use-id-pattern", called("functions.f:0"), called("functions_f_0")),
        ("tool-use-input-not-an-object", input(json!("{}")), input(json!({}))),
        ("image-media-type", image("image/tiff"), image("image/png")),
        ("image-bytes", image("image/jpeg"), image("image/png")),
    ]
}

fn of_turns() -> Vec<Case> {
    let says = |messages: Value| ask(json!({"messages": messages}));
    let assistant = |content: Value| json!({"role": "assistant", "content": content});
    let text = |text: &str| says(json!([{"role": "user", "content": [{"type": "text", "text": text}]}]));
    let mut late = results(&["t"]);
    late["content"].as_array_mut().unwrap().insert(0, json!({"type": "text", "text": "first"}));
    vec![
        (
            "first-message-not-users",
            says(json!([assistant(json!("x")), user()])),
            says(json!([user(), assistant(json!("x")), user()])),
        ),
        (
            "turn-empty",
            says(json!([{"role": "user", "content": []}])),
            says(json!([{"role": "user", "content": []}, user()])),
        ),
        ("turn-empty", says(json!([{"role": "user", "content": ""}])), says(json!([user()]))),
        (
            "assistant-turn-empty",
            says(json!([user(), assistant(json!("")), user()])),
            says(json!([user(), assistant(json!(""))])),
        ),
        ("text-block-empty", text(""), text("x")),
        ("text-block-blank", text(" \n"), text(" x")),
        (
            "tool-use-id-duplicate",
            says(json!([user(), uses(&["t"]), results(&["t"]), uses(&["t"]), results(&["t"])])),
            says(json!([user(), uses(&["t"]), results(&["t"]), uses(&["u"]), results(&["u"])])),
        ),
        (
            "tool-result-without-use",
            says(json!([user(), assistant(json!("x")), results(&["t"])])),
            says(json!([user(), uses(&["t"]), results(&["t"])])),
        ),
        (
            "tool-result-duplicate",
            says(json!([user(), uses(&["t"]), results(&["t", "t"])])),
            says(json!([user(), uses(&["t"]), results(&["t"])])),
        ),
        (
            "tool-use-unanswered",
            says(json!([user(), uses(&["t", "u"]), results(&["t"])])),
            says(json!([user(), uses(&["t", "u"]), results(&["t", "u"])])),
        ),
        (
            "tool-use-unanswered",
            says(json!([user(), uses(&["t"]), late])),
            says(json!([user(), uses(&["t"]), results(&["t"]), user()])),
        ),
        (
            "tool-use-unanswered",
            says(json!([user(), uses(&["t"])])),
            says(json!([user(), uses(&["t"]), results(&["t"])])),
        ),
    ]
}

fn of_thinking() -> Vec<Case> {
    let on = |change: Value| {
        with(ask(json!({"thinking": {"type": "enabled", "budget_tokens": 2048}, "max_tokens": 4096})), change)
    };
    let budget = |tokens: u64| on(json!({"thinking": {"type": "enabled", "budget_tokens": tokens}}));
    let thought =
        |text: &str, signature: String| json!({"type": "thinking", "thinking": text, "signature": signature});
    let talk = |blocks: Value| {
        on(json!({"messages": [user(), {"role": "assistant", "content": blocks}, results(&["t"])]}))
    };
    let tool_use = json!({"type": "tool_use", "id": "t", "name": "f", "input": {}});
    let good = || talk(json!([thought("hm", signature()), tool_use]));
    let forced = |choice: &str| on(json!({"tools": [tool("f")], "tool_choice": {"type": choice}}));
    let ends =
        |blocks: Value| ask(json!({"messages": [user(), {"role": "assistant", "content": blocks}, user()]}));
    vec![
        ("thinking-budget-too-small", budget(1023), budget(1024)),
        ("thinking-budget-not-below-max-tokens", budget(4096), budget(4095)),
        ("thinking-with-forced-tool", forced("any"), forced("auto")),
        ("thinking-with-temperature", on(json!({"temperature": 0.5})), on(json!({"temperature": 1}))),
        ("thinking-with-sampling", on(json!({"top_k": 5})), on(json!({}))),
        ("thinking-with-sampling", on(json!({"top_p": 0.9})), on(json!({"top_p": 0.95}))),
        ("thinking-block-not-first", talk(json!([tool_use])), good()),
        (
            "thinking-block-last",
            ends(json!([{"type": "text", "text": "x"}, thought("hm", signature())])),
            ends(json!([thought("hm", signature()), {"type": "text", "text": "x"}])),
        ),
    ]
}

fn of_models() -> Vec<Case> {
    let of = |model: &str, change: Value| ask(with(json!({"model": model}), change));
    let prefilled = |text: &str| json!({"messages": [user(), {"role": "assistant", "content": text}]});
    let schema = |closed: Value| {
        of(
            "claude-sonnet-5",
            json!({"output_config": {"format": {"type": "json_schema", "schema": {"type": "object", "properties": {}, "additionalProperties": closed}}}}),
        )
    };
    vec![
        (
            "max-tokens-above-the-models",
            of("claude-haiku-4-5-20251001", json!({"max_tokens": 64_001})),
            of("claude-haiku-4-5-20251001", json!({"max_tokens": 64_000})),
        ),
        (
            "thinking-budget-unsupported",
            of(
                "claude-opus-4-8",
                json!({"max_tokens": 4096, "thinking": {"type": "enabled", "budget_tokens": 1024}}),
            ),
            of("claude-opus-4-8", json!({"max_tokens": 4096, "thinking": {"type": "adaptive"}})),
        ),
        (
            "thinking-adaptive-unsupported",
            of("claude-haiku-4-5", json!({"thinking": {"type": "adaptive"}})),
            of("claude-opus-4-6", json!({"thinking": {"type": "adaptive"}})),
        ),
        (
            "sampling-unsupported",
            of("claude-sonnet-5", json!({"temperature": 1})),
            of("claude-sonnet-4-6", json!({"temperature": 1})),
        ),
        (
            "temperature-with-top-p",
            of("claude-haiku-4-5", json!({"temperature": 0.5, "top_p": 0.5})),
            of("claude-haiku-4-5", json!({"temperature": 0.5})),
        ),
        (
            "prefill-unsupported",
            of("claude-sonnet-4-6", prefilled("The answer")),
            of("claude-sonnet-4-5", prefilled("The answer")),
        ),
        (
            "prefill-trailing-whitespace",
            of("claude-sonnet-4-5", prefilled("The answer ")),
            of("claude-sonnet-4-5", prefilled("The answer")),
        ),
        ("output-schema-open", schema(json!(true)), schema(json!(false))),
    ]
}

fn ask(change: Value) -> Value {
    with(json!({"model": "claude-haiku-4-5", "max_tokens": 64, "messages": [user()]}), change)
}

fn user() -> Value {
    json!({"role": "user", "content": "hi"})
}

fn uses(ids: &[&str]) -> Value {
    let block = |id: &&str| json!({"type": "tool_use", "id": id, "name": "f", "input": {}});
    json!({"role": "assistant", "content": ids.iter().map(block).collect::<Vec<_>>()})
}

fn results(ids: &[&str]) -> Value {
    let block = |id: &&str| json!({"type": "tool_result", "tool_use_id": id, "content": "1"});
    json!({"role": "user", "content": ids.iter().map(block).collect::<Vec<_>>()})
}

fn signature() -> String {
    String::from("whose it is, is asked elsewhere")
}

fn tool(name: &str) -> Value {
    json!({"name": name, "input_schema": {"type": "object", "properties": {}}})
}

/// One black pixel.
const PNG: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
