//! Recorded traffic of real providers: all of it decodes, comes out of its own dialect equal, and goes through the other
//! dialect without losing what matters.
//!
//! Reads the directory in `BACKSTOP_CORPUS`, by default `../../../shared/corpus` beside this crate; says so and passes
//! where there is none.

#![expect(clippy::print_stdout, reason = "says how much was read, and where nothing is")]

use std::{collections::BTreeMap, env, fs, path::PathBuf, time::SystemTime};

use backstop_core::{
    Clock, Completion, Delta, Dialect, Event, FinishReason, Kind, PartKind, Request, RequestId, Role, Source,
    ToolDefinition, Wire,
};
use backstop_dialect::{
    ErrorResponse, Facts, StreamDecoder, StreamEncoder, Voice, decode_answer, decode_error, decode_request,
    encode_answer, encode_error, encode_request, peek,
};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::Value;

struct Exchange {
    file: String,
    provider: String,
    dialect: Dialect,
    request: Option<Bytes>,
    status: StatusCode,
    document: Option<Bytes>,
    stream: Option<Bytes>,
}

fn corpus() -> Vec<Exchange> {
    let default = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let directory = env::var_os("BACKSTOP_CORPUS").map_or(default, PathBuf::from);
    let Ok(entries) = fs::read_dir(&directory) else {
        println!("no corpus at {}: nothing to read", directory.display());
        return Vec::new();
    };
    let mut files: Vec<_> = entries.map(|entry| entry.expect("readable").path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    files.iter().filter_map(exchange).collect()
}

/// The exchange, if it is one of a dialect that Backstop speaks; model lists, embeddings and the like are not.
fn exchange(file: &PathBuf) -> Option<Exchange> {
    let text = fs::read_to_string(file).expect("readable");
    let all: Value = serde_json::from_str(&text).expect("JSON");
    let dialect = all["dialect"].as_str()?.parse().ok()?;
    let bytes = |value: &Value| (!value.is_null()).then(|| Bytes::from(value.to_string()));
    let response = &all["response"];
    let stream = match (&response["sse"], &response["events"]) {
        (Value::String(sse), _) => Some(Bytes::from(sse.clone())),
        (_, Value::Array(events)) => Some(of_aws_events(events)),
        _ => None,
    };
    Some(Exchange {
        file: file.file_name()?.to_string_lossy().into_owned(),
        provider: all["provider"].as_str()?.to_owned(),
        dialect,
        request: bytes(&all["request"]["body"]),
        status: u16::try_from(response["status"].as_u64()?)
            .ok()
            .and_then(|status| StatusCode::from_u16(status).ok())?,
        document: bytes(&response["body"]),
        stream,
    })
}

/// The events that Bedrock wraps into frames of its own.
fn of_aws_events(events: &[Value]) -> Bytes {
    let mut sse = String::new();
    for event in events {
        let Some(base64) = event["payload"]["bytes"].as_str() else { continue };
        let data = String::from_utf8(decode_base64(base64)).expect("UTF-8");
        let kind: Value = serde_json::from_str(&data).expect("JSON");
        sse.push_str(&format!("event: {}\ndata: {data}\n\n", kind["type"].as_str().expect("a type")));
    }
    Bytes::from(sse)
}

fn decode_base64(text: &str) -> Vec<u8> {
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for digit in text.bytes().filter(|digit| *digit != b'=') {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            _ => 63,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    bytes
}

fn other(dialect: Dialect) -> Dialect {
    match dialect {
        Dialect::OpenaiChat => Dialect::AnthropicMessages,
        _ => Dialect::OpenaiChat,
    }
}

fn voice() -> Voice {
    Voice { id: RequestId::from_u128(7), include_usage: true }
}

fn value(bytes: &Bytes) -> Value {
    serde_json::from_slice(bytes)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(bytes)))
}

fn events(dialect: Dialect, bytes: &Bytes) -> Vec<Event> {
    let mut decoder = StreamDecoder::new(dialect, 1);
    decoder.push(bytes.clone());
    let mut events = Vec::new();
    while let Some(event) = decoder.next_event() {
        events.push(event.expect("an event"));
    }
    while let Some(event) = decoder.end() {
        events.push(event.expect("an event"));
    }
    events
}

fn fold(events: &[Event]) -> Completion {
    Completion::from_deltas(events.iter().flat_map(Event::deltas))
}

/// The events as another dialect's encoder gets them where a layer has rewritten them.
fn encode_stream(dialect: Dialect, events: &[Event]) -> Bytes {
    let mut encoder = StreamEncoder::new(dialect, voice());
    let mut out = Vec::new();
    for event in events {
        out.extend_from_slice(&encoder.event(event));
    }
    out.extend_from_slice(&encoder.finish());
    Bytes::from(out)
}

/// What a translation must keep of an answer.
#[derive(Debug, PartialEq, Eq)]
struct Essence {
    text: String,
    reasoning: String,
    refusal: bool,
    calls: Vec<(String, String, Option<Value>)>,
    usage: Option<(u64, u64, u64, u64)>,
}

fn essence(answer: &Completion) -> Essence {
    let mut kept = Essence {
        text: String::new(),
        reasoning: String::new(),
        refusal: false,
        calls: Vec::new(),
        usage: answer.usage.as_ref().map(|usage| {
            let written = usage.cache_write + usage.cache_write_hour;
            (usage.total_input(), usage.total_output(), usage.cache_read, written)
        }),
    };
    for part in answer.choices.first().map(|choice| choice.parts.as_slice()).unwrap_or_default() {
        match &part.kind {
            PartKind::Text { text, .. } | PartKind::Refusal { text } => kept.text.push_str(text),
            PartKind::Reasoning { text, .. } => kept.reasoning.push_str(text),
            PartKind::ToolCall(call) => {
                let arguments = if call.arguments.is_empty() { "{}" } else { &call.arguments };
                let arguments = serde_json::from_str(arguments).ok();
                kept.calls.push((call.id.to_string(), call.name.to_string(), arguments));
            }
            _ => {}
        }
    }
    kept
}

fn assert_same_end(file: &str, before: &Completion, after: &Completion) {
    use FinishReason::{ContentFilter, Error, Length, Other, Pause, Refusal, Stop, StopSequence, ToolCalls};

    let reason = |answer: &Completion| {
        answer.choices.first().and_then(|choice| choice.finish.as_ref()).map(|finish| finish.reason)
    };
    let same = match (reason(before), reason(after)) {
        (None, None) => true,
        (Some(Stop | StopSequence), Some(after)) => matches!(after, Stop | StopSequence),
        (Some(ToolCalls), Some(after)) => after == ToolCalls,
        (Some(Length), Some(after)) => after == Length,
        (Some(ContentFilter | Refusal), Some(after)) => matches!(after, ContentFilter | Refusal),
        (Some(Pause | Error | Other), Some(after)) => !matches!(after, Stop | StopSequence | ToolCalls),
        _ => false,
    };
    assert!(same, "{file}: {:?} became {:?}", reason(before), reason(after));
}

/// What is left of an answer after a translation, with usage only where the original had it: Anthropic's shape requires
/// the object.
fn essence_after(after: &Completion, before: &Completion) -> Essence {
    let usage = before.usage.as_ref().and_then(|_| essence(after).usage);
    Essence { usage, ..essence(after) }
}

/// All that must hold of a decoded answer, whole or streamed.
fn check_translation(file: &str, dialect: Dialect, answer: &Completion, events: &[Event]) {
    let other = other(dialect);
    // Translated as a document.
    let encoded = encode_answer(other, answer, &voice());
    let deltas = decode_answer(other, &encoded.body).unwrap_or_else(|failure| panic!("{file}: {failure}"));
    let back = Completion::from_deltas(&deltas);
    assert_eq!(essence_after(&back, answer), essence(answer), "{file}: as a document of {other}");
    assert_same_end(file, answer, &back);
    // Translated as a stream.
    let stream = encode_stream(other, events);
    assert_lifecycle(file, other, &stream);
    let back = fold(&self::events(other, &stream));
    assert_eq!(essence_after(&back, answer), essence(answer), "{file}: as a stream of {other}");
    assert_same_end(file, answer, &back);
    // In its own dialect, put together and taken apart again.
    let stream = encode_stream(dialect, &[Event::synthetic(answer.to_deltas())]);
    assert_lifecycle(file, dialect, &stream);
    let back = fold(&self::events(dialect, &stream));
    assert_eq!(essence_after(&back, answer), essence(answer), "{file}: as a stream of its own dialect");
    assert_same_end(file, answer, &back);
}

/// One start, each block opened and closed once and in order, one finish, the terminator last.
fn assert_lifecycle(file: &str, dialect: Dialect, stream: &Bytes) {
    let text = std::str::from_utf8(stream).expect("UTF-8");
    let data: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
    if dialect == Dialect::OpenaiChat {
        assert_eq!(data.iter().filter(|data| **data == "[DONE]").count(), 1, "{file}");
        assert_eq!(data.last(), Some(&"[DONE]"), "{file}");
        let mut ended = Vec::new();
        for chunk in data.iter().filter(|data| **data != "[DONE]") {
            let chunk: Value = serde_json::from_str(chunk).expect("JSON");
            let choices = chunk["choices"].as_array().into_iter().flatten();
            ended.extend(
                choices
                    .filter(|choice| !choice["finish_reason"].is_null())
                    .map(|choice| choice["index"].as_u64()),
            );
        }
        let mut once = ended.clone();
        once.dedup();
        assert!(!ended.is_empty() && once == ended, "{file}: {ended:?}");
        return;
    }
    let (mut open, mut next, mut kinds) = (None, 0, Vec::new());
    for data in data {
        let event: Value = serde_json::from_str(data).expect("JSON");
        let (kind, index) = (event["type"].as_str().expect("a type").to_owned(), event["index"].as_u64());
        match kind.as_str() {
            "content_block_start" => {
                assert_eq!((open, index), (None, Some(next)), "{file}");
                (open, next) = (index, next + 1);
            }
            "content_block_delta" => assert!(index.is_some() && open == index, "{file}"),
            "content_block_stop" => {
                assert!(index.is_some() && open == index, "{file}");
                open = None;
            }
            _ => kinds.push(kind),
        }
    }
    assert_eq!(open, None, "{file}");
    kinds.retain(|kind| kind != "ping");
    assert_eq!(kinds, ["message_start", "message_delta", "message_stop"], "{file}");
}

#[test]
fn prints_what_it_reads() {
    let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
    let all = corpus();
    for exchange in &all {
        *counts.entry((exchange.dialect.to_string(), exchange.provider.clone())).or_default() += 1;
    }
    for ((dialect, provider), count) in &counts {
        println!("{dialect} {provider}: {count}");
    }
    println!("{} exchanges read", all.len());
}

#[test]
fn requests_come_out_of_their_own_dialect_equal() {
    for Exchange { file, dialect, request, .. } in corpus() {
        let Some(body) = request else { continue };
        let request = decode_request(dialect, &body).unwrap_or_else(|failure| panic!("{file}: {failure}"));
        let encoded = encode_request(dialect, &request, &Facts::default())
            .unwrap_or_else(|failure| panic!("{file}: {failure}"));
        assert_eq!(encoded.losses, [], "{file}");
        assert_eq!(value(&encoded.body), value(&body), "{file}");
        if !request.model.is_empty() {
            let seen = peek(dialect, &body).unwrap_or_else(|failure| panic!("{file}: {failure}"));
            assert_eq!(seen.model, request.model, "{file}");
            assert!(seen.needs.tools || request.tools.is_empty(), "{file}");
        }
    }
}

#[test]
fn requests_translate() {
    for Exchange { file, dialect, request, .. } in corpus() {
        let Some(body) = request else { continue };
        let request = decode_request(dialect, &body).unwrap_or_else(|failure| panic!("{file}: {failure}"));
        let other = other(dialect);
        let encoded = encode_request(other, &request, &Facts::default())
            .unwrap_or_else(|failure| panic!("{file}: {failure}"));
        let back = decode_request(other, &encoded.body).unwrap_or_else(|failure| panic!("{file}: {failure}"));
        let lost = |field: &str| encoded.losses.iter().any(|loss| loss.field.contains(field));
        let (before, after) = (substance(&request), substance(&back));
        if before.said.is_empty() && before.calls.is_empty() && lost("messages") {
            // Instructions alone: Anthropic's dialect wants a user's turn.
            assert_eq!(after.said, before.instructions, "{file}");
            continue;
        }
        assert_eq!(after.instructions, before.instructions, "{file}");
        assert_eq!(after.said, before.said, "{file}: {:?}", encoded.losses);
        assert_eq!(after.calls, before.calls, "{file}");
        assert_eq!(after.results, before.results, "{file}");
        assert!(after.media == before.media || lost("content"), "{file}: {:?}", encoded.losses);
        assert!(after.tools == before.tools || lost("tools"), "{file}: {:?}", encoded.losses);
        assert!(
            back.tool_choice == request.tool_choice || back.tools.is_empty() || lost("tool_choice"),
            "{file}: {:?}",
            encoded.losses
        );
        assert_eq!(
            back.parallel_tool_calls == Some(false),
            request.parallel_tool_calls == Some(false) && !back.tools.is_empty(),
            "{file}"
        );
        assert_eq!(back.stream, request.stream, "{file}");
        assert!(
            back.parameters.stop.as_ref().map(|stop| &stop.sequences)
                == request.parameters.stop.as_ref().map(|stop| &stop.sequences)
                || lost("stop"),
            "{file}"
        );
        let asked = request.parameters.max_tokens.is_some();
        assert!(!asked || back.parameters.max_tokens == request.parameters.max_tokens, "{file}");
        let has_schema = |request: &Request| {
            matches!(request.output, Some(backstop_core::OutputFormat::JsonSchema { .. }))
        };
        assert_eq!(has_schema(&back), has_schema(&request), "{file}");
    }
}

/// What a translation must keep of a request.
#[derive(Debug, Default, PartialEq, Eq)]
struct Substance {
    instructions: String,
    said: String,
    calls: Vec<(String, String, Option<Value>)>,
    results: Vec<(String, String)>,
    media: usize,
    tools: Vec<(String, bool, Option<Value>)>,
}

fn substance(request: &Request) -> Substance {
    let mut kept = Substance::default();
    for message in &request.messages {
        for part in &message.content.parts {
            match &part.kind {
                PartKind::Text { text, .. } | PartKind::Refusal { text } if !text.trim().is_empty() => {
                    let place =
                        if message.role.instructs() { &mut kept.instructions } else { &mut kept.said };
                    if message.role != Role::Tool {
                        place.push_str(text);
                    }
                }
                PartKind::ToolCall(call) => {
                    let arguments = if call.arguments.is_empty() { "{}" } else { &call.arguments };
                    kept.calls.push((
                        call.id.to_string(),
                        call.name.to_string(),
                        serde_json::from_str(arguments).ok(),
                    ));
                }
                PartKind::ToolResult(result) => {
                    kept.results.push((result.id.to_string(), result.content.joined_text()));
                    kept.media += result
                        .content
                        .parts
                        .iter()
                        .filter(|part| !matches!(part.kind, PartKind::Text { .. }))
                        .count();
                }
                // OpenAI's dialect has no text documents: they go on as text.
                PartKind::Document { source: Source::Text { text, .. }, .. } => kept.said.push_str(text),
                PartKind::Image { .. } | PartKind::Document { .. } | PartKind::Audio { .. } => {
                    kept.media += 1
                }
                _ => {}
            }
        }
    }
    for tool in &request.tools {
        if let ToolDefinition::Client { name, schema, strict, .. } = &tool.definition {
            let schema = schema.as_ref().map(|schema| serde_json::from_str(schema.as_str()).expect("JSON"));
            kept.tools.push((name.to_string(), *strict == Some(true), schema));
        }
    }
    kept
}

#[test]
fn documents_come_out_equal_and_translate() {
    for Exchange { file, dialect, status, document, .. } in corpus() {
        let Some(body) = document.filter(|_| status.is_success()) else { continue };
        let deltas = decode_answer(dialect, &body).unwrap_or_else(|failure| panic!("{file}: {failure}"));
        let answer = Completion::from_deltas(&deltas);
        let encoded = encode_answer(dialect, &answer, &voice());
        assert_eq!(encoded.losses, [], "{file}");
        assert_eq!(value(&encoded.body), value(&body), "{file}");
        check_translation(&file, dialect, &answer, &[Event::synthetic(deltas)]);
    }
}

#[test]
fn streams_pass_untouched_and_translate() {
    for Exchange { file, dialect, status, stream, .. } in corpus() {
        let Some(body) = stream.filter(|_| status.is_success()) else { continue };
        if is_error_stream(dialect, &body) {
            continue;
        }
        let events = events(dialect, &body);
        let wire: Vec<u8> =
            events.iter().filter_map(Event::wire).flat_map(|Wire { bytes, .. }| bytes.to_vec()).collect();
        assert_eq!(Bytes::from(wire), body, "{file}");
        let passed = encode_stream(dialect, &events);
        assert!(passed.starts_with(&body) || events.iter().any(|event| event.usage().is_some()), "{file}");
        let answer = fold(&events);
        assert!(answer.choices[0].finish.is_some(), "{file}");
        // Put together, it is the document that the provider would have sent.
        let document = encode_answer(dialect, &answer, &voice());
        let deltas =
            decode_answer(dialect, &document.body).unwrap_or_else(|failure| panic!("{file}: {failure}"));
        let back = Completion::from_deltas(&deltas);
        assert_eq!(essence_after(&back, &answer), essence(&answer), "{file}");
        check_translation(&file, dialect, &answer, &events);
        // However the bytes are cut, the events are the same.
        for size in [1, 7, 1000] {
            let mut decoder = StreamDecoder::new(dialect, 1);
            let mut deltas: Vec<Delta> = Vec::new();
            for chunk in body.chunks(size) {
                decoder.push(Bytes::copy_from_slice(chunk));
                while let Some(event) = decoder.next_event() {
                    deltas.extend(event.expect("an event").into_deltas());
                }
            }
            while let Some(event) = decoder.end() {
                deltas.extend(event.expect("an event").into_deltas());
            }
            let whole: Vec<Delta> = events.iter().flat_map(|event| event.deltas().iter().cloned()).collect();
            assert_eq!(deltas, whole, "{file} in chunks of {size}");
        }
    }
}

/// Errors inside a stream that began with a 200.
fn is_error_stream(dialect: Dialect, body: &Bytes) -> bool {
    let mut decoder = StreamDecoder::new(dialect, 1);
    decoder.push(body.clone());
    std::iter::from_fn(|| decoder.next_event()).any(|event| event.is_err())
}

#[test]
fn errors_have_a_plausible_kind_and_go_out_in_both_dialects() {
    for Exchange { file, dialect, status, document, stream, .. } in corpus() {
        if status.is_success() {
            continue;
        }
        let body = document.or(stream).unwrap_or_default();
        let headers = HeaderMap::new();
        let response = ErrorResponse { status, headers: &headers, body: &body, wall: SystemTime::UNIX_EPOCH };
        let failure = decode_error(dialect, &response);
        let plausible: &[Kind] = match status.as_u16() {
            400 | 422 => &[
                Kind::InvalidRequest,
                Kind::ContextLength,
                Kind::Unsupported,
                Kind::ContentFilter,
                Kind::ModelNotFound,
                Kind::Unauthorized,
                Kind::QuotaExhausted,
                Kind::Malformed,
            ],
            401 | 403 => &[Kind::Unauthorized],
            404 => &[Kind::ModelNotFound],
            408 => &[Kind::Timeout(Clock::FirstByte)],
            413 => &[Kind::TooLarge],
            429 => &[Kind::RateLimited, Kind::QuotaExhausted],
            _ => &[Kind::Server, Kind::Overloaded],
        };
        assert!(plausible.contains(&failure.kind()), "{file}: {status} is {}", failure.kind());
        if file.contains("context") || String::from_utf8_lossy(&body).contains("prompt is too long") {
            assert_eq!(failure.kind(), Kind::ContextLength, "{file}");
        }
        for dialect in Dialect::ALL {
            let body = value(&encode_error(dialect, &failure, &voice()));
            let message = body["error"]["message"].as_str().expect("a message");
            assert!(!message.is_empty(), "{file}");
            let mut stream = StreamEncoder::new(dialect, voice());
            let event = String::from_utf8(stream.fail(&failure).to_vec()).expect("UTF-8");
            assert!(event.contains("\"error\""), "{file}: {event}");
        }
    }
}
