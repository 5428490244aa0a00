//! Errors: each of the kind that the providers' documentation gives it, and told in every dialect.

use std::time::SystemTime;

use backstop_core::{Dialect, Failure, Kind, Scope};
use backstop_dialect::{ErrorResponse, StreamDecoder, StreamEncoder, decode_error, encode_error};

use crate::exchange::{Exchange, corpus, value, voice};

/// What an error means, by the words in it: the first row whose status and words fit. Each is a row of the provider's own
/// list of errors.
const MEANINGS: &[(u16, &str, Kind)] = &[
    (400, "prompt is too long", Kind::ContextLength),
    (400, "exceeds the available context size", Kind::ContextLength),
    (400, "too_many_prompt_tokens", Kind::ContextLength),
    (400, "unknown variant", Kind::Unsupported),
    (400, "is not supported on this model", Kind::Unsupported),
    (400, "Logprobs are not enabled", Kind::Unsupported),
    (400, "API_KEY_INVALID", Kind::Unauthorized),
    (400, "FAILED_PRECONDITION", Kind::Unauthorized),
    (400, "is not a valid model ID", Kind::ModelNotFound),
    (400, "Invalid model", Kind::ModelNotFound),
    (400, "tool_use_failed", Kind::Malformed),
    (400, "", Kind::InvalidRequest),
    (401, "", Kind::Unauthorized),
    (403, "", Kind::Unauthorized),
    (404, "", Kind::ModelNotFound),
    (429, "PerDay", Kind::QuotaExhausted),
    (429, "", Kind::RateLimited),
];

fn decode(exchange: &Exchange) -> Failure {
    let body = exchange.document.clone().or_else(|| exchange.stream.clone()).unwrap_or_default();
    let (status, headers) = (exchange.status, &exchange.headers);
    decode_error(
        exchange.dialect,
        &ErrorResponse { status, headers, body: &body, wall: SystemTime::UNIX_EPOCH },
    )
}

fn errors() -> impl Iterator<Item = Exchange> {
    corpus().into_iter().filter(|exchange| !exchange.status.is_success())
}

#[test]
fn they_mean_what_the_providers_say() {
    for exchange in errors() {
        let body = exchange.document.clone().or_else(|| exchange.stream.clone()).unwrap_or_default();
        let text = String::from_utf8_lossy(&body).into_owned();
        let fits =
            |(status, words, _): &&(u16, &str, Kind)| exchange.status == *status && text.contains(words);
        let (.., kind) =
            MEANINGS.iter().find(fits).unwrap_or_else(|| panic!("{}: no row fits", exchange.file));
        let failure = decode(&exchange);
        assert_eq!(failure.kind(), *kind, "{}: {text}", exchange.file);
        assert_eq!(failure.provider_status(), Some(exchange.status), "{}", exchange.file);
        if text.contains("retryDelay") {
            assert!(failure.retry_after().is_some(), "{}: {text}", exchange.file);
        }
        if text.contains("tool_use_failed") {
            assert_eq!(failure.scope(), Scope::Request, "{}", exchange.file);
        }
    }
}

#[test]
fn they_go_out_in_every_dialect() {
    for exchange in errors() {
        let failure = decode(&exchange);
        for dialect in Dialect::ALL {
            let body = value(&encode_error(dialect, &failure, &voice()));
            let message = body["error"]["message"].as_str().expect("a message");
            assert!(!message.is_empty(), "{}", exchange.file);
            let mut stream = StreamEncoder::new(dialect, voice());
            let event = String::from_utf8(stream.fail(&failure).to_vec()).expect("UTF-8");
            assert!(event.contains("\"error\""), "{}: {event}", exchange.file);
            assert_eq!(stream.finish(), "", "{}: nothing follows an error", exchange.file);
        }
    }
}

#[test]
fn a_stream_that_breaks_with_an_error_event_is_a_failure() {
    let mut broken = 0;
    for exchange in corpus().into_iter().filter(|exchange| exchange.status.is_success()) {
        let Some(body) = exchange.stream else { continue };
        let mut decoder = StreamDecoder::new(exchange.dialect, 1);
        decoder.push(body);
        let failure = std::iter::from_fn(|| decoder.next_event()).find_map(Result::err);
        let Some(failure) = failure else { continue };
        broken += 1;
        assert!(!failure.message().is_empty() && failure.provider_error().is_some(), "{}", exchange.file);
    }
    // Whatever the corpus holds, it is not mostly broken streams.
    assert!(broken < 10, "{broken}");
}
