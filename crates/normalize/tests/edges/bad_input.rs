//! Requests that are wrong: one clear error in the caller's dialect, and no call.

use backstop_core::Dialect;
use backstop_normalize::{
    NormalizeConfig,
    ingress::{BytesInFlight, IngressConfig},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, header};
use http_body_util::Full;
use serde_json::json;

use crate::support::{ANTHROPIC, Got, OPENAI, answer, plainly, question, send};

/// A refusal that says something, in the caller's own dialect, without asking a provider.
fn assert_refused(dialect: Dialect, got: &Got, status: u16, what: &str) {
    assert_eq!(got.status, status, "{what}: {}", got.text());
    assert!(got.seen.is_empty(), "{what}");
    assert_eq!(got.headers["content-type"], "application/json");
    assert_eq!(got.headers["x-should-retry"], "false");
    let body = got.json();
    let message = body["error"]["message"].as_str().unwrap_or_default();
    assert!(!message.is_empty() && message.len() < 400, "{what}: {body}");
    assert_eq!(body["type"] == "error", dialect == ANTHROPIC, "{what}: {body}");
    assert!(body["error"]["type"].is_string(), "{what}: {body}");
    assert!(got.headers.contains_key("x-backstop-request-id"));
}

#[tokio::test]
async fn bodies_that_are_no_request() {
    let nested = |open: &str, close: &str| {
        format!(r#"{{"model":"m","messages":{}1{}}}"#, open.repeat(10_000), close.repeat(10_000)).into_bytes()
    };
    let unclosed = format!(r#"{{"model":"m","messages":{}"#, "[".repeat(10_000)).into_bytes();
    let bodies: [(&str, Vec<u8>); 18] = [
        ("nothing", Vec::new()),
        ("a list", b"[]".to_vec()),
        ("a number", b"1".to_vec()),
        ("null", b"null".to_vec()),
        ("a string", b"\"hi\"".to_vec()),
        ("cut off", b"{\"model\":\"m\",".to_vec()),
        ("two documents", b"{}{}".to_vec()),
        ("a page", b"<html></html>".to_vec()),
        ("not UTF-8", b"{\"model\":\"\xff\",\"messages\":[{}]}".to_vec()),
        ("no model", b"{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}".to_vec()),
        ("a model that is a number", b"{\"model\":1,\"messages\":[{}]}".to_vec()),
        ("no messages", b"{\"model\":\"m\"}".to_vec()),
        ("empty messages", b"{\"model\":\"m\",\"messages\":[]}".to_vec()),
        ("messages that are a string", b"{\"model\":\"m\",\"messages\":\"hi\"}".to_vec()),
        ("a stream that is a string", b"{\"model\":\"m\",\"messages\":[{}],\"stream\":\"yes\"}".to_vec()),
        ("deep lists", nested("[", "]")),
        ("deep objects", nested("{\"a\":", "}")),
        ("deep and unclosed", unclosed),
    ];
    for dialect in [OPENAI, ANTHROPIC] {
        for (what, body) in &bodies {
            let got = plainly(dialect, dialect, HeaderMap::new(), body.clone()).await;
            assert_refused(dialect, &got, 400, what);
        }
        // Wrong further in: refused where the request is read, which translation does.
        let other = if dialect == OPENAI { ANTHROPIC } else { OPENAI };
        for messages in
            [json!([1]), json!([{"role": 5, "content": "hi"}]), json!([{"role": "user", "content": 5}])]
        {
            let body = json!({"model": "m", "max_tokens": 9, "messages": messages});
            let got = plainly(dialect, other, HeaderMap::new(), body.to_string()).await;
            assert_refused(dialect, &got, 400, &body.to_string());
            assert!(got.text().contains("messages[0]"), "{}", got.text());
        }
    }
}

#[tokio::test]
async fn heads_that_are_wrong() {
    let one = |name: HeaderName, value: &'static str| {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    };
    for dialect in [OPENAI, ANTHROPIC] {
        for (headers, status) in [
            (one(header::CONTENT_TYPE, "text/plain"), 415),
            (one(header::CONTENT_TYPE, "multipart/form-data; boundary=x"), 415),
            (one(header::CONTENT_ENCODING, "gzip"), 415),
        ] {
            let got = plainly(dialect, dialect, headers.clone(), question().to_string()).await;
            assert_refused(dialect, &got, status, &format!("{headers:?}"));
        }
        let mut both = one(header::CONTENT_LENGTH, "5");
        both.insert(header::TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
        let got = plainly(dialect, dialect, both, question().to_string()).await;
        assert_refused(dialect, &got, 400, "two lengths");
        for good in ["application/json; charset=utf-8", "APPLICATION/JSON", "application/vnd.api+json"] {
            let got =
                plainly(dialect, dialect, one(header::CONTENT_TYPE, good), question().to_string()).await;
            assert_eq!(got.status, 200, "{good}");
        }
    }
}

#[tokio::test]
async fn bodies_over_the_limit() {
    let body = Bytes::from(question().to_string());
    for dialect in [OPENAI, ANTHROPIC] {
        let exactly = IngressConfig::new(dialect).with_body_limit(body.len() as u64);
        let less = IngressConfig::new(dialect).with_body_limit(body.len() as u64 - 1);
        let send_to = |ingress: IngressConfig| {
            let request = Request::new(Full::new(body.clone()));
            send(ingress, NormalizeConfig::new(dialect), request, Response::new(answer(dialect)))
        };
        assert_eq!(send_to(exactly).await.status, 200);
        let got = send_to(less).await;
        assert_refused(dialect, &got, 413, "too long");
        assert_eq!(got.headers["connection"], "close");

        let few = BytesInFlight::new(body.len() as u64 - 1);
        let got = send_to(IngressConfig::new(dialect).with_bytes_in_flight(few.clone())).await;
        assert_refused(dialect, &got, 503, "too many bytes in flight");
        assert_eq!(few.held(), 0, "what was refused is held no longer");
    }
}
