//! Answers in OpenAI's dialect: whole and streamed, in and out, and errors.

use std::time::{Duration, Instant, SystemTime};

use backstop_core::{
    Completion, Delta, Dialect, Event, Failure, Finish, FinishReason, Kind, Part, PartKind, RequestId, Scope,
    Start, ToolKind, Usage,
};
use backstop_dialect::{
    ErrorResponse, StreamDecoder, StreamEncoder, Voice, decode_answer, decode_error, decode_request,
    encode_answer, encode_error, peek,
};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use proptest::prelude::*;
use serde_json::{Value, json};

const OPENAI: Dialect = Dialect::OpenaiChat;

fn voice(include_usage: bool) -> Voice {
    Voice { id: RequestId::from_u128(7), include_usage }
}

fn events(chunks: &[&[u8]], choices: u32) -> (Vec<Event>, Option<Failure>, StreamDecoder) {
    let mut decoder = StreamDecoder::new(OPENAI, choices);
    let mut events = Vec::new();
    for chunk in chunks {
        decoder.push(Bytes::copy_from_slice(chunk));
        while let Some(event) = decoder.next_event() {
            match event {
                Ok(event) => events.push(event),
                Err(failure) => return (events, Some(failure), decoder),
            }
        }
    }
    while let Some(event) = decoder.end() {
        match event {
            Ok(event) => events.push(event),
            Err(failure) => return (events, Some(failure), decoder),
        }
    }
    (events, None, decoder)
}

fn deltas(stream: &str) -> Vec<Delta> {
    let (events, failure, _) = events(&[stream.as_bytes()], 1);
    assert!(failure.is_none(), "{failure:?}");
    events.iter().flat_map(|event| event.deltas().to_vec()).collect()
}

fn stream(chunks: &[Value]) -> String {
    let chunks = chunks.iter().map(|chunk| format!("data: {chunk}\n\n"));
    chunks.chain(["data: [DONE]\n\n".to_owned()]).collect()
}

#[expect(clippy::needless_pass_by_value, reason = "reads as the JSON that it builds")]
fn chunk(delta: Value, finish: Option<&str>) -> Value {
    json!({"id": "c1", "object": "chat.completion.chunk", "created": 5, "model": "m",
           "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})
}

#[expect(clippy::needless_pass_by_value, reason = "reads as the JSON that it builds")]
fn call(piece: Value) -> Value {
    chunk(json!({"tool_calls": [piece]}), None)
}

fn corpus() -> Vec<(String, Value)> {
    let Some(directory) = std::env::var_os("BACKSTOP_CORPUS") else { return Vec::new() };
    let files = std::fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("a file").path());
    let exchanges = files.filter(|path| path.extension().is_some_and(|end| end == "json")).map(|path| {
        let text = std::fs::read_to_string(&path).expect("text");
        (path.display().to_string(), serde_json::from_str::<Value>(&text).expect("JSON"))
    });
    exchanges
        .filter(|(_, exchange)| exchange["dialect"] == "openai-chat" || exchange["dialect"] == "mistral-chat")
        .collect()
}

#[test]
fn a_plain_stream() {
    let text = stream(&[
        chunk(json!({"role": "assistant", "content": ""}), None),
        chunk(json!({"content": "Hel"}), None),
        chunk(json!({"content": "lo"}), None),
        chunk(json!({}), Some("stop")),
        json!({"id": "c1", "choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 4, "total_tokens": 14,
               "prompt_tokens_details": {"cached_tokens": 6}, "completion_tokens_details": {"reasoning_tokens": 1}}}),
    ]);
    let (events, failure, decoder) = events(&[text.as_bytes()], 1);
    assert!(failure.is_none() && decoder.is_complete() && decoder.is_terminated());
    let deltas: Vec<_> = events.iter().flat_map(|event| event.deltas().to_vec()).collect();
    let text = |text: &str| Delta::Text { choice: 0, block: 0, text: text.into() };
    assert_eq!(deltas[0], Delta::Start(Start { id: "c1".into(), model: "m".into(), created: Some(5) }));
    assert_eq!(
        deltas[1..4],
        [
            text("Hel"),
            text("lo"),
            Delta::Finish { choice: 0, finish: Finish::new(FinishReason::Stop, "stop") }
        ]
    );
    let Delta::Usage(usage) = &deltas[4] else { panic!("usage") };
    assert_eq!((usage.input, usage.cache_read, usage.output, usage.reasoning), (4, 6, 3, 1));
    assert_eq!(deltas[5..], [Delta::End]);
}

#[test]
fn text_is_not_copied_out_of_its_chunk() {
    let chunk = Bytes::from(stream(&[chunk(json!({"content": "hello"}), None)]));
    let mut decoder = StreamDecoder::new(OPENAI, 1);
    decoder.push(chunk.clone());
    let event = decoder.next_event().expect("an event").expect("valid");
    let Some(Delta::Text { text, .. }) = event.deltas().last() else { panic!("text") };
    let range = chunk.as_ptr() as usize..chunk.as_ptr() as usize + chunk.len();
    assert!(range.contains(&(text.as_ptr() as usize)));
    assert!(range.contains(&(event.wire().expect("wire").bytes.as_ptr() as usize)));
}

#[test]
fn the_accents_of_compatible_servers() {
    // Azure: a first chunk without id and choices. Qwen: `id: ""` in later pieces. Whole calls, missing indices.
    let text = stream(&[
        json!({"id": "", "model": "", "choices": [], "prompt_filter_results": []}),
        chunk(json!({"reasoning": "hm", "content": null}), None),
        chunk(json!({"content": "so", "obfuscation": "xyz"}), None),
        call(json!({"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": ""}})),
        call(json!({"index": 0, "id": "", "function": {"name": null, "arguments": "{\"x\""}})),
        call(json!({"index": 0, "function": {"arguments": ":1}"}})),
        call(json!({"index": 0, "id": "b", "function": {"name": "g", "arguments": {"y": 2}}})),
        call(json!({"id": "", "function": {"name": "h"}})),
        chunk(json!({"content": "", "tool_calls": null}), Some("stop")),
    ]);
    let completion = Completion::from_deltas(&deltas(&text));
    assert_eq!(completion.start.id, "c1");
    let parts = &completion.choices[0].parts;
    assert_eq!(parts[0].kind, PartKind::Reasoning { text: "hm".into(), signature: None });
    assert_eq!(parts[1], Part::text("so"));
    let calls: Vec<_> = parts[2..]
        .iter()
        .map(|part| match &part.kind {
            PartKind::ToolCall(call) => (call.id.as_str(), call.name.as_str(), call.arguments.as_str()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(calls, [("a", "f", "{\"x\":1}"), ("b", "g", "{\"y\":2}"), ("call_c1_0_2", "h", "")]);
    assert_eq!(completion.choices[0].finish.as_ref().expect("a finish").reason, FinishReason::ToolCalls);
}

#[test]
fn several_choices_end_one_by_one() {
    let both = json!({"id": "c", "choices": [{"index": 0, "delta": {"content": "a"}}, {"index": 1, "delta": {"content": "b"}}]});
    let end =
        |index: u32| json!({"id": "c", "choices": [{"index": index, "delta": {}, "finish_reason": "stop"}]});
    let text = stream(&[both.clone(), end(1)]);
    assert!(!events(&[text.as_bytes()], 2).2.is_complete());
    let text = stream(&[both, end(1), end(0)]);
    assert!(events(&[text.as_bytes()], 2).2.is_complete());
}

#[test]
fn comments_and_blank_lines_are_pings() {
    let finish = "data: {\"choices\":[{\"finish_reason\":\"stop\"}]}\n\n";
    let text = format!(": OPENROUTER PROCESSING\n\n\n{finish}data: [DONE]\n\n: late\n\n");
    let deltas = deltas(&text);
    assert_eq!(deltas[..2], [Delta::Ping, Delta::Ping]);
    assert_eq!(deltas.last(), Some(&Delta::End));
    assert_eq!(deltas.iter().filter(|delta| matches!(delta, Delta::Ping | Delta::End)).count(), 3);
}

#[test]
fn a_terminator_in_the_middle_of_the_answer_is_malformed() {
    for text in
        ["data: [DONE]\n\n", "data: {\"choices\":[{\"delta\":{\"content\":\"Hel\"}}]}\n\ndata: [DONE]\n\n"]
    {
        let (_, failure, _) = events(&[text.as_bytes()], 1);
        assert_eq!(failure.map(|failure| failure.kind()), Some(Kind::Malformed), "{text}");
    }
}

#[test]
fn errors_inside_a_200_are_failures_of_their_kind() {
    for (text, kind, scope) in [
        ("data: {\"error\":{\"code\":429,\"message\":\"slow\"}}\n\n", Kind::RateLimited, Scope::KeyModel),
        (
            "data: {\"error\":{\"code\":502,\"message\":\"x\"},\"id\":\"c\",\"choices\":[]}\n\n",
            Kind::Server,
            Scope::Endpoint,
        ),
        (
            "event: error\ndata: {\"error\":{\"code\":\"tool_use_failed\",\"status_code\":400}}\n\n",
            Kind::Malformed,
            Scope::Request,
        ),
        ("event: error\ndata: no json\n\n", Kind::Server, Scope::Endpoint),
        (
            "data: {\"object\":\"error\",\"message\":\"maximum context length is 5\",\"code\":400}\n\n",
            Kind::ContextLength,
            Scope::Request,
        ),
        ("data: {\"error\":\"text\"}\n\n", Kind::Server, Scope::Endpoint),
        ("data: <html>\n\n", Kind::Malformed, Scope::Endpoint),
        ("data: {\"choices\":{}}\n\n", Kind::Malformed, Scope::Endpoint),
    ] {
        let (_, failure, _) = events(&[text.as_bytes()], 1);
        let failure = failure.unwrap_or_else(|| panic!("{text} is a failure"));
        assert_eq!((failure.kind(), failure.scope()), (kind, scope), "{text}");
    }
    for (text, kind) in [
        ("{\"error\":{\"code\":401,\"message\":\"x\"}}", Kind::Unauthorized),
        ("{\"choices\":[]}", Kind::Malformed),
        ("{}", Kind::Malformed),
        ("<html>", Kind::Malformed),
        ("{\"choices\":[{\"message\":{\"content\":\"x\"},\"finish_reason\":null}]}", Kind::Malformed),
        ("{\"choices\":[{\"finish_reason\":\"stop\"}]}", Kind::Malformed),
        (
            "{\"choices\":[{\"error\":{\"code\":503},\"finish_reason\":\"error\",\"message\":{}}]}",
            Kind::Malformed,
        ),
    ] {
        let failure = decode_answer(OPENAI, &Bytes::from(text)).expect_err(text);
        assert!(failure.kind() == kind || text.contains("503"), "{text}: {failure:?}");
    }
}

fn answer() -> Value {
    json!({
        "id": "c1", "object": "chat.completion", "created": 5, "model": "m", "system_fingerprint": null, "service_tier": "default",
        "choices": [{"index": 0, "logprobs": null, "finish_reason": "tool_calls", "message": {
            "role": "assistant", "content": null, "refusal": null, "annotations": [], "reasoning": "hm",
            "tool_calls": [{"id": "a", "type": "function", "function": {"name": "f", "arguments": "{\"x\": 1}"}}]}}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7, "cost": 0.10},
    })
}

fn through(answer: &Value) -> Value {
    let deltas = decode_answer(OPENAI, &Bytes::from(answer.to_string())).expect("an answer");
    let encoded = encode_answer(OPENAI, &Completion::from_deltas(&deltas), &voice(false));
    assert_eq!(encoded.losses, []);
    serde_json::from_slice(&encoded.body).expect("JSON")
}

#[test]
fn a_whole_answer_survives() {
    assert_eq!(through(&answer()), answer());
    let mut refused = answer();
    refused["choices"][0]["message"] = json!({"role": "assistant", "content": null, "refusal": "no"});
    refused["choices"][0]["finish_reason"] = json!("stop");
    assert_eq!(through(&refused), refused);
}

#[test]
fn recorded_answers_survive() {
    let mut seen = 0;
    for (name, exchange) in corpus() {
        let response = &exchange["response"];
        if response["status"] != 200 {
            continue;
        }
        seen += 1;
        if let Some(text) = response["sse"].as_str() {
            let (events, failure, decoder) = events(&[text.as_bytes()], 1);
            let broken = text.contains("event: error") || text.contains("\"error\":{");
            assert_eq!(failure.is_some(), broken, "{name}: {failure:?}");
            assert!(broken || decoder.is_complete(), "{name}");
            // The caller of the same dialect gets the provider's own bytes.
            let mut encoder = StreamEncoder::new(OPENAI, voice(true));
            let wire: Vec<u8> = events.iter().flat_map(|event| encoder.event(event).to_vec()).collect();
            assert!(text.as_bytes().starts_with(&wire), "{name}");
            assert!(broken || !decoder.is_terminated() || encoder.finish().is_empty(), "{name}");
            let completion = Completion::from_deltas(events.iter().flat_map(Event::deltas));
            assert!(broken || completion.choices.iter().all(|choice| choice.finish.is_some()), "{name}");
        } else if response["body"]["choices"].is_array() && exchange["dialect"] == "openai-chat" {
            let body = &response["body"];
            let out = through(body);
            assert_eq!(out, *body, "{name}");
        }
    }
    assert!(seen > 0 || std::env::var_os("BACKSTOP_CORPUS").is_none());
}

#[test]
fn usage_is_taken_apart() {
    let usage = |usage: Value| {
        let mut answer = answer();
        answer["usage"] = usage;
        let deltas = decode_answer(OPENAI, &Bytes::from(answer.to_string())).expect("an answer");
        Completion::from_deltas(&deltas).usage.map(|usage| Usage { native: None, ..usage })
    };
    let none = Usage::default();
    assert_eq!(
        usage(
            json!({"prompt_tokens": 1220, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 2, "cache_write_tokens": 1217}})
        ),
        Some(Usage { input: 1, cache_read: 2, cache_write: 1217, output: 1, ..none.clone() })
    );
    // DeepSeek.
    assert_eq!(
        usage(
            json!({"prompt_tokens": 10, "completion_tokens": 1, "prompt_cache_hit_tokens": 8, "prompt_cache_miss_tokens": 2})
        ),
        Some(Usage { input: 2, cache_read: 8, output: 1, ..none.clone() })
    );
    // xAI counts reasoning beside the rest, Mistral audio.
    assert_eq!(
        usage(
            json!({"prompt_tokens": 466, "completion_tokens": 68, "total_tokens": 800, "completion_tokens_details": {"reasoning_tokens": 266}})
        ),
        Some(Usage { input: 466, output: 68, reasoning: 266, ..none.clone() })
    );
    assert_eq!(
        usage(
            json!({"prompt_tokens": 9, "completion_tokens": 201, "total_tokens": 585, "prompt_tokens_details": {"audio_tokens": 375}})
        ),
        Some(Usage { input: 9, audio_input: 375, output: 201, ..none })
    );
    assert_eq!(usage(Value::Null), None);
}

/// The stream that an encoder makes of `events`, as chunks, with what ends it.
fn written(events: &[Event], voice: Voice) -> (Vec<Value>, String) {
    let mut encoder = StreamEncoder::new(OPENAI, voice);
    let mut text: String =
        events.iter().map(|event| String::from_utf8(encoder.event(event).to_vec()).expect("UTF-8")).collect();
    text += std::str::from_utf8(&encoder.finish()).expect("UTF-8");
    let lines =
        text.split("\n\n").filter_map(|event| event.strip_prefix("data: ")).filter(|data| *data != "[DONE]");
    (lines.map(|data| serde_json::from_str(data).expect("JSON")).collect(), text)
}

fn foreign() -> Vec<Event> {
    let finish = Finish { reason: FinishReason::Pause, native: "pause_turn".into(), stop_sequence: None };
    [
        vec![Delta::Start(Start { id: "msg_1".into(), model: "claude".into(), created: None })],
        vec![Delta::Reasoning { choice: 0, block: 0, text: "h".into() }],
        vec![Delta::Reasoning { choice: 0, block: 0, text: "m".into() }],
        vec![Delta::Signature { choice: 0, block: 0, signature: "sig".into() }],
        vec![
            Delta::Text { choice: 0, block: 1, text: "hi \"é\"".into() },
            Delta::Text { choice: 0, block: 1, text: "".into() },
        ],
        vec![Delta::ToolCallStart {
            choice: 0,
            block: 4,
            id: "t1".into(),
            name: "f".into(),
            kind: ToolKind::Function,
        }],
        vec![Delta::ToolCallArguments { choice: 0, block: 4, fragment: "{}".into() }],
        vec![Delta::ToolCallStart {
            choice: 0,
            block: 5,
            id: "t2".into(),
            name: "g".into(),
            kind: ToolKind::Function,
        }],
        vec![Delta::Ping],
        vec![Delta::Usage(Usage { input: 3, cache_read: 2, output: 4, ..Usage::default() })],
        vec![Delta::Finish { choice: 0, finish }],
        vec![Delta::End],
    ]
    .into_iter()
    .map(Event::synthetic)
    .collect()
}

#[test]
fn a_foreign_stream_is_written_by_the_grammar() {
    let (chunks, text) = written(&foreign(), voice(true));
    assert!(
        text.ends_with("data: [DONE]\n\n")
            && text.matches("[DONE]").count() == 1
            && text.contains(": ping\n\n")
    );
    assert!(chunks.iter().all(|chunk| chunk["id"] == "msg_1"
        && chunk["object"] == "chat.completion.chunk"
        && chunk["model"] == "claude"));
    let deltas: Vec<&Value> = chunks.iter().map(|chunk| &chunk["choices"][0]["delta"]).collect();
    assert_eq!(deltas[0], &json!({"role": "assistant", "content": ""}));
    assert_eq!(deltas[1..3], [&json!({"reasoning_content": "h"}), &json!({"reasoning_content": "m"})]);
    assert_eq!(
        deltas[3]["reasoning_details"],
        json!([{"type": "reasoning.text", "text": "hm", "signature": "sig", "format": "anthropic-claude-v1", "index": 0}])
    );
    assert_eq!(deltas[4], &json!({"content": "hi \"é\""}));
    assert_eq!(
        deltas[5]["tool_calls"][0],
        json!({"index": 0, "id": "t1", "type": "function", "function": {"name": "f", "arguments": ""}})
    );
    assert_eq!(deltas[6]["tool_calls"][0], json!({"index": 0, "function": {"arguments": "{}"}}));
    assert_eq!(deltas[7]["tool_calls"][0]["index"], 1);
    assert_eq!(deltas[8]["tool_calls"][0], json!({"index": 1, "function": {"arguments": "{}"}}));
    assert_eq!(chunks[9]["choices"][0]["finish_reason"], "length");
    assert_eq!(chunks[9]["choices"][0]["native_finish_reason"], "pause_turn");
    assert_eq!((&chunks[10]["choices"], &chunks[10]["usage"]["prompt_tokens"]), (&json!([]), &json!(5)));
    assert_eq!(chunks.len(), 11);
    // Read again it says the same.
    let again = Completion::from_deltas(&deltas_of(&text));
    assert_eq!(
        again.choices[0].parts[0].kind,
        PartKind::Reasoning { text: "hm".into(), signature: Some("sig".into()) }
    );
    let (chunks, _) = written(&foreign(), voice(false));
    assert!(chunks.iter().all(|chunk| chunk.get("usage").is_none()));
}

fn deltas_of(text: &str) -> Vec<Delta> {
    deltas(text)
}

#[test]
fn usage_alone_is_hidden_from_a_caller_who_did_not_ask() {
    let text = stream(&[
        chunk(json!({"content": "a"}), None),
        chunk(json!({}), Some("stop")),
        json!({"id": "c1", "choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 1}}),
    ]);
    let (events, ..) = events(&[text.as_bytes()], 1);
    let pass = |voice| written(&events, voice).1;
    assert_eq!(pass(voice(true)), text);
    let hidden = pass(voice(false));
    assert!(
        !hidden.contains("usage")
            && hidden.ends_with("data: [DONE]\n\n")
            && text.starts_with(&hidden[..hidden.len() - 14])
    );
}

#[test]
fn an_end_without_a_finish_is_no_success_and_a_failure_is_told() {
    let events = &foreign()[..5];
    let (chunks, text) = written(events, voice(true));
    assert_eq!(chunks.last().expect("a chunk")["choices"][0]["finish_reason"], "error");
    assert!(text.ends_with("data: [DONE]\n\n"));
    let mut encoder = StreamEncoder::new(OPENAI, voice(true));
    events.iter().for_each(|event| drop(encoder.event(event)));
    let failure = Failure::new(Kind::Overloaded, "anthropic is overloaded");
    let text = String::from_utf8(encoder.fail(&failure).to_vec()).expect("UTF-8");
    let (data, done) = text.strip_prefix("data: ").expect("data").split_once("\n\n").expect("an event");
    let chunk: Value = serde_json::from_str(data).expect("JSON");
    assert_eq!(chunk["error"]["error_type"], "provider_overloaded");
    assert_eq!(
        (&chunk["error"]["message"], &chunk["id"]),
        (&json!("anthropic is overloaded"), &json!("msg_1"))
    );
    assert_eq!(done, "data: [DONE]\n\n");
    assert!(encoder.finish().is_empty() && encoder.fail(&failure).is_empty());
}

fn error(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> Failure {
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| (http::HeaderName::from_static(name), http::HeaderValue::from_static(value)))
        .collect();
    let status = StatusCode::from_u16(status).expect("a status");
    decode_error(
        OPENAI,
        &ErrorResponse {
            status,
            headers: &headers,
            body: &Bytes::from(body.to_owned()),
            wall: SystemTime::UNIX_EPOCH,
        },
    )
}

#[test]
fn errors_are_classed_and_written_again() {
    let body = r#"{"error":{"message":"too long","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}"#;
    let failure = error(400, &[], body);
    assert_eq!((failure.kind(), failure.status()), (Kind::ContextLength, StatusCode::BAD_REQUEST));
    let out: Value = serde_json::from_slice(&encode_error(OPENAI, &failure, &voice(false))).expect("JSON");
    assert_eq!(out["error"]["message"], "too long");
    assert_eq!(
        (&out["error"]["param"], &out["error"]["code"]),
        (&json!("messages"), &json!("context_length_exceeded"))
    );
    assert_eq!(out["error"]["error_type"], "context_length_exceeded");
    assert_eq!(out["error"]["metadata"]["request_id"], "00000000-0000-0000-0000-000000000007");

    let failure =
        error(401, &[], r#"{"error":{"message":"Incorrect API key provided","code":"invalid_api_key"}}"#);
    let out: Value = serde_json::from_slice(&encode_error(OPENAI, &failure, &voice(false))).expect("JSON");
    assert_eq!(
        (failure.kind(), &out["error"]["code"]),
        (Kind::Unauthorized, &json!("provider_authentication"))
    );

    let failure = error(429, &[("retry-after-ms", "250")], "{}");
    assert_eq!(
        (failure.kind(), failure.retry_after()),
        (Kind::RateLimited, Some(Duration::from_millis(250)))
    );
    let google = r#"[{"error":{"code":429,"message":"Quota","status":"RESOURCE_EXHAUSTED","details":[
        {"@type":"x/RetryInfo","retryDelay":"27s"},{"violations":[{"quotaId":"RequestsPerDay"}]}]}}]"#;
    let failure = error(429, &[], google);
    assert_eq!(
        (failure.kind(), failure.retry_after()),
        (Kind::QuotaExhausted, Some(Duration::from_secs(27)))
    );
    let router = r#"{"error":{"code":429,"message":"x","metadata":{"headers":{"Retry-After":"3"}}}}"#;
    assert_eq!(error(429, &[], router).retry_after(), Some(Duration::from_secs(3)));
    let azure =
        r#"{"error":{"code":"x","message":"y","innererror":{"code":"ResponsibleAIPolicyViolation"}}}"#;
    assert_eq!(error(400, &[], azure).kind(), Kind::ContentFilter);
    let moderation =
        r#"{"error":{"code":403,"message":"y","metadata":{"reasons":["z"],"flagged_input":"w"}}}"#;
    assert_eq!(error(403, &[], moderation).kind(), Kind::ContentFilter);
    let mistral = r#"{"object":"error","message":"Invalid model: x","type":"invalid_model","code":"1500"}"#;
    assert_eq!(error(400, &[], mistral).kind(), Kind::ModelNotFound);
    assert_eq!(error(422, &[], r#"{"detail":[{"type":"missing"}]}"#).kind(), Kind::InvalidRequest);
    assert_eq!(
        error(400, &[], r#"{"code":"x","error":"Incorrect API key provided"}"#).kind(),
        Kind::Unauthorized
    );
    let html = error(502, &[], "<html>bad gateway</html>");
    assert_eq!((html.kind(), html.message()), (Kind::Server, "the provider answered 502 Bad Gateway"));
}

#[test]
fn recorded_errors_are_classed() {
    let kinds =
        corpus().into_iter().filter(|(_, exchange)| exchange["response"]["status"].as_u64() >= Some(400));
    for (name, exchange) in kinds {
        let status = exchange["response"]["status"].as_u64().expect("a status");
        let failure =
            error(u16::try_from(status).expect("a status"), &[], &exchange["response"]["body"].to_string());
        let expected: &[Kind] = match status {
            401 | 403 => &[Kind::Unauthorized],
            404 => &[Kind::ModelNotFound],
            429 => &[Kind::RateLimited],
            _ => &[
                Kind::InvalidRequest,
                Kind::ContextLength,
                Kind::ModelNotFound,
                Kind::Unsupported,
                Kind::Malformed,
            ],
        };
        assert!(expected.contains(&failure.kind()), "{name}: {failure:?}");
    }
}

/// A stream in which everything occurs, in several spellings.
fn rich() -> String {
    stream(&[
        chunk(json!({"role": "assistant", "content": ""}), None),
        chunk(json!({"reasoning": "x", "reasoning_details": [{"type": "reasoning.text", "text": "x", "format": "anthropic-claude-v1"}]}), None),
        chunk(json!({"reasoning_details": [{"type": "reasoning.text", "signature": "s", "format": "anthropic-claude-v1"},
            {"type": "reasoning.encrypted", "data": "d", "format": "anthropic-claude-v1"}]}), None),
        chunk(json!({"content": "é€😀\n", "annotations": [{"type": "url_citation"}]}), None),
        chunk(json!({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "t"}]}, {"type": "text", "text": "u"}]}), None),
        call(json!({"index": 0, "id": "a", "function": {"name": "f", "arguments": "{\"k\":"}})),
        call(json!({"index": 0, "function": {"arguments": "\"€\"}"}})),
        call(json!({"index": 1, "id": "b", "type": "custom", "custom": {"name": "g", "input": "ls"}})),
        chunk(json!({"refusal": "no", "function_call": {"name": "h"}, "audio": {"id": "i"}}), None),
        chunk(json!({}), Some("length")),
        json!({"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2}, "x_groq": {"usage": {}}}),
    ])
    .replace("data: [DONE]", ": comment\r\n\r\ndata: [DONE]")
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_split_gives_the_same_events(cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20)) {
        let text = rich();
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
        cuts.extend([0, text.len()]);
        cuts.sort_unstable();
        let chunks: Vec<_> = cuts.windows(2).map(|pair| &text.as_bytes()[pair[0]..pair[1]]).collect();
        let (whole, ..) = events(&[text.as_bytes()], 1);
        let (split, failure, _) = events(&chunks, 1);
        prop_assert!(failure.is_none());
        prop_assert_eq!(split, whole);
    }

    #[test]
    fn what_is_written_reads_the_same(texts in prop::collection::vec("[ -~é€😀\n]{1,8}", 1..6)) {
        // One block after the other, each of another kind.
        let mut all = vec![Delta::Start(Start { id: "x".into(), model: "m".into(), created: Some(1) })];
        for (block, text) in (0_u32..).zip(&texts) {
            let (choice, text) = (0, text.as_str().into());
            all.push(if block % 2 == 0 { Delta::Reasoning { choice, block, text } } else { Delta::Text { choice, block, text } });
        }
        all.push(Delta::Finish { choice: 0, finish: Finish::new(FinishReason::Stop, "stop") });
        all.push(Delta::End);
        let (_, text) = written(&[Event::synthetic(all.clone())], voice(false));
        prop_assert_eq!(deltas(&text), all);
    }
}

/// How long each decoder is fed with garbage: `BACKSTOP_FUZZ_SECONDS`, one second where nothing is said.
fn fuzz(valid: &[Bytes], decode: impl Fn(&Bytes)) {
    let seconds = std::env::var("BACKSTOP_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    #[expect(clippy::disallowed_methods, reason = "a real second of work is what is asked for")]
    let (start, now) = (Instant::now(), Instant::now);
    // Xorshift: any numbers will do, and a fixed seed makes a failure come again.
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below.max(1) as u64).expect("small")
    };
    let tokens: [&[u8]; 14] = [
        b"{", b"}", b"[", b"]", b"\"", b",", b":", b"null", b"1e999", b"\\u", b"\\ud800", b"\n\n", b"data: ",
        b"\xff",
    ];
    while now().duration_since(start) < Duration::from_secs(seconds) {
        for _ in 0..64 {
            let mut bytes = valid[random(valid.len())].to_vec();
            for _ in 0..=random(6) {
                let at = random(bytes.len() + 1);
                match random(4) {
                    0 => bytes.truncate(at),
                    1 => drop(bytes.splice(at..at, tokens[random(tokens.len())].iter().copied())),
                    2 if at < bytes.len() => bytes[at] = u8::try_from(random(256)).expect("a byte"),
                    _ => drop(bytes.drain(at..(at + random(20)).min(bytes.len()))),
                }
            }
            decode(&Bytes::from(bytes));
        }
    }
}

#[test]
fn no_request_makes_the_decoders_panic() {
    let request = json!({"model": "m", "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:a/b;base64,x"}}]},
        {"role": "assistant", "content": null, "tool_calls": [{"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
         "reasoning_details": [{"type": "reasoning.text", "text": "t", "signature": "s", "format": "anthropic-claude-v1"}]},
        {"role": "tool", "tool_call_id": "a", "content": "x"}], "tools": [{"type": "function", "function": {"name": "f"}}],
        "stream_options": {"include_usage": true}, "response_format": {"type": "json_schema", "json_schema": {"schema": {}}}});
    fuzz(&[Bytes::from(request.to_string())], |body| {
        let known = peek(OPENAI, body);
        if let Ok(request) = decode_request(OPENAI, body) {
            let facts = backstop_dialect::Facts::default();
            let encoded = backstop_dialect::encode_request(OPENAI, &request, &facts).expect("a document");
            serde_json::from_slice::<serde::de::IgnoredAny>(&encoded.body).expect("valid JSON");
        }
        if known.is_ok() {
            let same = backstop_dialect::splice(OPENAI, body, &backstop_dialect::Splice::default());
            assert!(!same.expect("an object").body.is_empty());
        }
    });
}

#[test]
fn no_answer_makes_the_decoders_panic() {
    fuzz(
        &[
            Bytes::from(answer().to_string()),
            Bytes::from_static(b"{\"error\":{\"code\":1,\"details\":[{}]}}"),
        ],
        |body| {
            if let Ok(deltas) = decode_answer(OPENAI, body) {
                let encoded = encode_answer(OPENAI, &Completion::from_deltas(&deltas), &voice(true));
                serde_json::from_slice::<serde::de::IgnoredAny>(&encoded.body).expect("valid JSON");
            }
            let headers = HeaderMap::new();
            let response = ErrorResponse {
                status: StatusCode::BAD_REQUEST,
                headers: &headers,
                body,
                wall: SystemTime::UNIX_EPOCH,
            };
            let failure = decode_error(OPENAI, &response);
            serde_json::from_slice::<serde::de::IgnoredAny>(&encode_error(OPENAI, &failure, &voice(true)))
                .expect("valid JSON");
        },
    );
}

#[test]
fn no_stream_makes_the_decoder_panic() {
    fuzz(&[Bytes::from(rich())], |body| {
        let (events, ..) = events(&body.chunks(37).collect::<Vec<_>>(), 1);
        // Written anew, as for another dialect's stream.
        let events: Vec<_> = events.into_iter().map(|event| Event::synthetic(event.into_deltas())).collect();
        let mut encoder = StreamEncoder::new(OPENAI, voice(true));
        for event in &events {
            let text = encoder.event(event);
            let text = std::str::from_utf8(&text).expect("UTF-8");
            for data in text.split("\n\n").filter_map(|event| event.strip_prefix("data: ")) {
                let valid = data == "[DONE]" || serde_json::from_str::<serde::de::IgnoredAny>(data).is_ok();
                assert!(valid, "{data}");
            }
        }
        let end = encoder.finish();
        assert!(end.is_empty() || end.ends_with(b"data: [DONE]\n\n"));
    });
}
