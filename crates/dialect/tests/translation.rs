//! What a translation must not lose, for each pair of dialects, streamed or not; and what must hold of any
//! answer.

use backstop_core::{
    Choice, Completion, Delta, Dialect, Event, Failure, Finish, FinishReason, Kind, Part, PartKind,
    RequestId, Start, Text, ToolCall, ToolKind, Usage,
};
use backstop_dialect::{
    Encoded, Facts, Severity, StreamDecoder, StreamEncoder, Voice, decode_answer, decode_request,
    encode_answer, encode_error, encode_request, peek,
};
use bytes::Bytes;
use proptest::{collection, prelude::*, sample};
use serde_json::{Value, json};

const PAIRS: [(Dialect, Dialect); 4] = [
    (Dialect::OpenaiChat, Dialect::OpenaiChat),
    (Dialect::OpenaiChat, Dialect::AnthropicMessages),
    (Dialect::AnthropicMessages, Dialect::OpenaiChat),
    (Dialect::AnthropicMessages, Dialect::AnthropicMessages),
];

fn voice() -> Voice {
    Voice { id: RequestId::from_u128(7), include_usage: true }
}

fn bytes(value: &Value) -> Bytes {
    Bytes::from(value.to_string())
}

fn value(bytes: &Bytes) -> Value {
    serde_json::from_slice(bytes)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(bytes)))
}

/// A request of one dialect in the other.
fn translate(from: Dialect, to: Dialect, body: &Value) -> (Value, Encoded) {
    let request = decode_request(from, &bytes(body)).expect("a request");
    let encoded = encode_request(to, &request, &Facts::default()).expect("a document");
    (value(&encoded.body), encoded)
}

fn to_anthropic(body: &Value) -> (Value, Encoded) {
    translate(Dialect::OpenaiChat, Dialect::AnthropicMessages, body)
}

fn lost(encoded: &Encoded, field: &str) -> Option<Severity> {
    encoded.losses.iter().find(|loss| loss.field.contains(field)).map(|loss| loss.severity)
}

fn as_document(dialect: Dialect, answer: &Completion) -> Completion {
    let encoded = encode_answer(dialect, answer, &voice());
    let deltas =
        decode_answer(dialect, &encoded.body).unwrap_or_else(|failure| panic!("{failure}: {encoded:?}"));
    Completion::from_deltas(&deltas)
}

fn as_stream(dialect: Dialect, deltas: &[Delta]) -> Completion {
    let mut encoder = StreamEncoder::new(dialect, voice());
    let mut stream = Vec::new();
    for delta in deltas {
        stream.extend_from_slice(&encoder.event(&Event::synthetic(vec![delta.clone()])));
    }
    stream.extend_from_slice(&encoder.finish());
    let events = read(dialect, &Bytes::from(stream), usize::MAX).expect("a stream");
    Completion::from_deltas(events.iter().flat_map(Event::deltas))
}

/// The events of a stream that comes in chunks of `size`.
fn read(dialect: Dialect, stream: &Bytes, size: usize) -> Result<Vec<Event>, Failure> {
    let (mut decoder, mut events) = (StreamDecoder::new(dialect, 1), Vec::new());
    for chunk in stream.chunks(size.min(stream.len()).max(1)) {
        decoder.push(Bytes::copy_from_slice(chunk));
        while let Some(event) = decoder.next_event() {
            events.push(event?);
        }
    }
    while let Some(event) = decoder.end() {
        events.push(event?);
    }
    Ok(events)
}

fn answer(parts: Vec<Part>, reason: FinishReason, native: &str) -> Completion {
    let start = Start { id: "a-1".into(), model: "m".into(), created: None };
    let choice = Choice { index: 0, parts, finish: Some(Finish::new(reason, native)), ..Choice::default() };
    let usage = Usage { input: 10, cache_read: 5, output: 7, reasoning: 2, ..Usage::default() };
    Completion { start, choices: vec![choice], usage: Some(usage), ..Completion::default() }
}

fn call(id: &str, arguments: &str) -> Part {
    let (id, arguments) = (id.into(), arguments.into());
    Part::new(PartKind::ToolCall(ToolCall { id, name: "f".into(), arguments, kind: ToolKind::Function }))
}

#[test]
fn the_terminal_reason_survives() {
    use FinishReason::{ContentFilter, Error, Length, Other, Pause, Refusal, Stop, StopSequence, ToolCalls};

    for dialect in Dialect::ALL {
        for (reason, expected) in [
            (Stop, &[Stop][..]),
            (StopSequence, &[Stop, StopSequence]),
            (Length, &[Length]),
            (ToolCalls, &[ToolCalls]),
            (ContentFilter, &[ContentFilter, Refusal]),
            (Refusal, &[ContentFilter, Refusal]),
            (Pause, &[Pause, Length]),
            (Error, &[Error, Length]),
            (Other, &[Other, Error, Length]),
        ] {
            let parts = if reason == ToolCalls { vec![call("c", "{}")] } else { vec![Part::text("so far")] };
            let answer = answer(parts, reason, "word-of-its-own");
            for back in [as_document(dialect, &answer), as_stream(dialect, &answer.to_deltas())] {
                let finish = back.choices[0].finish.as_ref().expect("an end");
                assert!(expected.contains(&finish.reason), "{dialect}: {reason:?} became {finish:?}");
            }
            if matches!(reason, ContentFilter | Error | Other) {
                let body = encode_answer(dialect, &answer, &voice()).body;
                assert!(
                    String::from_utf8_lossy(&body).contains("word-of-its-own"),
                    "{dialect}: the original is kept"
                );
            }
        }
    }
}

#[test]
fn one_stream_is_one_lifecycle() {
    // Two calls whose fragments come interleaved, then usage after the finish.
    let start = |block: u32, id: &str| Delta::ToolCallStart {
        choice: 0,
        block,
        id: id.into(),
        name: "f".into(),
        kind: ToolKind::Function,
    };
    let piece =
        |block: u32, fragment: &str| Delta::ToolCallArguments { choice: 0, block, fragment: fragment.into() };
    let deltas = [
        Delta::Start(Start { id: "a".into(), model: "m".into(), created: Some(1) }),
        Delta::Text { choice: 0, block: 0, text: Text::default() },
        Delta::Reasoning { choice: 0, block: 1, text: "hm".into() },
        Delta::Text { choice: 0, block: 2, text: "Hello".into() },
        start(3, "one"),
        start(4, "two"),
        piece(3, "{\"a\":"),
        piece(4, "{\"b\":"),
        piece(3, "1}"),
        piece(4, "\"}\"}"),
        Delta::Finish { choice: 0, finish: Finish::new(FinishReason::ToolCalls, "tool_calls") },
        Delta::Usage(Usage { input: 3, output: 4, ..Usage::default() }),
        Delta::End,
    ];
    let mut encoder = StreamEncoder::new(Dialect::AnthropicMessages, voice());
    let mut stream = String::new();
    for delta in &deltas {
        stream.push_str(&String::from_utf8_lossy(&encoder.event(&Event::synthetic(vec![delta.clone()]))));
    }
    assert!(encoder.finish().is_empty());
    let names: Vec<&str> = stream.lines().filter_map(|line| line.strip_prefix("event: ")).collect();
    let block = ["content_block_start", "content_block_delta", "content_block_stop"];
    let two = ["content_block_start", "content_block_delta", "content_block_delta", "content_block_stop"];
    let expected = [&["message_start"][..], &block, &block, &two, &two, &["message_delta", "message_stop"]];
    assert_eq!(names, expected.concat());
    for dialect in Dialect::ALL {
        let back = as_stream(dialect, &deltas);
        let parts: Vec<_> = back.choices[0].parts.iter().map(|part| &part.kind).collect();
        let PartKind::Reasoning { text, .. } = parts[0] else { panic!("{dialect}: {parts:?}") };
        assert_eq!(text, "hm");
        assert_eq!(parts.len(), 4, "{dialect}: {parts:?}");
        for (part, arguments) in parts[2..].iter().zip(["{\"a\":1}", "{\"b\":\"}\"}"]) {
            let PartKind::ToolCall(call) = part else { panic!("{dialect}: {parts:?}") };
            assert_eq!(call.arguments, arguments);
        }
        assert_eq!(back.usage.map(|usage| (usage.input, usage.output)), Some((3, 4)), "{dialect}");
    }
}

#[test]
fn an_end_without_a_finish_is_never_a_success() {
    for dialect in Dialect::ALL {
        let mut encoder = StreamEncoder::new(dialect, voice());
        let text = Delta::Text { choice: 0, block: 0, text: "half".into() };
        let start = Delta::Start(Start { id: "a".into(), model: "m".into(), created: None });
        let mut stream = encoder.event(&Event::synthetic(vec![start, text])).to_vec();
        stream.extend_from_slice(&encoder.finish());
        let ended = match read(dialect, &Bytes::from(stream), usize::MAX) {
            Err(_) => true,
            Ok(events) => {
                events.iter().flat_map(Event::finishes).all(|finish| finish.reason == FinishReason::Error)
            }
        };
        assert!(ended, "{dialect}");
        let mut encoder = StreamEncoder::new(dialect, voice());
        let failed = encoder.fail(&Failure::new(Kind::Overloaded, "busy"));
        assert_eq!(
            read(dialect, &failed, usize::MAX).expect_err("an error").kind(),
            Kind::Overloaded,
            "{dialect}"
        );
        assert!(encoder.finish().is_empty() && encoder.fail(&Failure::new(Kind::Server, "again")).is_empty());
    }
}

#[test]
fn constraints_survive_or_are_reported() {
    let (body, encoded) = to_anthropic(&json!({
        "model": "m", "messages": [{"role": "user", "content": "hi"}],
        "max_completion_tokens": 9, "stop": ["END", "\n"], "parallel_tool_calls": false,
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}, "strict": true}}],
        "tool_choice": {"type": "function", "function": {"name": "f"}},
        "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}, "strict": true}},
        "temperature": 1.5, "top_p": 0.5, "n": 2, "seed": 4, "logprobs": true, "presence_penalty": 0.5, "user": "u",
    }));
    assert_eq!(body["max_tokens"], 9);
    assert_eq!(body["stop_sequences"], json!(["END"]));
    assert_eq!(body["tool_choice"], json!({"type": "tool", "name": "f", "disable_parallel_tool_use": true}));
    assert_eq!(body["tools"], json!([{"name": "f", "input_schema": {"type": "object"}, "strict": true}]));
    assert_eq!(
        body["output_config"]["format"],
        json!({"type": "json_schema", "schema": {"type": "object", "additionalProperties": false}})
    );
    assert_eq!((&body["temperature"], body.get("top_p")), (&json!(1), None));
    assert_eq!(body["metadata"], json!({"user_id": "u"}));
    for field in ["n", "logprobs", "stop[1]"] {
        assert_eq!(lost(&encoded, field), Some(Severity::Constraint), "{field}: {:?}", encoded.losses);
    }
    for field in ["seed", "presence_penalty", "temperature", "top_p", "output"] {
        assert_eq!(lost(&encoded, field), Some(Severity::Hint), "{field}: {:?}", encoded.losses);
    }

    let (body, encoded) = translate(
        Dialect::AnthropicMessages,
        Dialect::OpenaiChat,
        &json!({
            "model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}], "stop_sequences": ["END"],
            "tools": [{"name": "f", "input_schema": {"type": "object", "additionalProperties": false}, "strict": true}],
            "tool_choice": {"type": "any", "disable_parallel_tool_use": true}, "top_k": 3,
            "output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}},
        }),
    );
    assert_eq!(body["tool_choice"], "required");
    assert_eq!(body["parallel_tool_calls"], false);
    assert_eq!(body["stop"], json!(["END"]));
    assert_eq!(body["tools"][0]["function"]["strict"], true);
    assert_eq!(body["response_format"]["json_schema"]["schema"], json!({"type": "object"}));
    assert!(lost(&encoded, "top_k").is_some(), "{:?}", encoded.losses);
}

// Each would be a 400 of the real API, which the caller could not understand: it did nothing wrong in its own dialect.
#[test]
fn what_anthropic_would_refuse_is_not_sent() {
    let call = |id: &str| json!({"role": "assistant", "tool_calls": [{"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}}]});
    let answer = |id: &str, said: &str| json!({"role": "tool", "tool_call_id": id, "content": said});
    let tool =
        |parameters: Value| json!({"type": "function", "function": {"name": "f", "parameters": parameters}});
    let (body, encoded) = to_anthropic(&json!({
        "model": "m", "tools": [tool(json!({})), tool(json!({})), tool(json!({"type": "object", "title": "another"}))],
        "messages": [
            {"role": "assistant", "content": "Welcome."}, {"role": "user", "content": "hi"},
            call("call_0"), answer("call_0", "first"), call("call_0"), answer("call_0", "second"),
            {"role": "assistant", "content": "So it is \n"},
        ],
    }));
    assert_eq!(body["tools"], json!([{"name": "f", "input_schema": {"type": "object"}}]));
    let talk = body["messages"].as_array().expect("messages");
    assert_eq!(talk[0], json!({"role": "user", "content": "hi"}));
    let (one, other) = (&talk[1]["content"][0]["id"], &talk[3]["content"][0]["id"]);
    assert_ne!(one, other);
    assert_eq!((&talk[2]["content"][0]["tool_use_id"], &talk[4]["content"][0]["tool_use_id"]), (one, other));
    assert_eq!(talk[5], json!({"role": "assistant", "content": "So it is"}));
    let losses = &encoded.losses;
    assert_eq!(lost(&encoded, "tools[2]"), Some(Severity::Constraint), "{losses:?}");
    assert!(losses.iter().any(|loss| loss.reason.contains("the user to speak first")), "{losses:?}");
    assert_eq!(lost(&encoded, "messages[6]"), Some(Severity::Hint), "{losses:?}");
}

#[test]
fn what_openai_would_refuse_is_not_sent() {
    let tool = |name: &str| json!({"name": name, "strict": true, "input_schema": {"type": "object", "properties": {"a": {}}, "additionalProperties": false}});
    let (body, encoded) = translate(
        Dialect::AnthropicMessages,
        Dialect::OpenaiChat,
        &json!({
            "model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}],
            "stop_sequences": ["a", "b", "c", "d", "e"], "tools": [tool("f"), tool(&"f".repeat(65))],
            "output_config": {"effort": "max"},
        }),
    );
    assert_eq!(body["stop"], json!(["a", "b", "c", "d"]));
    assert_eq!(body["tools"].as_array().map(Vec::len), Some(1));
    assert_eq!(body["tools"][0]["function"].get("strict"), None);
    assert_eq!(body["reasoning_effort"], "high");
    for (field, severity) in [
        ("stop", Severity::Constraint),
        ("tools[1].name", Severity::Constraint),
        ("tools[0].strict", Severity::Hint),
        ("effort", Severity::Hint),
    ] {
        assert_eq!(lost(&encoded, field), Some(severity), "{field}: {:?}", encoded.losses);
    }
}

#[test]
fn reasoning_is_asked_for_in_the_models_own_way() {
    let body = json!({"model": "m", "max_tokens": 30000, "reasoning_effort": "high", "temperature": 0.5,
        "messages": [{"role": "user", "content": "hi"}]});
    let request = decode_request(Dialect::OpenaiChat, &bytes(&body)).expect("a request");
    use backstop_dialect::ReasoningStyle::{Adaptive, Budget, None as NoReasoning};
    for (reasoning, thinking, effort) in [
        (Budget, json!({"type": "enabled", "budget_tokens": 16384}), Value::Null),
        (Adaptive, json!({"type": "adaptive"}), json!("high")),
        (NoReasoning, Value::Null, Value::Null),
    ] {
        let facts = Facts { reasoning, ..Facts::default() };
        let encoded = encode_request(Dialect::AnthropicMessages, &request, &facts).expect("a document");
        let written = value(&encoded.body);
        assert_eq!(
            (&written["thinking"], &written["output_config"]["effort"]),
            (&thinking, &effort),
            "{reasoning:?}"
        );
        assert!(!encoded.losses.is_empty(), "{reasoning:?}");
    }
}

#[test]
fn content_survives() {
    let png = "data:image/png;base64,AAAA";
    let (body, encoded) = to_anthropic(&json!({"model": "m", "messages": [
        {"role": "system", "content": "be kind"},
        {"role": "user", "content": [
            {"type": "text", "text": "see"},
            {"type": "image_url", "image_url": {"url": png}},
            {"type": "image_url", "image_url": {"url": "https://x.test/a.png"}},
            {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,BBBB"}},
            {"type": "input_audio", "input_audio": {"data": "CCCC", "format": "wav"}},
        ]},
        {"role": "user", "content": "and this"},
    ]}));
    assert_eq!(body["system"], "be kind");
    assert_eq!(body["max_tokens"], Facts::FALLBACK_MAX_TOKENS);
    assert_eq!(
        body["messages"],
        json!([{"role": "user", "content": [
            {"type": "text", "text": "see"},
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
            {"type": "image", "source": {"type": "url", "url": "https://x.test/a.png"}},
            {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "BBBB"}, "title": "a.pdf"},
            {"type": "text", "text": "and this"},
        ]}])
    );
    assert_eq!(lost(&encoded, "messages[1].content[4]"), Some(Severity::Constraint));
    assert_eq!(encoded.losses.len(), 1, "{:?}", encoded.losses);
    assert_eq!(body.as_object().map(|body| body.len()), Some(4), "nothing is invented: {body}");
}

#[test]
fn tool_results_follow_their_calls_and_ids_come_back() {
    let (body, encoded) = to_anthropic(&json!({"model": "m", "messages": [
        {"role": "user", "content": "add"},
        {"role": "assistant", "content": null, "tool_calls": [
            {"id": "functions.add:0", "type": "function", "function": {"name": "add", "arguments": "{\"a\": 1.0}"}},
            {"id": "call_2", "type": "function", "function": {"name": "add", "arguments": "{broken"}},
        ]},
        {"role": "tool", "tool_call_id": "functions.add:0", "content": "1"},
        {"role": "tool", "tool_call_id": "call_2", "content": "no"},
        {"role": "user", "content": "go on"},
    ]}));
    let calls = &body["messages"][1]["content"];
    assert_eq!(calls[0]["id"], "bs_functions_2eadd_3a0");
    assert!(String::from_utf8_lossy(&encoded.body).contains("\"input\":{\"a\": 1.0}"), "byte-equal");
    assert_eq!(calls[1]["input"], json!({"INVALID_JSON": "{broken"}));
    assert_eq!(
        body["messages"][2],
        json!({"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "bs_functions_2eadd_3a0", "content": "1"},
            {"type": "tool_result", "tool_use_id": "call_2", "content": "no"},
            {"type": "text", "text": "go on"},
        ]})
    );
    // A caller of Anthropic's dialect sees the legal id; the provider sees its own again.
    let answer = answer(vec![call("functions.add:0", "{}")], FinishReason::ToolCalls, "tool_calls");
    let seen = value(&encode_answer(Dialect::AnthropicMessages, &answer, &voice()).body);
    assert_eq!(seen["content"][0]["id"], "bs_functions_2eadd_3a0");
    let (body, _) = translate(
        Dialect::AnthropicMessages,
        Dialect::OpenaiChat,
        &json!({
        "model": "m", "max_tokens": 1, "messages": [
            {"role": "user", "content": "add"},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "bs_functions_2eadd_3a0", "name": "add", "input": {}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "bs_functions_2eadd_3a0", "content": "1"}]},
        ]}),
    );
    assert_eq!(body["messages"][1]["tool_calls"][0]["id"], "functions.add:0");
    assert_eq!(body["messages"][2]["tool_call_id"], "functions.add:0");
}

#[test]
fn reasoning_goes_back_to_its_maker_only_and_never_leaks() {
    let talk = json!({"model": "m", "max_tokens": 1, "messages": [
        {"role": "user", "content": "q"},
        {"role": "assistant", "content": [
            {"type": "thinking", "thinking": "secret", "signature": "seal"},
            {"type": "thinking", "thinking": "unsigned", "signature": ""},
            {"type": "redacted_thinking", "data": "sealed"},
            {"type": "text", "text": "a"}]},
        {"role": "user", "content": "q"}]});
    let (own, encoded) = translate(Dialect::AnthropicMessages, Dialect::AnthropicMessages, &talk);
    assert_eq!(own["messages"][1]["content"].as_array().map(Vec::len), Some(3));
    assert_eq!(lost(&encoded, "messages[1]"), Some(Severity::Hint));
    let (foreign, encoded) = translate(Dialect::AnthropicMessages, Dialect::OpenaiChat, &talk);
    assert!(!foreign["messages"][1]["content"].to_string().contains("secret"));
    assert!(lost(&encoded, "messages[1]").is_some());
    let reasoning = PartKind::Reasoning { text: "secret".into(), signature: None };
    let thought = answer(vec![Part::new(reasoning), Part::text("said")], FinishReason::Stop, "stop");
    for dialect in Dialect::ALL {
        for back in [as_document(dialect, &thought), as_stream(dialect, &thought.to_deltas())] {
            let said: String = back.choices[0]
                .parts
                .iter()
                .map(|part| match &part.kind {
                    PartKind::Text { text, .. } => text.as_str(),
                    _ => "",
                })
                .collect();
            assert_eq!(said, "said", "{dialect}");
        }
    }
}

#[test]
fn usage_is_exact_once() {
    let answer = answer(vec![Part::text("x")], FinishReason::Stop, "stop");
    for dialect in Dialect::ALL {
        for back in [as_document(dialect, &answer), as_stream(dialect, &answer.to_deltas())] {
            let usage = back.usage.expect("usage");
            let buckets = (usage.input, usage.cache_read, usage.output, usage.reasoning, usage.total());
            assert_eq!(buckets, (10, 5, 7, 2, 24), "{dialect}");
        }
    }
}

#[test]
fn fields_of_the_own_dialect_survive() {
    for (dialect, body) in [
        (
            Dialect::AnthropicMessages,
            json!({
            "model": "m", "max_tokens": 1, "cache_control": {"type": "ephemeral"}, "new": {"a": [1.0, null]},
            "thinking": {"type": "enabled", "budget_tokens": 1024, "display": "omitted"},
            "output_config": {"effort": "low", "new": 1}, "metadata": {"user_id": "u", "new": null},
            "system": [{"type": "text", "text": "s", "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
            "tools": [{"type": "web_search_20250305", "name": "web_search"}, {"name": "f", "input_schema": {}, "type": "custom"}],
            "tool_choice": null, "temperature": null,
            "messages": [
                {"role": "user", "content": [{"type": "document", "source": {"type": "content", "content": []}, "context": "c",
                    "citations": {"enabled": true}}, {"type": "search_result", "source": "x"}], "new": 1},
                {"role": "system", "content": "in the middle"},
                {"role": "assistant", "content": [{"type": "server_tool_use", "id": "s", "name": "n", "input": {}},
                    {"type": "text", "text": "", "citations": []}]},
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "x"},
                    {"type": "tool_result", "tool_use_id": "y", "is_error": true, "content": []}]}]}),
        ),
        (
            Dialect::OpenaiChat,
            json!({
            "model": "m", "new": {"a": [1.0, null]}, "max_tokens": 1, "n": 1, "tool_choice": null,
            "messages": [{"role": "developer", "content": "d", "new": 1}, {"role": "user", "name": "n", "content": [
                {"type": "text", "text": "t", "new": null}, {"type": "new", "x": 1}]}]}),
        ),
    ] {
        let (back, encoded) = translate(dialect, dialect, &body);
        assert_eq!(back, body, "{dialect}");
        assert_eq!(encoded.losses, [], "{dialect}");
    }
}

#[test]
fn malformed_input_is_the_callers_mistake() {
    let deep = format!("{{\"model\":\"m\",\"messages\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    for body in [
        &b""[..],
        b"[]",
        b"{",
        b"\xff\xfe",
        b"null",
        b"{\"model\":1,\"messages\":[]}",
        b"{\"model\":\"m\"}",
        b"{\"model\":\"m\",\"messages\":{}}",
        deep.as_bytes(),
    ] {
        let body = Bytes::copy_from_slice(body);
        for dialect in Dialect::ALL {
            for failure in [peek(dialect, &body).err(), decode_request(dialect, &body).err()] {
                let failure = failure.expect("refused");
                assert_eq!(failure.kind(), Kind::InvalidRequest, "{dialect}: {failure}");
                let written = value(&encode_error(dialect, &failure, &voice()));
                let word = match dialect {
                    Dialect::GeminiGenerate => ("status", "INVALID_ARGUMENT"),
                    _ => ("type", "invalid_request_error"),
                };
                assert_eq!(written["error"][word.0], word.1, "{dialect}");
            }
        }
    }
}

#[test]
fn credentials_in_a_body_go_nowhere() {
    for (from, to) in PAIRS {
        let (body, _) = translate(
            from,
            to,
            &json!({"model": "m", "max_tokens": 1, "api_key": "k", "base_url": "u",
            "extra_headers": {"authorization": "k"}, "messages": [{"role": "user", "content": "hi"}]}),
        );
        for field in ["api_key", "base_url", "extra_headers"] {
            assert_eq!(body.get(field), None, "{from} to {to}");
        }
    }
}

/// Letters that JSON and UTF-8 make trouble with.
fn text() -> impl Strategy<Value = String> {
    collection::vec(sample::select(vec!["a", "é", "\"", "\\", "\n", "𝄞", " ", "}", "data: x"]), 1..8)
        .prop_map(|parts| parts.concat())
}

fn part() -> impl Strategy<Value = Part> {
    prop_oneof![
        text().prop_map(|text| Part::text(Text::from(text))),
        text().prop_map(|text| Part::new(PartKind::Reasoning { text: text.into(), signature: None })),
        (text(), "[a-z.:_-]{0,9}").prop_map(|(text, id)| call(&id, &json!({ "a": text }).to_string())),
    ]
}

/// An answer that both dialects can say: neighbours of one kind are one piece, and calls stand last and have their own ids.
fn completion() -> impl Strategy<Value = Completion> {
    (collection::vec(part(), 0..5), any::<bool>()).prop_map(|(mut parts, cut)| {
        parts.dedup_by(|next, part| std::mem::discriminant(&next.kind) == std::mem::discriminant(&part.kind));
        parts.sort_by_key(|part| match part.kind {
            PartKind::Reasoning { .. } => 0,
            PartKind::Text { .. } => 1,
            _ => 2,
        });
        parts.dedup_by(|next, part| {
            !matches!(next.kind, PartKind::ToolCall(_))
                && std::mem::discriminant(&next.kind) == std::mem::discriminant(&part.kind)
        });
        for (number, part) in parts.iter_mut().enumerate() {
            if let PartKind::ToolCall(call) = &mut part.kind {
                call.id = format!("{}{number}", call.id).into();
            }
        }
        let calls = parts.iter().any(|part| matches!(part.kind, PartKind::ToolCall(_)));
        let reason = match (cut, calls) {
            (true, _) => FinishReason::Length,
            (_, true) => FinishReason::ToolCalls,
            _ => FinishReason::Stop,
        };
        answer(parts, reason, "other")
    })
}

/// What is equal whatever dialect said it.
fn shape(answer: &Completion) -> (Vec<PartKind>, Option<FinishReason>, Option<u64>) {
    let choice = answer.choices.first().cloned().unwrap_or_default();
    let mut parts: Vec<_> = choice.parts.into_iter().map(|part| part.kind).collect();
    for part in &mut parts {
        if let PartKind::Reasoning { signature, .. } = part {
            *signature = signature.take().filter(|signature| !signature.is_empty());
        }
    }
    (parts, choice.finish.map(|finish| finish.reason), answer.usage.as_ref().map(Usage::total))
}

proptest! {
    #[test]
    fn an_answer_survives_a_stream_and_a_document_of_any_dialect(answer in completion()) {
        for dialect in Dialect::ALL {
            prop_assert_eq!(shape(&as_document(dialect, &answer)), shape(&answer), "{}", dialect);
            prop_assert_eq!(shape(&as_stream(dialect, &answer.to_deltas())), shape(&answer), "{}", dialect);
        }
    }

    #[test]
    fn any_split_gives_the_same_events(answer in completion(), size in 1..40_usize) {
        for dialect in Dialect::ALL {
            let mut encoder = StreamEncoder::new(dialect, voice());
            let stream = encoder.event(&Event::synthetic(answer.to_deltas()));
            let whole = read(dialect, &stream, usize::MAX).expect("a stream");
            prop_assert_eq!(read(dialect, &stream, size).expect("a stream"), whole, "{}", dialect);
        }
    }
}
