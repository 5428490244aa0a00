//! Which headers and fields cross the edges.

use std::collections::BTreeSet;

use backstop_normalize::{NormalizeConfig, ingress::IngressConfig};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body_util::Full;
use serde_json::json;

use crate::support::{ANTHROPIC, OPENAI, answer, plainly, question, send};

/// What a caller may send: credentials, hop-by-hop headers and the like, and what may go up.
const CALLERS: [&str; 32] = [
    "authorization",
    "proxy-authorization",
    "api-key",
    "x-api-key",
    "x-goog-api-key",
    "openai-organization",
    "openai-project",
    "cookie",
    "set-cookie",
    "host",
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "accept-encoding",
    "origin",
    "referer",
    "forwarded",
    "x-forwarded-for",
    "x-real-ip",
    "x-custom",
    "x-backstop-request-id",
    "idempotency-key",
    "anthropic-beta",
    "anthropic-version",
    "openai-beta",
    "x-client-request-id",
    "traceparent",
    "tracestate",
];

fn all_of(names: &[&'static str]) -> HeaderMap {
    let value = HeaderValue::from_static("callers-own");
    names.iter().map(|name| (HeaderName::from_static(name), value.clone())).collect()
}

fn names(headers: &HeaderMap) -> BTreeSet<&str> {
    headers.keys().map(HeaderName::as_str).collect()
}

#[tokio::test]
async fn only_what_is_allowed_goes_up() {
    for (from, to, own) in [
        (OPENAI, OPENAI, &["openai-beta", "x-client-request-id"][..]),
        (ANTHROPIC, ANTHROPIC, &["anthropic-beta", "anthropic-version", "x-client-request-id"]),
        (OPENAI, ANTHROPIC, &["anthropic-version", "x-client-request-id"]),
        (ANTHROPIC, OPENAI, &["x-client-request-id"]),
    ] {
        let got = plainly(from, to, all_of(&CALLERS), question().to_string()).await;
        assert_eq!(got.status, 200, "{}", got.text());
        let seen = &got.call().headers;
        let mut expected: BTreeSet<_> = own.iter().copied().collect();
        expected.extend(["accept", "content-type", "traceparent", "tracestate", "user-agent"]);
        assert_eq!(names(seen), expected, "{from} to {to}");
        // A version of its own where the caller's is of another dialect.
        let version = seen.get("anthropic-version").map(HeaderValue::as_bytes);
        let expected =
            (to == ANTHROPIC).then_some(if from == ANTHROPIC { &b"callers-own"[..] } else { b"2023-06-01" });
        assert_eq!(version, expected);
        assert_eq!(seen["user-agent"], concat!("backstop/", env!("CARGO_PKG_VERSION")));
    }
}

#[tokio::test]
async fn an_operator_may_let_a_header_in_but_no_credential() {
    let names = ["x-custom", "authorization", "x-api-key", "cookie", "openai-organization"];
    let ingress = names.iter().fold(IngressConfig::new(OPENAI), |config, name| {
        config.with_request_header(HeaderName::from_static(name))
    });
    let mut request = Request::new(Full::new(Bytes::from(question().to_string())));
    *request.headers_mut() = all_of(&names);
    let got = send(ingress, NormalizeConfig::new(OPENAI), request, Response::new(answer(OPENAI))).await;
    let seen = &got.call().headers;
    assert!(seen.contains_key("x-custom"), "{seen:?}");
    assert!(names[1..].iter().all(|name| !seen.contains_key(*name)), "{seen:?}");
}

#[tokio::test]
async fn only_ids_and_limits_come_back() {
    let providers = [
        "set-cookie",
        "connection",
        "keep-alive",
        "transfer-encoding",
        "upgrade",
        "proxy-authenticate",
        "www-authenticate",
        "server",
        "via",
        "cf-ray",
        "location",
        "openai-organization",
        "x-backstop-target",
        "content-encoding",
        "x-request-id",
        "x-ratelimit-remaining-tokens",
    ];
    for (from, to) in [(OPENAI, OPENAI), (OPENAI, ANTHROPIC), (ANTHROPIC, OPENAI), (ANTHROPIC, ANTHROPIC)] {
        for (status, stream) in [(200, false), (429, false), (200, true)] {
            let mut question = question();
            question["stream"] = stream.into();
            let mut answer = Response::new(answer(to));
            *answer.status_mut() = status.try_into().expect("a status");
            *answer.headers_mut() = all_of(&providers);
            let request = Request::new(Full::new(Bytes::from(question.to_string())));
            let got = send(IngressConfig::new(from), NormalizeConfig::new(to), request, answer).await;
            let back = names(&got.headers);
            let theirs: BTreeSet<_> = back.iter().copied().filter(|name| providers.contains(name)).collect();
            let expected: &[&str] =
                if status == 200 { &["x-ratelimit-remaining-tokens", "x-request-id"] } else { &[] };
            assert_eq!(theirs, expected.iter().copied().collect(), "{from} to {to}, {status}");
            assert!(!got.headers.values().any(|value| value == "callers-own") || status == 200);
        }
    }
}

#[tokio::test]
async fn fields_that_choose_key_or_place_never_go_up() {
    let mut question = question();
    for name in ["api_key", "base_url", "extra_headers", "extra_body", "extra_query"] {
        question[name] = json!("sk-callers-own");
    }
    for (from, to) in [(OPENAI, OPENAI), (OPENAI, ANTHROPIC), (ANTHROPIC, OPENAI), (ANTHROPIC, ANTHROPIC)] {
        let got = plainly(from, to, HeaderMap::new(), question.to_string()).await;
        let body = String::from_utf8_lossy(&got.call().body).into_owned();
        assert!(!body.contains("callers-own"), "{from} to {to}: {body}");
        assert!(!got.text().contains("callers-own"), "{from} to {to}: {}", got.text());
        let path = if to == ANTHROPIC { "/v1/messages" } else { "/v1/chat/completions" };
        assert_eq!(got.call().path, path);
    }
}

#[tokio::test]
async fn what_was_left_out_is_told() {
    let mut question = question();
    (question["seed"], question["user"]) = (json!(7), json!("u1"));
    question["logit_bias"] = json!({"1": 2});
    let got = plainly(OPENAI, ANTHROPIC, HeaderMap::new(), question.to_string()).await;
    assert_eq!(
        (got.status.as_u16(), &got.headers["x-backstop-dropped"]),
        (200, &HeaderValue::from_static("seed, logit_bias"))
    );
    // A constraint is refused, or dropped and told where the operator wants that.
    question["n"] = json!(2);
    let got = plainly(OPENAI, ANTHROPIC, HeaderMap::new(), question.to_string()).await;
    assert_eq!(got.status, 400, "{}", got.text());
    assert_eq!(got.json()["error"]["error_type"], "unsupported_parameter");
    assert!(got.seen.is_empty());
    let normalize = NormalizeConfig::new(ANTHROPIC).with_unsupported(backstop_normalize::Unsupported::Drop);
    let request = Request::new(Full::new(Bytes::from(question.to_string())));
    let got = send(IngressConfig::new(OPENAI), normalize, request, Response::new(answer(ANTHROPIC))).await;
    assert_eq!(got.status, 200, "{}", got.text());
    assert!(got.headers["x-backstop-dropped"].to_str().expect("text").contains('n'));
}
