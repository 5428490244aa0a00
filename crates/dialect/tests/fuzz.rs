//! Nothing panics, whatever the bytes, and what is written is JSON. For as many seconds as `BACKSTOP_FUZZ_SECONDS` says, by
//! default one.

use std::{
    env,
    time::{Duration, SystemTime},
};

use backstop_core::{Completion, Dialect, Event, Failure, RequestId};
use backstop_dialect::{
    ErrorResponse, Facts, StreamDecoder, StreamEncoder, Voice, decode_answer, decode_error, decode_request,
    encode_answer, encode_error, encode_request, peek,
};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::json;

#[test]
fn nothing_panics_on_any_bytes() {
    let seconds = env::var("BACKSTOP_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    let end = SystemTime::now() + Duration::from_secs(seconds);
    let sample = json!({"id": "a", "type": "message", "role": "assistant", "model": "m", "content": [
        {"type": "thinking", "thinking": "hm", "signature": "seal"}, {"type": "text", "text": "hé\n"},
        {"type": "tool_use", "id": "c", "name": "f", "input": {"a": [1]}}], "stop_reason": "tool_use",
        "stop_sequence": null, "usage": {"input_tokens": 1, "output_tokens": 2}});
    let sample =
        decode_answer(Dialect::AnthropicMessages, &Bytes::from(sample.to_string())).expect("an answer");
    let sample = Completion::from_deltas(&sample);
    let request = json!({"model": "m", "max_tokens": 9, "tools": [{"name": "f", "input_schema": {}}], "system": [{"type": "text", "text": "s"}],
        "messages": [{"role": "user", "content": [{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA"}}]}]});
    let mut seeds = vec![
        Bytes::from(request.to_string()).to_vec(),
        b"{\"error\":{\"message\":\"x\",\"type\":\"y\"}}".to_vec(),
    ];
    for dialect in Dialect::ALL {
        seeds.push(encode_answer(dialect, &sample, &voice()).body.to_vec());
        seeds
            .push(StreamEncoder::new(dialect, voice()).event(&Event::synthetic(sample.to_deltas())).to_vec());
        seeds.push(
            encode_request(
                dialect,
                &decode_request(Dialect::AnthropicMessages, &Bytes::from(request.to_string()))
                    .expect("a request"),
                &Facts::default(),
            )
            .expect("a document")
            .body
            .to_vec(),
        );
    }
    // A generator of our own: the same bytes in every run.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below.max(1) as u64).unwrap_or_default()
    };
    let tokens: [&[u8]; 9] = [b"{", b"}", b"[", b"]", b"\"", b"null", b"\n\n", b"\xff", b"-1e999"];
    let mut runs = 0_u64;
    while SystemTime::now() < end {
        for seed in &seeds {
            let mut bytes = seed.clone();
            for _ in 0..=random(4) {
                let at = random(bytes.len());
                match random(4) {
                    0 => bytes.truncate(at),
                    1 => bytes.splice(at..at, tokens[random(tokens.len())].iter().copied()).for_each(drop),
                    2 => bytes
                        .splice(
                            at..(at + random(9)).min(bytes.len()),
                            tokens[random(tokens.len())].iter().copied(),
                        )
                        .for_each(drop),
                    _ => {
                        if let Some(byte) = bytes.get_mut(at) {
                            *byte = u8::try_from(random(256)).unwrap_or_default();
                        }
                    }
                }
            }
            try_all(&Bytes::from(bytes), 1 + random(64));
            runs += 1;
        }
    }
    assert!(runs > 0);
}

/// Reads `bytes` as everything in every dialect, and writes what could be read.
fn try_all(bytes: &Bytes, size: usize) {
    for dialect in Dialect::ALL {
        let _ = peek(dialect, bytes);
        if let Ok(request) = decode_request(dialect, bytes) {
            for dialect in Dialect::ALL {
                if let Ok(encoded) = encode_request(dialect, &request, &Facts::default()) {
                    assert_json(&encoded.body);
                }
            }
        }
        if let Ok(deltas) = decode_answer(dialect, bytes) {
            let answer = Completion::from_deltas(&deltas);
            for dialect in Dialect::ALL {
                assert_json(&encode_answer(dialect, &answer, &voice()).body);
            }
        }
        let headers = HeaderMap::new();
        let status = StatusCode::BAD_REQUEST;
        let response = ErrorResponse { status, headers: &headers, body: bytes, wall: SystemTime::UNIX_EPOCH };
        assert_json(&encode_error(dialect, &decode_error(dialect, &response), &voice()));
        if let Ok(events) = read(dialect, bytes, size) {
            for dialect in Dialect::ALL {
                let mut encoder = StreamEncoder::new(dialect, voice());
                events
                    .iter()
                    .for_each(|event| drop(encoder.event(&Event::synthetic(event.deltas().to_vec()))));
                encoder.finish();
            }
        }
    }
}

/// Valid JSON, also where a number is larger than any that a program can hold.
fn assert_json(bytes: &Bytes) {
    let valid = serde_json::from_slice::<serde::de::IgnoredAny>(bytes);
    assert!(valid.is_ok(), "{valid:?}: {}", String::from_utf8_lossy(bytes));
}

fn voice() -> Voice {
    Voice { id: RequestId::from_u128(7), include_usage: true }
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
