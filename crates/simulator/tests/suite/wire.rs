//! Odd but right: framing, encoding and headers that must change nothing.

use std::{io::Read as _, time::Duration};

use backstop_simulator::{Answer, Behaviour, Dialect, Encoding, Fault, LineEnd, Simulator};
use http::{HeaderName, HeaderValue};
use serde_json::{Value, json};

use crate::common::{Read, Sse, ask, openai, say, streamed, text_of, text_of_events};

const TEXT: &str = "Zwölf \u{1F600}\u{1F600} größere „Wörter“";

fn with(fault: Fault) -> Simulator {
    Simulator::new("a").with_behaviour(Behaviour::from(Answer::text(TEXT)).with(fault))
}

fn read_with(text: &str) -> Read {
    Read { frames: vec![text.to_owned().into()], ..Read::empty() }
}

fn text_of_stream(dialect: Dialect, text: &str) -> String {
    text_of_events(dialect, &read_with(text).events())
}

#[tokio::test(start_paused = true)]
async fn lines_end_in_other_ways() {
    for dialect in Dialect::ALL {
        for (end, with_what) in [(LineEnd::CrLf, "\r\n"), (LineEnd::Cr, "\r")] {
            let read = say(&with(Fault::line_end(end)), dialect, &streamed(ask(dialect, "x"))).await;
            let text = read.text();
            assert!(text.ends_with(&with_what.repeat(2)));
            assert!(!text.replace(with_what, "").contains(['\r', '\n']), "every line ends like that");
            assert_eq!(text_of_stream(dialect, &text.replace(with_what, "\n")), TEXT);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn comments_and_a_byte_order_mark_come_first() {
    for dialect in Dialect::ALL {
        let simulator = Simulator::new("a")
            .with_behaviour("text=hello there world; comments; bom".parse::<Behaviour>().unwrap());
        let text = say(&simulator, dialect, &streamed(ask(dialect, "x"))).await.text();
        let rest = text.strip_prefix("\u{feff}: keep-alive\n\n").expect("mark and comment");
        assert!(rest.matches(": keep-alive\n\n").count() > 2);
        assert_eq!(text_of_stream(dialect, &rest.replace(": keep-alive\n\n", "")), "hello there world");
        let whole = say(&with(Fault::bom()), dialect, &ask(dialect, "x")).await.text();
        let whole: Value = serde_json::from_str(whole.strip_prefix('\u{feff}').unwrap()).unwrap();
        assert_eq!(text_of(dialect, &whole), TEXT);
    }
}

#[tokio::test(start_paused = true)]
async fn frames_are_cut_anywhere() {
    for dialect in Dialect::ALL {
        for size in [1, 2, 7] {
            let read = say(&with(Fault::split(size)), dialect, &streamed(ask(dialect, "x"))).await;
            assert!(read.frames.iter().all(|frame| frame.len() <= size));
            assert!(
                size == 7 || read.frames.iter().any(|frame| std::str::from_utf8(frame).is_err()),
                "characters are cut"
            );
            assert_eq!(text_of_events(dialect, &read.events()), TEXT);
            let whole = say(&with(Fault::split(size)), dialect, &ask(dialect, "x")).await;
            assert_eq!(text_of(dialect, &whole.json()), TEXT);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn bodies_are_compressed_event_by_event() {
    for dialect in Dialect::ALL {
        for (encoding, name) in
            [(Encoding::Gzip, "gzip"), (Encoding::Deflate, "deflate"), (Encoding::Brotli, "br")]
        {
            let whole = say(&with(Fault::encoded(encoding)), dialect, &ask(dialect, "x")).await;
            assert_eq!(whole.header("content-encoding"), name);
            let document: Value = serde_json::from_slice(&decoded(encoding, &whole.bytes())).unwrap();
            assert_eq!(text_of(dialect, &document), TEXT);

            let read = say(&with(Fault::encoded(encoding)), dialect, &streamed(ask(dialect, "x"))).await;
            let text = String::from_utf8(decoded(encoding, &read.bytes())).unwrap();
            assert_eq!(text_of_stream(dialect, &text), TEXT);
            // The first frame alone gives the first event.
            let first = String::from_utf8(decoded(encoding, &read.frames[0])).unwrap();
            assert!(first.ends_with("\n\n") && read_with(&first).events().len() == 1, "{first}");
        }
    }
}

/// What `bytes`, which may break off, decode to.
fn decoded(encoding: Encoding, bytes: &[u8]) -> Vec<u8> {
    let mut reader: Box<dyn std::io::Read> = match encoding {
        Encoding::Gzip => Box::new(flate2::read::GzDecoder::new(bytes)),
        Encoding::Deflate => Box::new(flate2::read::ZlibDecoder::new(bytes)),
        _ => Box::new(brotli::Decompressor::new(bytes, 4096)),
    };
    let mut decoded = Vec::new();
    let mut byte = [0];
    while let Ok(1) = reader.read(&mut byte) {
        decoded.push(byte[0]);
    }
    decoded
}

#[tokio::test(start_paused = true)]
async fn ten_megabytes_come_in_one_event() {
    let text = "0123456789".repeat(1 << 20);
    let simulator = Simulator::new("a").with_behaviour(Answer::text(text.clone()).with_most_events(1));
    for dialect in Dialect::ALL {
        let mut body = ask(dialect, "x");
        if dialect == Dialect::AnthropicMessages {
            body["model"] = json!("claude-opus-4-6");
            body["max_tokens"] = json!(128_000);
        }
        let limit = if dialect == Dialect::AnthropicMessages { 128_000 * 8 } else { text.len() };
        let read = say(&simulator, dialect, &streamed(body)).await;
        let events = read.events();
        let largest = events.iter().map(|event| event.data.len()).max().unwrap();
        assert!(largest > limit, "{largest}");
        assert!(text_of_events(dialect, &events) == text[..limit]);
    }
}

#[tokio::test(start_paused = true)]
async fn headers_of_any_kind_are_added() {
    let header = |name: &'static str, value| {
        Fault::header(HeaderName::from_static(name), HeaderValue::from_static(value))
    };
    let behaviour = Behaviour::from([
        header("set-cookie", "a=1"),
        header("set-cookie", "b=2"),
        header("connection", "x-hop"),
        header("x-hop", "1"),
        header("keep-alive", "timeout=5"),
        Fault::content_type(HeaderValue::from_static("application/octet-stream")),
    ]);
    let simulator = Simulator::new("a").with_behaviour(behaviour);
    let read = say(&simulator, Dialect::OpenAiChat, &openai("x")).await;
    let cookies: Vec<_> = read.headers.get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["a=1", "b=2"]);
    assert_eq!((read.header("connection"), read.header("x-hop")), ("x-hop", "1"));
    assert_eq!(read.header("content-type"), "application/octet-stream");
    assert_eq!(text_of(Dialect::OpenAiChat, &read.json()), "x");
}

#[tokio::test(start_paused = true)]
async fn retry_after_has_many_spellings() {
    let dialect = Dialect::AnthropicMessages;
    let limited = |fault| Simulator::new("a").with_behaviour(Behaviour::from(Fault::status(429)).with(fault));
    let read = say(&limited(Fault::retry_after(Duration::from_secs(2))), dialect, &ask(dialect, "x")).await;
    assert_eq!(
        (read.status.as_u16(), read.header("retry-after"), read.header("x-should-retry")),
        (429, "2", "true")
    );
    let read =
        say(&limited(Fault::retry_after(Duration::from_millis(1500))), dialect, &ask(dialect, "x")).await;
    assert_eq!(read.header("retry-after"), "1.5");
    let read =
        say(&limited(Fault::retry_after_ms(Duration::from_millis(1500))), dialect, &ask(dialect, "x")).await;
    assert_eq!(read.header("retry-after-ms"), "1500");
    let read = say(&limited(Fault::retry_at(Duration::from_secs(30))), dialect, &ask(dialect, "x")).await;
    let date = httpdate::parse_http_date(read.header("retry-after")).unwrap();
    let ahead = date.duration_since(std::time::SystemTime::now()).unwrap();
    assert!((25..=30).contains(&ahead.as_secs()), "{ahead:?}");
    let plain =
        say(&Simulator::new("a").with_behaviour(Fault::status(429)), dialect, &ask(dialect, "x")).await;
    assert!(!plain.headers.contains_key("retry-after"));

    let exhausted = limited(Fault::exhausted(Duration::from_secs(90)));
    let read = say(&exhausted, Dialect::OpenAiChat, &openai("x")).await;
    assert_eq!(read.header("x-ratelimit-remaining-requests"), "0");
    assert_eq!(read.header("x-ratelimit-reset-requests"), "1m30s");
    let read = say(&exhausted, dialect, &ask(dialect, "x")).await;
    assert_eq!(read.header("anthropic-ratelimit-requests-remaining"), "0");
}

#[tokio::test(start_paused = true)]
async fn chunks_are_padded_where_the_request_lets_them() {
    let simulator = with(Fault::obfuscated());
    let mut body = streamed(openai("x"));
    let padded =
        |events: Vec<Sse>| events.iter().filter(|event| event.data.contains("\"obfuscation\":\"")).count();
    let events = say(&simulator, Dialect::OpenAiChat, &body).await.events();
    let chunks = events.len() - 1;
    assert_eq!(padded(events), chunks);
    let padded_events =
        say(&simulator, Dialect::AnthropicMessages, &streamed(ask(Dialect::AnthropicMessages, "x")))
            .await
            .events();
    assert!(padded_events.iter().any(|event| event.data.ends_with("  }")));
    assert_eq!(text_of_events(Dialect::AnthropicMessages, &padded_events), TEXT);
    body["stream_options"] = json!({"include_obfuscation": false});
    assert_eq!(padded(say(&simulator, Dialect::OpenAiChat, &body).await.events()), 0);
}
