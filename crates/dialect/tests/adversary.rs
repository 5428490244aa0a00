//! What translation must not lose, tried by somebody who wants it to.

use backstop_core::{
    Completion, Delta, Dialect, Edit, Event, FinishReason, Flavour, Kind, Part, PartKind, RequestId,
};
use backstop_dialect::{
    Encoded, Facts, Loss, Severity, Splice, StreamDecoder, StreamEncoder, Voice, decode_answer,
    decode_request, encode_answer, encode_request, splice,
};
use bytes::Bytes;
use serde_json::{Value, json};

const OPENAI: Dialect = Dialect::OpenaiChat;
const ANTHROPIC: Dialect = Dialect::AnthropicMessages;

fn voice() -> Voice {
    Voice { id: RequestId::from_u128(7), include_usage: true }
}

fn bytes(value: &Value) -> Bytes {
    Bytes::from(value.to_string())
}

fn value(bytes: &Bytes) -> Value {
    serde_json::from_slice(bytes).expect("JSON")
}

fn translate(from: Dialect, to: Dialect, body: &Value, facts: &Facts) -> (Value, Vec<Loss>) {
    let request = decode_request(from, &bytes(body)).expect("a request");
    let Encoded { body, losses } = encode_request(to, &request, facts).expect("a document");
    (value(&body), losses)
}

fn lost(losses: &[Loss], field: &str) -> Option<Severity> {
    losses.iter().find(|loss| loss.field.contains(field)).map(|loss| loss.severity)
}

fn read(dialect: Dialect, stream: &str) -> Vec<Event> {
    let mut decoder = StreamDecoder::new(dialect, 1);
    decoder.push(Bytes::copy_from_slice(stream.as_bytes()));
    let mut events = Vec::new();
    while let Some(event) = decoder.next_event() {
        events.push(event.expect("an event"));
    }
    while let Some(event) = decoder.end() {
        events.push(event.expect("an event"));
    }
    events
}

fn write(dialect: Dialect, events: &[Event]) -> String {
    let mut encoder = StreamEncoder::new(dialect, voice());
    let mut out: Vec<u8> = events.iter().flat_map(|event| encoder.event(event).to_vec()).collect();
    out.extend_from_slice(&encoder.finish());
    String::from_utf8(out).expect("UTF-8")
}

fn fold(events: &[Event]) -> Completion {
    Completion::from_deltas(events.iter().flat_map(Event::deltas))
}

#[test]
fn arguments_survive_fragments_that_split_a_character() {
    // U+1F600 as its two UTF-16 halves, each escaped in a piece of its own.
    let openai = concat!(
        r#"data: {"id":"a","choices":[{"index":0,"delta":{"content":"x\ud83d"}}]}"#,
        "\n\n",
        r#"data: {"choices":[{"index":0,"delta":{"content":"\ude00y"}}]}"#,
        "\n\n",
        r#"data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":"{\"a\":\"\ud83d"}}]}}]}"#,
        "\n\n",
        r#"data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"\ude00\\n\"}"}}]}}]}"#,
        "\n\n",
        r#"data: {"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}"#,
        "\n\ndata: [DONE]\n\n",
    );
    let anthropic = concat!(
        r#"data: {"type":"message_start","message":{"id":"m","model":"x","role":"assistant","content":[],"usage":{"input_tokens":1,"output_tokens":1}}}"#,
        "\n\n",
        r#"data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
        "\n\n",
        r#"data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"x\ud83d"}}"#,
        "\n\n",
        r#"data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"\ude00y"}}"#,
        "\n\n",
        r#"data: {"type":"content_block_stop","index":0}"#,
        "\n\n",
        r#"data: {"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"c","name":"f","input":{}}}"#,
        "\n\n",
        r#"data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"a\":\"\ud83d"}}"#,
        "\n\n",
        r#"data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"\ude00\\n\"}"}}"#,
        "\n\n",
        r#"data: {"type":"content_block_stop","index":1}"#,
        "\n\n",
        r#"data: {"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":3}}"#,
        "\n\n",
        r#"data: {"type":"message_stop"}"#,
        "\n\n",
    );
    for (from, to, stream) in [(OPENAI, ANTHROPIC, openai), (ANTHROPIC, OPENAI, anthropic)] {
        for answer in [fold(&read(from, stream)), fold(&read(to, &write(to, &read(from, stream))))] {
            let parts = &answer.choices[0].parts;
            assert_eq!(parts[0], Part::text("x\u{1f600}y"), "{from}");
            let PartKind::ToolCall(call) = &parts[1].kind else { panic!("a call") };
            assert_eq!(call.arguments, "{\"a\":\"\u{1f600}\\n\"}", "{from}");
        }
    }
}

#[test]
fn a_stream_that_stops_in_the_middle_is_never_a_success() {
    let anthropic = concat!(
        r#"data: {"type":"message_start","message":{"id":"m","model":"x","role":"assistant","content":[]}}"#,
        "\n\n",
        r#"data: {"type":"message_stop"}"#,
        "\n\n",
    );
    for (dialect, stream) in [(ANTHROPIC, anthropic), (OPENAI, "data: [DONE]\n\n")] {
        let mut decoder = StreamDecoder::new(dialect, 1);
        decoder.push(Bytes::from_static(stream.as_bytes()));
        let failure = std::iter::from_fn(|| decoder.next_event()).find_map(Result::err).expect("a failure");
        assert_eq!(failure.kind(), Kind::Malformed, "{dialect}");
    }
}

#[test]
fn ids_that_openai_finds_too_long_are_kept_apart_and_together() {
    let (one, other) = ("a".repeat(41), "a".repeat(64));
    let (request, _) = translate(
        ANTHROPIC,
        OPENAI,
        &json!({"model": "m", "max_tokens": 9, "messages": [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": [
            {"type": "tool_use", "id": one, "name": "f", "input": {}},
            {"type": "tool_use", "id": other, "name": "f", "input": {}},
            {"type": "tool_use", "id": "bs_long-1", "name": "f", "input": {}}]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": other, "content": "2"},
            {"type": "tool_result", "tool_use_id": "bs_long-1", "content": "3"},
            {"type": "tool_result", "tool_use_id": one, "content": "1"}]}]}),
        &Facts::default(),
    );
    let messages = request["messages"].as_array().expect("messages");
    let calls: Vec<_> =
        (0..3).map(|at| messages[1]["tool_calls"][at]["id"].as_str().expect("an id")).collect();
    assert!(calls.iter().all(|id| id.len() <= 40), "{calls:?}");
    let answered = |content: &str| {
        let found = messages.iter().find(|message| message["content"] == content).expect("a result");
        found["tool_call_id"].as_str().expect("an id")
    };
    assert_eq!([answered("1"), answered("2"), answered("3")], calls[..]);
    assert!(calls[0] != calls[1] && calls[1] != calls[2] && calls[0] != calls[2]);
}

#[test]
fn reasoning_of_another_provider_never_reaches_one_that_did_not_make_it() {
    let talk = json!({"model": "m", "max_tokens": 9, "messages": [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": [{"type": "thinking", "thinking": "own", "signature": "EqQB"}, {"type": "text", "text": "a"}]},
        {"role": "user", "content": "more"},
        {"role": "assistant", "content": [{"type": "thinking", "thinking": "foreign", "signature": ""}, {"type": "text", "text": "b"}]},
        {"role": "user", "content": "more"},
        {"role": "assistant", "content": [{"type": "thinking", "thinking": "", "signature": "bs-gemini.CloB"}]},
        {"role": "user", "content": "and more"}]});
    let passed = splice(ANTHROPIC, &bytes(&talk), &Splice::default()).expect("an object");
    let body = value(&passed.body);
    assert_eq!(body["messages"][1], talk["messages"][1]);
    assert_eq!(body["messages"][3]["content"], json!([{"type": "text", "text": "b"}]));
    assert_eq!(body["messages"].as_array().map(Vec::len), Some(6));
    assert_eq!(passed.losses.len(), 2);
    assert_eq!(lost(&passed.losses, "messages[3]"), Some(Severity::Hint));
    // Nothing foreign: the very bytes.
    let own = bytes(&json!({"model": "m", "messages": [talk["messages"][0], talk["messages"][1]]}));
    let passed = splice(ANTHROPIC, &own, &Splice::default()).expect("an object");
    assert_eq!(passed.body.as_ptr(), own.as_ptr());

    let talk = |detail: &str| {
        json!({"model": "m", "messages": [
        {"role": "user", "content": "reasoning is a word"},
        {"role": "assistant", "content": "a", "reasoning_content": "hm", "reasoning_details": [
            {"type": "reasoning.text", "text": "hm", "signature": "EqQB", "format": detail, "index": 0}]}]})
    };
    let names = |detail: &str, flavour: Flavour| -> Vec<String> {
        let passed = splice(OPENAI, &bytes(&talk(detail)), &Splice { flavour, ..Splice::default() })
            .expect("an object");
        let body = value(&passed.body);
        assert_eq!(passed.losses.is_empty(), body == talk(detail), "{flavour}");
        body["messages"][1].as_object().expect("a message").keys().cloned().collect()
    };
    assert_eq!(names("anthropic-claude-v1", Flavour::Openai), ["content", "role"]);
    assert_eq!(names("anthropic-claude-v1", Flavour::Mistral), ["content", "role"]);
    assert_eq!(names("anthropic-claude-v1", Flavour::Deepseek), ["content", "reasoning_content", "role"]);
    assert_eq!(names("anthropic-claude-v1", Flavour::Openrouter).len(), 4);
    assert_eq!(names("google-gemini-v1", Flavour::Compatible), ["content", "reasoning_content", "role"]);
    // A server of which nothing is known gets back what it sealed itself.
    assert_eq!(names("xai-responses-v1", Flavour::Compatible).len(), 4);
}

#[test]
fn a_schema_that_openai_can_hold_to_is_held_to() {
    let request = |schema: Value| {
        json!({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}],
        "output_config": {"format": {"type": "json_schema", "schema": schema}}})
    };
    let closed = json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": false});
    let (body, losses) = translate(ANTHROPIC, OPENAI, &request(closed.clone()), &Facts::default());
    assert_eq!(body["response_format"]["json_schema"]["strict"], true);
    assert_eq!((&body["response_format"]["json_schema"]["schema"], lost(&losses, "strict")), (&closed, None));
    let (body, losses) = translate(
        ANTHROPIC,
        OPENAI,
        &request(json!({"type": "object", "properties": {"a": {}}})),
        &Facts::default(),
    );
    assert_eq!(body["response_format"]["json_schema"].get("strict"), None);
    assert_eq!(lost(&losses, "strict"), Some(Severity::Hint));
}

#[test]
fn instructions_keep_their_place_where_the_model_takes_them_there() {
    let talk = json!({"model": "m", "messages": [{"role": "system", "content": "top"}, {"role": "user", "content": "hi"},
        {"role": "assistant", "content": "yes?"}, {"role": "developer", "content": "be brief"}, {"role": "user", "content": "go"}]});
    let facts = Facts { system_in_talk: true, ..Facts::default() };
    let (body, losses) = translate(OPENAI, ANTHROPIC, &talk, &facts);
    // There a turn of the assistant's must follow, or nothing: behind the user's turn is as near as it gets.
    assert_eq!(losses.len(), 1, "{losses:?}");
    assert_eq!(lost(&losses, "messages[4]"), Some(Severity::Hint));
    assert_eq!(body["system"], "top");
    assert_eq!(body["messages"][3], json!({"role": "system", "content": "be brief"}));
    let (back, _) = translate(ANTHROPIC, OPENAI, &body, &Facts::default());
    let roles: Vec<_> = back["messages"]
        .as_array()
        .expect("messages")
        .iter()
        .map(|message| message["role"].clone())
        .collect();
    assert_eq!(roles, ["system", "user", "assistant", "user", "system"]);
    let (body, losses) = translate(OPENAI, ANTHROPIC, &talk, &Facts::default());
    assert_eq!(
        (body["messages"].as_array().map(Vec::len), lost(&losses, "messages[3]")),
        (Some(3), Some(Severity::Hint))
    );
}

#[test]
fn which_stop_sequence_it_was_is_told() {
    let answer = json!({"id": "m", "type": "message", "role": "assistant", "model": "x", "content": [{"type": "text", "text": "a"}],
        "stop_reason": "stop_sequence", "stop_sequence": "END", "usage": {"input_tokens": 1, "output_tokens": 1}});
    let deltas = decode_answer(ANTHROPIC, &bytes(&answer)).expect("an answer");
    let body = value(&encode_answer(OPENAI, &Completion::from_deltas(&deltas), &voice()).body);
    assert_eq!(body["choices"][0]["finish_reason"], "stop");
    assert_eq!(body["choices"][0]["stop_sequence"], "END");
    let stream = write(OPENAI, &[Event::synthetic(deltas)]);
    assert!(
        stream.contains(
            r#""finish_reason":"stop","native_finish_reason":"stop_sequence","stop_sequence":"END""#
        ),
        "{stream}"
    );
}

#[test]
fn a_stream_tells_what_it_could_not_say() {
    let opaque = |dialect| Delta::Part {
        choice: 0,
        block: 0,
        part: Part::new(PartKind::Opaque {
            dialect,
            json: backstop_core::Json::trusted(r#"{"type":"server_tool_use","id":"x"}"#.into()),
        }),
    };
    for (to, maker) in [(OPENAI, ANTHROPIC), (ANTHROPIC, OPENAI)] {
        let finish = backstop_core::Finish::new(FinishReason::Stop, "stop");
        let deltas = vec![
            Delta::Start(backstop_core::Start::default()),
            opaque(maker),
            Delta::Finish { choice: 0, finish },
            Delta::End,
        ];
        let stream = write(to, &[Event::synthetic(deltas)]);
        let told: Vec<_> = stream.lines().filter(|line| line.starts_with(": backstop dropped ")).collect();
        assert_eq!(told.len(), 1, "{stream}");
        // A comment is no event: the answer is what it was without it.
        assert!(fold(&read(to, &stream)).choices[0].finish.is_some());
    }
}

#[test]
fn what_must_not_go_up_does_not_in_pass_through_and_in_translation() {
    let body = json!({"model": "m", "max_tokens": 9, "api_key": "sk-1", "base_url": "http://evil", "extra_headers": {"authorization": "x"},
        "extra_body": {"api_key": "sk-2"}, "extra_query": {"key": "sk-3"}, "messages": [{"role": "user", "content": "hi"}]});
    for from in [OPENAI, ANTHROPIC] {
        let passed =
            splice(from, &bytes(&body), &Splice { edits: &[Edit::Model("n".into())], ..Splice::default() })
                .expect("an object");
        let names: Vec<_> = value(&passed.body).as_object().expect("an object").keys().cloned().collect();
        assert_eq!(names, ["max_tokens", "messages", "model"], "{from}");
        for to in [OPENAI, ANTHROPIC] {
            let (written, _) = translate(from, to, &body, &Facts::default());
            let text = written.to_string();
            assert!(!text.contains("sk-") && !text.contains("evil"), "{from} to {to}: {text}");
        }
    }
    // An escaped name is the same name, and of one that stands twice neither stays.
    let sly = Bytes::from_static(br#"{"model":"m","api_\u006bey":"sk-1","api_key":"sk-2","messages":[{"role":"user","content":"hi"}]}"#);
    let passed = splice(OPENAI, &sly, &Splice::default()).expect("an object").body;
    assert!(!String::from_utf8_lossy(&passed).contains("sk-"), "{passed:?}");
}
