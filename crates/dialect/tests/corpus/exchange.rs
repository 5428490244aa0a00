//! The recorded exchanges.

#![expect(clippy::print_stdout, reason = "says how much was read, and where nothing is")]

use std::{collections::BTreeMap, env, fs, path::PathBuf};

use backstop_core::{Dialect, Event, Flavour, RequestId};
use backstop_dialect::{StreamDecoder, StreamEncoder, Voice};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::Value;

pub(crate) struct Exchange {
    pub(crate) file: String,
    pub(crate) provider: String,
    pub(crate) dialect: Dialect,
    pub(crate) flavour: Flavour,
    pub(crate) request: Option<Bytes>,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) document: Option<Bytes>,
    pub(crate) stream: Option<Bytes>,
}

/// All exchanges of the dialects that Backstop speaks, in the order of their names.
pub(crate) fn corpus() -> Vec<Exchange> {
    let named = env::var_os("BACKSTOP_CORPUS").map(PathBuf::from);
    let default = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let is_named = named.is_some();
    let directory = named.unwrap_or_else(default);
    let Ok(entries) = fs::read_dir(&directory) else {
        assert!(!is_named, "BACKSTOP_CORPUS is {}, which cannot be read", directory.display());
        println!("no corpus at {}: nothing to read", directory.display());
        return Vec::new();
    };
    let mut files: Vec<_> = entries.map(|entry| entry.expect("readable").path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let all: Vec<_> = files.iter().filter_map(exchange).collect();
    // Where there is a corpus, a proof that reads none of a dialect proves nothing.
    for dialect in Dialect::ALL {
        let count = all.iter().filter(|exchange| exchange.dialect == dialect).count();
        assert!(count > 0, "{} holds no exchange of {dialect}", directory.display());
    }
    all
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
    let of = |what: fn(&Exchange) -> bool| all.iter().filter(|exchange| what(exchange)).count();
    println!(
        "{} exchanges read: {} requests, {} whole answers, {} streams, {} errors",
        all.len(),
        of(|exchange| exchange.request.is_some()),
        of(|exchange| exchange.status.is_success() && exchange.document.is_some()),
        of(|exchange| exchange.status.is_success() && exchange.stream.is_some()),
        of(|exchange| !exchange.status.is_success()),
    );
}

/// The exchange, if it is one of a dialect that Backstop speaks; model lists, embeddings and the like are not.
fn exchange(file: &PathBuf) -> Option<Exchange> {
    let text = fs::read_to_string(file).expect("readable");
    let all: Value = serde_json::from_str(&text).expect("JSON");
    let provider = all["provider"].as_str()?.to_owned();
    // Mistral's is OpenAI's dialect with an accent.
    let dialect = match all["dialect"].as_str()? {
        "mistral-chat" => Dialect::OpenaiChat,
        name => name.parse().ok()?,
    };
    let flavour = match provider.as_str() {
        _ if dialect != Dialect::OpenaiChat => Flavour::Compatible,
        "openai" | "azure" => Flavour::Openai,
        "openrouter" => Flavour::Openrouter,
        "deepseek" => Flavour::Deepseek,
        "alibaba" => Flavour::Qwen,
        "mistral" => Flavour::Mistral,
        _ => Flavour::Compatible,
    };
    let bytes = |value: &Value| (!value.is_null()).then(|| Bytes::from(value.to_string()));
    let response = &all["response"];
    let stream = match (&response["sse"], &response["events"]) {
        (Value::String(sse), _) => Some(Bytes::from(sse.clone())),
        (_, Value::Array(events)) => Some(of_aws_events(events)),
        _ => None,
    };
    Some(Exchange {
        file: file.file_name()?.to_string_lossy().into_owned(),
        provider,
        dialect,
        flavour,
        request: bytes(&all["request"]["body"]),
        status: u16::try_from(response["status"].as_u64()?)
            .ok()
            .and_then(|status| StatusCode::from_u16(status).ok())?,
        headers: headers(&response["headers"]),
        document: bytes(&response["body"]),
        stream,
    })
}

fn headers(all: &Value) -> HeaderMap {
    let all = all.as_object().into_iter().flatten();
    let pairs = all.filter_map(|(name, value)| {
        let name: HeaderName = name.parse().ok()?;
        Some((name, value.as_str()?.parse::<HeaderValue>().ok()?))
    });
    pairs.collect()
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

/// The dialects that `dialect` is translated to.
pub(crate) fn others(dialect: Dialect) -> impl Iterator<Item = Dialect> {
    Dialect::ALL.into_iter().filter(move |other| *other != dialect)
}

pub(crate) fn voice() -> Voice {
    Voice { id: RequestId::from_u128(7), include_usage: true }
}

pub(crate) fn value(bytes: &Bytes) -> Value {
    serde_json::from_slice(bytes)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(bytes)))
}

/// The events of a stream that comes in chunks of `size`.
pub(crate) fn events_in_chunks(dialect: Dialect, bytes: &Bytes, size: usize) -> Vec<Event> {
    let mut decoder = StreamDecoder::new(dialect, 1);
    let mut events = Vec::new();
    for chunk in bytes.chunks(size) {
        decoder.push(Bytes::copy_from_slice(chunk));
        while let Some(event) = decoder.next_event() {
            events.push(event.expect("an event"));
        }
    }
    while let Some(event) = decoder.end() {
        events.push(event.expect("an event"));
    }
    assert!(decoder.is_complete(), "the stream has its semantic end");
    events
}

/// The events as the caller's edge writes them: those of its own dialect as they came, all others anew.
pub(crate) fn encode_stream(dialect: Dialect, events: &[Event]) -> Bytes {
    let mut encoder = StreamEncoder::new(dialect, voice());
    let mut out = Vec::new();
    for event in events {
        out.extend_from_slice(&encoder.event(event));
    }
    out.extend_from_slice(&encoder.finish());
    Bytes::from(out)
}
