//! What is Anthropic Messages' own: the grammar of its streams, its server tools, its usage, what its models refuse.

#![expect(clippy::needless_pass_by_value, reason = "literals at the calls read better without a borrow")]

use backstop_core::{Completion, Delta, Dialect, Event, Failure, Kind, PartKind, RequestId};
use backstop_dialect::{
    Facts, ReasoningStyle, Severity, StreamDecoder, StreamEncoder, Voice, decode_answer, decode_request,
    encode_answer, encode_request,
};
use bytes::Bytes;
use serde_json::{Value, json};

const DIALECT: Dialect = Dialect::AnthropicMessages;

fn voice() -> Voice {
    Voice { id: RequestId::from_u128(7), include_usage: false }
}

fn sse(events: &[Value]) -> Bytes {
    let event =
        |event: &Value| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().expect("a type"));
    Bytes::from(events.iter().map(event).collect::<String>())
}

fn read(stream: &Bytes) -> Result<Vec<Event>, Failure> {
    let mut decoder = StreamDecoder::new(DIALECT, 1);
    decoder.push(stream.clone());
    std::iter::from_fn(|| decoder.next_event()).collect()
}

fn start() -> Value {
    json!({"type": "message_start", "message": {"id": "msg_1", "type": "message", "role": "assistant", "model": "m",
        "content": [], "stop_reason": null, "stop_sequence": null,
        "usage": {"input_tokens": 9, "cache_read_input_tokens": 4, "output_tokens": 1}}})
}

fn block(index: u64, block: Value) -> Value {
    json!({"type": "content_block_start", "index": index, "content_block": block})
}

fn piece(index: u64, delta: Value) -> Value {
    json!({"type": "content_block_delta", "index": index, "delta": delta})
}

fn stop(index: u64) -> Value {
    json!({"type": "content_block_stop", "index": index})
}

fn end() -> [Value; 2] {
    [
        json!({"type": "message_delta", "delta": {"stop_reason": "tool_use", "stop_sequence": null,
            "stop_details": null, "container": {"id": "c"}}, "usage": {"output_tokens": 20, "input_tokens": null}}),
        json!({"type": "message_stop"}),
    ]
}

#[test]
fn a_stream_and_a_document_are_the_same_answer() {
    let mut events = vec![
        start(),
        json!({"type": "ping"}),
        block(0, json!({"type": "thinking", "thinking": "", "signature": ""})),
        piece(0, json!({"type": "thinking_delta", "thinking": "hm"})),
        piece(0, json!({"type": "signature_delta", "signature": "seal"})),
        stop(0),
        block(1, json!({"type": "redacted_thinking", "data": "xyz"})),
        stop(1),
        block(2, json!({"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}})),
        piece(2, json!({"type": "input_json_delta", "partial_json": "{\"q\":"})),
        piece(2, json!({"type": "input_json_delta", "partial_json": "1}"})),
        stop(2),
        block(3, json!({"type": "web_search_tool_result", "tool_use_id": "s", "content": []})),
        stop(3),
        json!({"type": "event_of_tomorrow", "index": 3}),
        block(4, json!({"type": "text", "text": "", "citations": []})),
        piece(4, json!({"type": "text_delta", "text": "a \"b\"\n"})),
        piece(
            4,
            json!({"type": "citations_delta", "citation": {"type": "char_location", "cited_text": "b"}}),
        ),
        stop(4),
        block(
            5,
            json!({"type": "tool_use", "id": "t", "name": "f", "input": {}, "caller": {"type": "direct"}}),
        ),
        stop(5),
    ];
    events.extend(end());
    let stream = sse(&events);
    let events = read(&stream).expect("a stream");
    let streamed = Completion::from_deltas(events.iter().flat_map(Event::deltas));
    let document = json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [
        {"type": "thinking", "thinking": "hm", "signature": "seal"},
        {"type": "redacted_thinking", "data": "xyz"},
        {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"q": 1}},
        {"type": "web_search_tool_result", "tool_use_id": "s", "content": []},
        {"type": "text", "text": "a \"b\"\n", "citations": [{"type": "char_location", "cited_text": "b"}]},
        {"type": "tool_use", "id": "t", "name": "f", "input": {}, "caller": {"type": "direct"}},
    ], "stop_reason": "tool_use", "stop_sequence": null, "stop_details": null, "container": {"id": "c"},
        "usage": {"input_tokens": 9, "cache_read_input_tokens": 4, "output_tokens": 20}});
    let written = encode_answer(DIALECT, &streamed, &voice());
    assert_eq!(serde_json::from_slice::<Value>(&written.body).expect("JSON"), document);
    assert_eq!(written.losses, []);
    let read_whole = decode_answer(DIALECT, &Bytes::from(document.to_string())).expect("an answer");
    let whole = Completion::from_deltas(&read_whole);
    assert_eq!(whole.choices[0].parts.len(), streamed.choices[0].parts.len());
    // Put together and streamed anew it is the same answer once more.
    let mut encoder = StreamEncoder::new(DIALECT, voice());
    let anew = encoder.event(&Event::synthetic(whole.to_deltas()));
    let anew = Completion::from_deltas(read(&anew).expect("a stream").iter().flat_map(Event::deltas));
    let written = encode_answer(DIALECT, &anew, &voice());
    assert_eq!(serde_json::from_slice::<Value>(&written.body).expect("JSON"), document);
    // Untouched, it passes byte for byte, and only what is missing is added.
    let mut encoder = StreamEncoder::new(DIALECT, voice());
    let (last, all) = events.split_last().expect("events");
    let passed: Vec<u8> = all.iter().flat_map(|event| encoder.event(event)).collect();
    assert!(stream.starts_with(&passed));
    assert_eq!(encoder.finish(), last.wire().expect("bytes").bytes);
}

#[test]
fn a_block_that_a_provider_left_open_is_closed() {
    let mut encoder = StreamEncoder::new(DIALECT, voice());
    let events = [
        start(),
        block(0, json!({"type": "text", "text": ""})),
        piece(0, json!({"type": "text_delta", "text": "half"})),
    ];
    for event in read(&sse(&events)).expect("a stream") {
        encoder.event(&event);
    }
    let finish = backstop_core::Finish::new(backstop_core::FinishReason::Length, "length");
    encoder.event(&Event::synthetic(vec![Delta::Finish { choice: 0, finish }]));
    let rest = String::from_utf8(encoder.finish().to_vec()).expect("UTF-8");
    let names: Vec<_> = rest.lines().filter_map(|line| line.strip_prefix("event: ")).collect();
    assert_eq!(names, ["content_block_stop", "message_delta", "message_stop"]);
    assert!(rest.contains("\"stop_reason\":\"max_tokens\""), "{rest}");
}

#[test]
fn broken_grammar_is_malformed() {
    let text = || block(0, json!({"type": "text", "text": ""}));
    let grow = |index| piece(index, json!({"type": "text_delta", "text": "x"}));
    for events in [
        vec![text()],
        vec![start(), start()],
        vec![start(), grow(0)],
        vec![start(), text(), grow(1)],
        vec![start(), text(), text()],
        vec![start(), stop(0)],
        vec![start(), text(), piece(0, json!({"type": "input_json_delta", "partial_json": "x"}))],
        vec![start(), text(), piece(0, json!({"type": "text_delta", "text": 1}))],
        vec![start(), block(0, json!({"type": "tool_use", "id": "t"}))],
        vec![json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}})],
    ] {
        let failure = read(&sse(&events)).expect_err("broken");
        assert_eq!(failure.kind(), Kind::Malformed, "{events:?}");
    }
    let failure = read(&Bytes::from_static(b"event: message_start\ndata: {\"type\n\n")).expect_err("broken");
    assert_eq!(failure.kind(), Kind::Malformed);
    for body in ["<html>", "[]", "{}", r#"{"type":"message","content":[],"stop_reason":null}"#] {
        let failure = decode_answer(DIALECT, &Bytes::from(body)).expect_err(body);
        assert_eq!(failure.kind(), Kind::Malformed, "{body}");
    }
}

#[test]
fn an_error_in_a_stream_or_a_200_is_told_apart() {
    let error = json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}});
    assert_eq!(read(&sse(&[start(), error.clone()])).expect_err("an error").kind(), Kind::Overloaded);
    let failure = decode_answer(DIALECT, &Bytes::from(error.to_string())).expect_err("an error");
    assert_eq!((failure.kind(), failure.message()), (Kind::Overloaded, "Overloaded"));
}

#[test]
fn an_empty_end_turn_is_an_answer() {
    let body = json!({"id": "a", "type": "message", "role": "assistant", "model": "m", "content": [],
        "stop_reason": "end_turn", "stop_sequence": null, "usage": {"input_tokens": 1, "output_tokens": 0}});
    let deltas = decode_answer(DIALECT, &Bytes::from(body.to_string())).expect("an answer");
    let mut encoder = StreamEncoder::new(DIALECT, voice());
    let stream = String::from_utf8(encoder.event(&Event::synthetic(deltas)).to_vec()).expect("UTF-8");
    assert!(!stream.contains("content_block"), "no phantom block: {stream}");
}

#[test]
fn usage_is_taken_apart_and_the_last_word_counts() {
    let mut events = vec![start()];
    events.push(json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {
        "input_tokens": 11, "cache_creation_input_tokens": 5, "output_tokens": 20,
        "cache_creation": {"ephemeral_5m_input_tokens": 2, "ephemeral_1h_input_tokens": 3},
        "output_tokens_details": {"thinking_tokens": 8}}}));
    let events = read(&sse(&events)).expect("a stream");
    let usage = events.iter().rev().find_map(Event::usage).expect("usage");
    assert_eq!((usage.input, usage.cache_read, usage.cache_write, usage.cache_write_hour), (11, 4, 2, 3));
    assert_eq!((usage.output, usage.reasoning, usage.total()), (12, 8, 40));
}

#[test]
fn text_is_shared_with_the_wire() {
    let stream = sse(&[
        start(),
        block(0, json!({"type": "text", "text": ""})),
        piece(0, json!({"type": "text_delta", "text": "shared"})),
    ]);
    let events = read(&stream).expect("a stream");
    let Delta::Text { text, .. } = &events[2].deltas()[0] else { panic!("text") };
    let (piece, all) = (text.as_ptr() as usize, stream.as_ptr() as usize);
    assert!((all..all + stream.len()).contains(&piece));
}

#[test]
fn what_a_model_refuses_is_left_out_and_told() {
    let body = json!({"model": "m", "max_tokens": 9000, "temperature": 0.5, "top_k": 3,
        "thinking": {"type": "enabled", "budget_tokens": 2000},
        "output_config": {"format": {"type": "json_schema", "schema": {}}},
        "messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "{"}]});
    let request = decode_request(DIALECT, &Bytes::from(body.to_string())).expect("a request");
    let facts = Facts {
        max_output: Some(8000),
        reasoning: ReasoningStyle::Adaptive,
        sampling: false,
        prefill: false,
        structured_output: false,
        ..Facts::default()
    };
    let encoded = encode_request(DIALECT, &request, &facts).expect("a document");
    let written: Value = serde_json::from_slice(&encoded.body).expect("JSON");
    assert_eq!(
        written,
        json!({"model": "m", "max_tokens": 8000, "messages": [{"role": "user", "content": "q"}],
        "thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}})
    );
    let constraints = encoded.losses.iter().filter(|loss| loss.severity == Severity::Constraint).count();
    assert_eq!((constraints, encoded.losses.len()), (2, 6), "{:?}", encoded.losses);
}

#[test]
fn instructions_in_the_talk_go_to_the_top_and_that_is_told() {
    let body = json!({"model": "m", "messages": [
        {"role": "developer", "content": "first"}, {"role": "user", "content": ""}, {"role": "user", "content": "q"},
        {"role": "system", "content": "second"}, {"role": "assistant", "content": "a"}, {"role": "user", "content": "r"}]});
    let request = decode_request(Dialect::OpenaiChat, &Bytes::from(body.to_string())).expect("a request");
    let encoded = encode_request(DIALECT, &request, &Facts::default()).expect("a document");
    let written: Value = serde_json::from_slice(&encoded.body).expect("JSON");
    assert_eq!(
        written["system"],
        json!([{"type": "text", "text": "first"}, {"type": "text", "text": "second"}])
    );
    assert_eq!(
        written["messages"],
        json!([{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"},
        {"role": "user", "content": "r"}])
    );
    assert_eq!(encoded.losses.iter().map(|loss| loss.field.as_str()).collect::<Vec<_>>(), ["messages[3]"]);
}

#[test]
fn a_model_in_the_url_need_not_stand_in_the_body() {
    let body = json!({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 1, "messages": [{"role": "user", "content": "q"}]});
    let request = decode_request(DIALECT, &Bytes::from(body.to_string())).expect("a request");
    assert_eq!(request.model, "");
    let encoded = encode_request(DIALECT, &request, &Facts::default()).expect("a document");
    assert_eq!(serde_json::from_slice::<Value>(&encoded.body).expect("JSON"), body);
    let PartKind::Text { text, .. } = &request.messages[0].content.parts[0].kind else { panic!("text") };
    assert_eq!(text, "q");
}
