//! Requests in OpenAI's dialect: read, written again, edited.

use backstop_core::{Dialect, Edit, Json, Kind, Parameter, PartKind};
use backstop_dialect::{Facts, Severity, Splice, apply, decode_request, encode_request, peek, splice};
use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Value, json};

const OPENAI: Dialect = Dialect::OpenaiChat;

fn bytes(value: &Value) -> Bytes {
    Bytes::from(value.to_string())
}

fn again(body: &Bytes) -> Value {
    let request = decode_request(OPENAI, body).expect("a request");
    let encoded = encode_request(OPENAI, &request, &Facts::default()).expect("a document");
    assert_eq!(encoded.losses, [], "nothing is lost in the same dialect");
    serde_json::from_slice(&encoded.body).expect("valid JSON")
}

fn full() -> Value {
    json!({
        "model": "gpt-x", "stream": true, "stream_options": {"include_usage": true, "include_obfuscation": false},
        "messages": [
            {"role": "developer", "content": "be brief", "name": "ops"},
            {"role": "system", "content": [{"type": "text", "text": "a", "cache_control": {"type": "ephemeral", "ttl": "1h"}}]},
            {"role": "user", "name": "ann", "content": [
                {"type": "text", "text": "look", "prompt_cache_breakpoint": {"mode": "explicit"}, "x": null},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA", "detail": "low", "y": 1}},
                {"type": "image_url", "image_url": {"url": "https://example.test/a.png"}},
                {"type": "image_url", "image_url": "https://example.test/bare.png"},
                {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
                {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,AAAA"}},
                {"type": "file", "file": {"file_id": "file-1"}},
                {"type": "video_url", "video_url": {"url": "https://example.test/v"}},
            ]},
            {"role": "assistant", "content": null, "refusal": null, "reasoning_content": "hm",
             "tool_calls": [
                {"id": "functions.add:0", "type": "function", "function": {"name": "add", "arguments": "{\"a\": 1.0}"},
                 "extra_content": {"google": {"thought_signature": "s"}}},
                {"id": "c2", "type": "custom", "custom": {"name": "sh", "input": "ls"}}]},
            {"role": "tool", "tool_call_id": "functions.add:0", "content": "2"},
            {"role": "tool", "tool_call_id": "c2", "content": [{"type": "text", "text": "a\nb"}]},
            {"role": "assistant", "content": "no", "refusal": "cannot", "audio": {"id": "a1"}, "annotations": []},
            {"role": "assistant", "content": [{"type": "refusal", "refusal": "no"}], "tool_calls": []},
            {"role": "assistant", "reasoning": "deep", "content": "x", "reasoning_details": [
                {"type": "reasoning.text", "text": "deep", "signature": "sig", "format": "anthropic-claude-v1", "index": 0},
                {"type": "reasoning.encrypted", "data": "sealed", "format": "anthropic-claude-v1", "index": 7, "id": null},
                {"type": "reasoning.encrypted", "data": "other", "format": "openai-responses-v1"}]},
            {"role": "assistant", "content": "", "function_call": {"name": "f", "arguments": "{}"}},
            {"role": "function", "name": "f", "content": "3"},
        ],
        "tools": [
            {"type": "function", "function": {"name": "add", "description": "adds", "parameters": {"type": "object"}, "strict": true, "z": 1}},
            {"type": "custom", "custom": {"name": "sh", "format": {"type": "text"}}, "cache_control": {"type": "ephemeral"}},
            {"type": "web_search", "filters": {}},
        ],
        "tool_choice": {"type": "function", "function": {"name": "add"}}, "parallel_tool_calls": false,
        "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}, "strict": null}},
        "max_tokens": 5, "temperature": 1.50, "top_p": null, "top_k": 4, "stop": "END", "seed": 1, "n": 2,
        "presence_penalty": 0, "frequency_penalty": 0.0, "logit_bias": {"1": -100}, "logprobs": true, "top_logprobs": 3,
        "service_tier": "flex", "reasoning_effort": "low", "user": "u1", "functions": [], "metadata": {"a": "b"},
        "enable_thinking": true, "store": null, "max_completion_tokens": null,
    })
}

#[test]
fn every_field_survives() {
    let body = full();
    assert_eq!(again(&bytes(&body)), body);
}

#[test]
fn numbers_keep_their_spelling() {
    let body = Bytes::from_static(br#"{"model":"m","messages":[{"role":"user","content":"\u00e9"}],"temperature":1.50,"seed":12345678901234567890123}"#);
    let request = decode_request(OPENAI, &body).expect("a request");
    let encoded = encode_request(OPENAI, &request, &Facts::default()).expect("a document");
    let text = std::str::from_utf8(&encoded.body).expect("UTF-8");
    assert!(
        text.contains("\"temperature\":1.50") && text.contains("\"seed\":12345678901234567890123"),
        "{text}"
    );
}

#[test]
fn recorded_requests_survive() {
    let mut seen = 0;
    for (name, exchange) in corpus() {
        let body = &exchange["request"]["body"];
        if !body["messages"].is_array() {
            continue;
        }
        assert_eq!(again(&bytes(body)), *body, "{name}");
        peek(OPENAI, &bytes(body)).expect("a request");
        seen += 1;
    }
    assert!(seen > 0 || std::env::var_os("BACKSTOP_CORPUS").is_none());
}

/// Recorded traffic in this dialect, from the directory that `BACKSTOP_CORPUS` names, if it does.
fn corpus() -> Vec<(String, Value)> {
    let Some(directory) = std::env::var_os("BACKSTOP_CORPUS") else { return Vec::new() };
    let files = std::fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("a file").path());
    let exchanges = files.filter(|path| path.extension().is_some_and(|end| end == "json")).map(|path| {
        let text = std::fs::read_to_string(&path).expect("text");
        (path.display().to_string(), serde_json::from_str::<Value>(&text).expect("JSON"))
    });
    exchanges.filter(|(_, exchange)| exchange["dialect"] == "openai-chat").collect()
}

#[test]
fn peek_reads_what_decisions_need() {
    let known = peek(OPENAI, &bytes(&full())).expect("a request");
    assert_eq!(known.model, "gpt-x");
    assert!(known.stream && known.include_usage && known.reasoning);
    assert_eq!((known.choices, known.max_tokens), (2, Some(5)));
    let needs = known.needs;
    assert!(
        needs.tools && needs.images && needs.documents && needs.audio && needs.json_schema && !needs.prefill
    );
    let small = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}, {"content": "so", "role": "assistant"}]});
    let known = peek(OPENAI, &bytes(&small)).expect("a request");
    assert!(known.needs.prefill && !known.needs.tools && !known.reasoning && !known.stream);
    assert_eq!(known.choices, 1);
}

#[test]
fn inline_base64_is_no_prompt() {
    let url = format!("data:image/png;base64,{}", "A".repeat(100_000));
    let body = json!({"model": "m", "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}]});
    assert!(peek(OPENAI, &bytes(&body)).expect("a request").prompt_tokens < 100);
}

#[test]
fn what_is_wrong_is_said() {
    let deep = format!("{{\"model\":\"m\",\"x\":{}", "[".repeat(10_000));
    for (body, part) in [
        ("", "not valid JSON"),
        ("[]", "must be a JSON object"),
        ("{\"model\":\"m\",\n  oops}", "line 2 column 3"),
        ("{}", "`model` is missing"),
        ("{\"model\":\"\",\"messages\":[{}]}", "`model` is missing"),
        ("{\"model\":5,\"messages\":[{}]}", "`model` must be a string"),
        ("{\"model\":\"m\"}", "`messages` is missing"),
        ("{\"model\":\"m\",\"messages\":[]}", "`messages` is empty"),
        ("{\"model\":\"m\",\"messages\":{}}", "`messages` must be a list"),
        ("{\"model\":\"m\",\"messages\":[{}],\"stream\":1}", "`stream` must be true or false"),
        ("{\"model\":\"m\",\"messages\":[{}]} x", "trailing"),
        (&deep, "nested 128 levels"),
    ] {
        let failure = peek(OPENAI, &Bytes::from(body.to_owned())).expect_err(part);
        assert_eq!(failure.kind(), Kind::InvalidRequest);
        assert!(failure.message().contains(part), "{} lacks {part}", failure.message());
        assert!(decode_request(OPENAI, &Bytes::from(body.to_owned())).is_err());
    }
    let failure = peek(OPENAI, &Bytes::from_static(b"{\"\xff\"}")).expect_err("not UTF-8");
    assert!(failure.message().contains("not UTF-8 (at byte 2)"));
    for (message, part) in [
        (json!({"role": "wizard", "content": "x"}), "`messages[0].role`"),
        (json!({"role": "user", "content": 5}), "`messages[0].content`"),
        (json!({"role": "user", "content": [{"text": "x"}]}), "`messages[0].content[0].type`"),
        (json!({"role": "tool", "content": "x"}), "`messages[0].tool_call_id`"),
        (json!("hi"), "`messages[0]`"),
        (
            json!({"role": "assistant", "tool_calls": [{"id": "a", "type": "function", "function": {"name": "n", "arguments": {}}}]}),
            "`messages[0].tool_calls[0].function.arguments`",
        ),
    ] {
        let failure =
            decode_request(OPENAI, &bytes(&json!({"model": "m", "messages": [message]}))).expect_err(part);
        assert!(
            failure.kind() == Kind::InvalidRequest && failure.message().contains(part),
            "{}",
            failure.message()
        );
    }
}

#[test]
fn a_foreign_request_loses_nothing_silently() {
    let body = json!({
        "model": "claude", "max_tokens": 9, "system": [{"type": "text", "text": "s", "cache_control": {"type": "ephemeral"}}],
        "stop_sequences": ["a"], "top_k": 3, "stream": true,
        "thinking": {"type": "enabled", "budget_tokens": 4096},
        "tools": [{"name": "f", "description": "d", "input_schema": {"type": "object"}, "strict": true},
                  {"type": "web_search_20250305", "name": "web_search"}],
        "tool_choice": {"type": "tool", "name": "f", "disable_parallel_tool_use": true},
        "messages": [
            {"role": "user", "content": "go"},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "hm", "signature": "sig"},
                {"type": "text", "text": "calling"},
                {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}}]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "toolu_1", "is_error": true, "content": [
                    {"type": "text", "text": "boom"},
                    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}]},
                {"type": "text", "text": "and?"}]},
        ],
    });
    let request = decode_request(Dialect::AnthropicMessages, &bytes(&body)).expect("a request");
    let encoded = encode_request(OPENAI, &request, &Facts::default()).expect("a document");
    let out: Value = serde_json::from_slice(&encoded.body).expect("JSON");
    assert_eq!(out["max_completion_tokens"], 9);
    assert_eq!(out["stop"], json!(["a"]));
    assert_eq!(out["stream_options"]["include_usage"], true);
    assert_eq!(out["reasoning_effort"], "medium");
    assert_eq!(out["parallel_tool_calls"], false);
    assert_eq!(out["tool_choice"], json!({"type": "function", "function": {"name": "f"}}));
    assert_eq!(
        out["tools"],
        json!([{"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}}}])
    );
    assert_eq!(
        out["messages"],
        json!([
            {"role": "system", "content": "s"},
            {"role": "user", "content": "go"},
            {"role": "assistant", "content": "calling", "tool_calls": [
                {"id": "toolu_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
            {"role": "tool", "tool_call_id": "toolu_1", "content": "Error: boom"},
            {"role": "user", "content": [
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
                {"type": "text", "text": "and?"}]},
        ])
    );
    let constraints: Vec<_> = encoded
        .losses
        .iter()
        .filter(|loss| loss.severity == Severity::Constraint)
        .map(|loss| loss.field.as_str())
        .collect();
    assert_eq!(constraints, ["tools[1]"]);
    let hints: Vec<_> = encoded
        .losses
        .iter()
        .filter(|loss| loss.severity == Severity::Hint)
        .map(|loss| loss.field.as_str())
        .collect();
    for part in
        ["cache_control", "top_k", "budget_tokens", "is_error", "messages[2].content", "messages[3].content"]
    {
        assert!(hints.iter().any(|hint| hint.contains(part)), "{part} is not among {hints:?}");
    }
}

#[test]
fn facts_of_the_model_are_obeyed() {
    let request = decode_request(OPENAI, &bytes(&full())).expect("a request");
    let facts = Facts {
        sampling: false,
        structured_output: false,
        tools: false,
        newer_openai_names: false,
        ..Facts::default()
    };
    let encoded = encode_request(OPENAI, &request, &facts).expect("a document");
    let out: Value = serde_json::from_slice(&encoded.body).expect("JSON");
    assert_eq!(
        (&out["temperature"], &out["tools"], &out["response_format"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    assert_eq!((&out["messages"][0]["role"], &out["max_tokens"]), (&json!("system"), &json!(5)));
    let lost: Vec<_> = encoded.losses.iter().map(|loss| (loss.field.as_str(), loss.severity)).collect();
    assert_eq!(
        lost,
        [
            ("tools", Severity::Constraint),
            ("response_format", Severity::Constraint),
            ("temperature", Severity::Hint),
            ("top_k", Severity::Hint),
        ]
    );
}

#[test]
fn seals_of_another_provider_travel_through_an_openai_caller() {
    let request = decode_request(OPENAI, &bytes(&full())).expect("a request");
    let sealed = &request.messages[8].content.parts;
    assert!(
        matches!(&sealed[0].kind, PartKind::Reasoning { text, signature: Some(seal) } if text == "deep" && seal == "sig")
    );
    assert!(matches!(&sealed[1].kind, PartKind::RedactedReasoning { data } if data == "sealed"));
    assert!(matches!(&sealed[2].kind, PartKind::Opaque { .. }));
}

fn spliced(dialect: Dialect, body: &str, edits: &[Edit], ask_for_usage: bool) -> String {
    let body = Bytes::from(body.to_owned());
    let out = splice(dialect, &body, &Splice { edits, ask_for_usage, ..Splice::default() })
        .expect("an object")
        .body;
    String::from_utf8(out.to_vec()).expect("UTF-8")
}

#[test]
fn a_splice_changes_what_it_must_and_nothing_else() {
    let body = Bytes::from_static(b" {\n \"model\" : \"a\",  \"messages\":[ ] , \"n\": 1.0 }\n");
    let same = splice(OPENAI, &body, &Splice::default()).expect("an object").body;
    assert_eq!(same.as_ptr(), body.as_ptr());
    let text = std::str::from_utf8(&body).expect("ascii");
    assert_eq!(
        spliced(OPENAI, text, &[Edit::Model("b".into())], true),
        " {\n \"model\" : \"b\",  \"messages\":[ ] , \"n\": 1.0 }\n"
    );
    let set = |parameter, value: u64| Edit::Set(parameter, Json::from(value));
    assert_eq!(
        spliced(
            OPENAI,
            text,
            &[set(Parameter::MaxTokens, 7), Edit::Drop(Parameter::Field("n".into()))],
            false
        ),
        " {\n \"model\" : \"a\",  \"messages\":[ ],\"max_completion_tokens\":7 }\n"
    );
    assert_eq!(
        spliced(OPENAI, "{\"max_tokens\": 9}", &[set(Parameter::MaxTokens, 7)], false),
        "{\"max_tokens\": 7}"
    );
    let cap = |most| [Edit::Cap(Parameter::MaxTokens, Json::from(most))];
    assert_eq!(spliced(OPENAI, "{\"max_tokens\": 9}", &cap(5), false), "{\"max_tokens\": 5}");
    assert_eq!(spliced(OPENAI, "{\"max_tokens\": 9}", &cap(50), false), "{\"max_tokens\": 9}");
    assert_eq!(spliced(OPENAI, "{}", &cap(50), false), "{}");
    let default = [Edit::Default(Parameter::Temperature, Json::from(1))];
    assert_eq!(spliced(OPENAI, "{\"temperature\":null}", &default, false), "{\"temperature\":1}");
    assert_eq!(spliced(OPENAI, "{\"temperature\":0}", &default, false), "{\"temperature\":0}");
}

#[test]
fn a_splice_asks_for_usage_and_takes_out_what_must_not_go_up() {
    assert_eq!(
        spliced(OPENAI, "{\"api_key\":\"k\",\"stream\":true,\"extra_body\":{}}", &[], true),
        "{\"stream\":true,\"stream_options\":{\"include_usage\":true}}"
    );
    assert_eq!(
        spliced(OPENAI, "{\"stream\":true,\"stream_options\":{\"include_usage\":false,\"x\":1}}", &[], true),
        "{\"stream\":true,\"stream_options\":{\"x\":1,\"include_usage\":true}}"
    );
    assert_eq!(spliced(OPENAI, "{\"stream\":false}", &[], true), "{\"stream\":false}");
    assert_eq!(spliced(Dialect::AnthropicMessages, "{\"stream\":true}", &[], true), "{\"stream\":true}");
    // Of two the last one counts, for us and for the provider; also under an escaped name.
    assert_eq!(
        spliced(OPENAI, "{\"model\":\"a\", \"x\":1, \"mod\\u0065l\":\"b\"}", &[], false),
        "{\"x\":1, \"mod\\u0065l\":\"b\"}"
    );
    assert!(splice(OPENAI, &Bytes::from_static(b"[]"), &Splice::default()).is_err());
}

#[test]
fn a_splice_adds_instructions() {
    let body =
        "{\"messages\":[{\"role\":\"system\",\"content\":\"a\"},{\"role\":\"user\",\"content\": \"u\"}]}";
    let roles = |edit: Edit| {
        let out: Value = serde_json::from_str(&spliced(OPENAI, body, &[edit], false)).expect("JSON");
        let messages = out["messages"].as_array().expect("a list").iter();
        messages.map(|message| message["content"].as_str().expect("text").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(roles(Edit::PrependSystem("x".into())), ["x", "a", "u"]);
    assert_eq!(roles(Edit::AppendSystem("x".into())), ["a", "x", "u"]);
    assert_eq!(roles(Edit::ReplaceSystem("x".into())), ["x", "u"]);
    let anthropic = |body: &str, edit: Edit| spliced(Dialect::AnthropicMessages, body, &[edit], false);
    assert_eq!(anthropic("{}", Edit::AppendSystem("x".into())), "{\"system\":\"x\"}");
    assert_eq!(
        anthropic("{\"system\":\"a\"}", Edit::PrependSystem("x".into())),
        "{\"system\":[{\"type\":\"text\",\"text\":\"x\"},{\"type\":\"text\",\"text\":\"a\"}]}"
    );
    assert_eq!(
        anthropic("{\"system\":[{\"type\":\"text\",\"text\":\"a\"}]}", Edit::AppendSystem("x".into())),
        "{\"system\":[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"text\",\"text\":\"x\"}]}"
    );
    assert_eq!(anthropic("{\"system\":\"a\"}", Edit::ReplaceSystem("x".into())), "{\"system\":\"x\"}");
}

#[test]
fn a_splice_knows_anthropics_spellings() {
    let spliced = |body: &str, edit: Edit| spliced(Dialect::AnthropicMessages, body, &[edit], false);
    let set = |parameter, value: Json| Edit::Set(parameter, value);
    assert_eq!(spliced("{}", set(Parameter::Stop, Json::string("a"))), "{\"stop_sequences\":[\"a\"]}");
    assert_eq!(spliced("{}", set(Parameter::Seed, Json::from(1))), "{}");
    assert_eq!(spliced("{}", set(Parameter::User, Json::string("u"))), "{\"metadata\":{\"user_id\":\"u\"}}");
    assert_eq!(
        spliced("{\"output_config\":{\"x\":1}}", set(Parameter::ReasoningEffort, Json::string("low"))),
        "{\"output_config\":{\"x\":1,\"effort\":\"low\"}}"
    );
    assert_eq!(
        spliced("{\"tools\":[{}]}", set(Parameter::ParallelToolCalls, Json::from(false))),
        "{\"tools\":[{}],\"tool_choice\":{\"type\":\"auto\",\"disable_parallel_tool_use\":true}}"
    );
    assert_eq!(spliced("{\"metadata\":{\"user_id\":\"u\"}}", Edit::Drop(Parameter::User)), "{}");
}

#[test]
fn edits_of_fields_reach_the_document() {
    let body = bytes(&json!({"model": "m", "messages": [{"role": "user", "content": "x"}], "a": 1}));
    let mut request = decode_request(OPENAI, &body).expect("a request");
    let edits = [
        Edit::Set(Parameter::Field("enable_thinking".into()), Json::from(false)),
        Edit::Default(Parameter::Field("a".into()), Json::from(2)),
        Edit::Default(Parameter::Field("b".into()), Json::from(3)),
        Edit::Drop(Parameter::Field("model".into())),
    ];
    apply(&mut request, &edits, OPENAI);
    let encoded = encode_request(OPENAI, &request, &Facts::default()).expect("a document");
    let out: Value = serde_json::from_slice(&encoded.body).expect("JSON");
    assert_eq!(
        out,
        json!({"messages": [{"role": "user", "content": "x"}], "a": 1, "enable_thinking": false, "b": 3})
    );
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "[ -~]{0,12}", "[é€😀\\\\\"\n]{0,4}"]
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        text().prop_map(Value::from)
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[a-f]{1,3}", inner, 0..3).prop_map(|map| json!(map)),
        ]
    })
}

fn part() -> impl Strategy<Value = Value> {
    prop_oneof![
        (text(), any_json()).prop_map(|(text, x)| json!({"type": "text", "text": text, "x": x})),
        (text(), any_json()).prop_map(|(url, x)| json!({"type": "image_url", "image_url": {"url": url, "x": x}})),
        text().prop_map(|data| json!({"type": "image_url", "image_url": {"url": format!("data:image/png;base64,{data}"), "detail": "auto"}})),
        text().prop_map(|data| json!({"type": "input_audio", "input_audio": {"data": data, "format": "mp3"}})),
        text().prop_map(|id| json!({"type": "file", "file": {"file_id": id}})),
        text().prop_map(|data| json!({"type": "file", "file": {"file_data": data, "filename": "f"}})),
        any_json().prop_map(|x| json!({"type": "other", "x": x})),
        any_json().prop_map(|mark| json!({"type": "text", "text": "t", "cache_control": mark})),
    ]
}

fn content() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        text().prop_map(Value::from),
        prop::collection::vec(part(), 0..3).prop_map(Value::from)
    ]
}

fn message() -> impl Strategy<Value = Value> {
    let call = (text(), text(), any::<bool>()).prop_map(|(id, arguments, custom)| {
        if custom {
            json!({"id": id, "type": "custom", "custom": {"name": "c", "input": arguments}})
        } else {
            json!({"id": id, "type": "function", "function": {"name": "f", "arguments": arguments, "x": null}, "index": 0})
        }
    });
    prop_oneof![
        (content(), any_json()).prop_map(|(content, x)| json!({"role": "user", "content": content, "x": x})),
        (content(), text()).prop_map(|(content, name)| json!({"role": "system", "content": content, "name": name})),
        (content(), text()).prop_map(|(content, id)| json!({"role": "tool", "content": content, "tool_call_id": id})),
        (content(), prop::collection::vec(call, 0..3), text(), prop::option::of(text())).prop_map(|(content, calls, reasoning, refusal)| {
            json!({"role": "assistant", "content": content, "tool_calls": calls, "reasoning_content": reasoning, "refusal": refusal})
        }),
    ]
}

fn request() -> impl Strategy<Value = Value> {
    let fields = prop::collection::btree_map(
        prop::sample::select(vec![
            "temperature",
            "top_p",
            "top_k",
            "seed",
            "n",
            "logit_bias",
            "logprobs",
            "max_tokens",
            "max_completion_tokens",
            "service_tier",
            "tool_choice",
            "response_format",
            "metadata",
            "store",
            "prediction",
            "thinking",
        ]),
        any_json(),
        0..8,
    );
    (prop::collection::vec(message(), 1..4), fields, prop::option::of(text()), prop::option::of(text()))
        .prop_map(|(messages, fields, user, stop)| {
            let mut request = json!({"model": "m", "messages": messages, "user": user, "stop": stop});
            request
                .as_object_mut()
                .expect("an object")
                .extend(fields.into_iter().map(|(name, value)| (name.to_owned(), value)));
            request
        })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_request_survives(request in request()) {
        prop_assert_eq!(again(&bytes(&request)), request);
    }

    #[test]
    fn a_spliced_model_is_the_only_difference(request in request()) {
        let out = spliced(OPENAI, &request.to_string(), &[Edit::Model("other".into())], false);
        let mut expected = request;
        expected["model"] = json!("other");
        prop_assert_eq!(serde_json::from_str::<Value>(&out).expect("JSON"), expected);
    }
}
