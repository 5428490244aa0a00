//! What crosses the gateway, up and down: only what a list allows, and never anybody's secret.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::{fmt::Write as _, time::Duration};

use backstop_core::Dialect;
use backstop_tests::{
    canned,
    client::{self, Ask},
    gateway::Gateway,
    upstream::{Seen, Upstream},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

const DIALECTS: [Dialect; 2] = [Dialect::OpenaiChat, Dialect::AnthropicMessages];

/// Slashes may be escaped in JSON, so keys with one are the harder case.
const OPENAI_KEY: &str = "sk-proj-A0B1/C2D3E4F5G6H7";
const ANTHROPIC_KEY: &str = "sk-ant-I0J1/K2L3M4N5O6P7";
/// Parts that no text may hold, whether the key was quoted in whole, escaped, or masked by the provider.
const KEY_PARTS: [&str; 8] = ["sk-proj", "A0B1", "C2D3", "G6H7", "sk-ant", "I0J1", "K2L3", "O6P7"];
const CALLER_SECRET: &str = "callers-own-secret";
/// Becomes an escaped slash once the message is JSON.
const SLASH: &str = "§";
const PROMPT: &str = "a purple elephant nobody else has heard of";

/// A gateway before one provider of each dialect: the chains `openai` and `anthropic`.
async fn gateway(openai: &Upstream, anthropic: &Upstream) -> Gateway {
    let chains = format!(
        "providers:
  o: {{ dialect: openai-chat, base_url: \"{}\", api_key: \"${{OPENAI}}\" }}
  a: {{ dialect: anthropic-messages, base_url: \"{}\", api_key: \"${{ANTHROPIC}}\" }}
chains:
  openai: {{ targets: [o/gpt-4.1-mini], retries: 0, breaker: off }}
  anthropic: {{ targets: [a/claude-sonnet-4-5], retries: 0, breaker: off }}
",
        openai.base_url(),
        anthropic.base_url()
    );
    let server = "{ listen: \"127.0.0.1:0\", admin: \"127.0.0.1:0\" }";
    Gateway::start_with(server, &chains, &[("OPENAI", OPENAI_KEY), ("ANTHROPIC", ANTHROPIC_KEY)]).await
}

/// Both ingress dialects, both upstream dialects, streamed and not.
fn ways() -> impl Iterator<Item = (Dialect, Dialect, bool)> {
    DIALECTS.into_iter().flat_map(|caller| {
        DIALECTS.into_iter().flat_map(move |provider| {
            [false, true].into_iter().map(move |streamed| (caller, provider, streamed))
        })
    })
}

const fn chain(provider: Dialect) -> &'static str {
    match provider {
        Dialect::AnthropicMessages => "anthropic",
        _ => "openai",
    }
}

fn assert_holds_none(text: &str, secrets: &[&str], what: &str) {
    let low = text.to_ascii_lowercase();
    for secret in secrets {
        assert!(!low.contains(&secret.to_ascii_lowercase()), "{what} holds `{secret}`:\n{text}");
    }
}

fn wire(seen: &Seen) -> String {
    format!("{} {} {:?} {}", seen.method, seen.uri, seen.headers, String::from_utf8_lossy(&seen.body))
}

#[tokio::test]
async fn only_allowed_headers_and_fields_go_up() {
    let openai = Upstream::saying(Dialect::OpenaiChat, "hello").await;
    let anthropic = Upstream::saying(Dialect::AnthropicMessages, "hello").await;
    let gateway = gateway(&openai, &anthropic).await;
    for (caller, provider, streamed) in ways() {
        let case = format!("{caller:?} to {provider:?}, streamed: {streamed}");
        let mut ask = Ask::new(caller, chain(provider), PROMPT).streamed(streamed);
        for name in [
            "authorization",
            "proxy-authorization",
            "api-key",
            "x-api-key",
            "x-goog-api-key",
            "openai-organization",
            "openai-project",
            "cookie",
            "x-custom",
            "forwarded",
            "x-forwarded-for",
            "x-real-ip",
            "via",
            "referer",
            "origin",
            "x-amz-security-token",
            "x-private",
            "keep-alive",
            "proxy-connection",
            "upgrade",
        ] {
            ask = ask.header(name, CALLER_SECRET);
        }
        ask = ask
            .header("connection", "x-private, te")
            .header("te", "trailers")
            .header("user-agent", CALLER_SECRET);
        ask = ask.header("traceparent", "00-1-2-01").header("x-client-request-id", "mine");
        ask = ask.header("anthropic-beta", "beta-a").header("openai-beta", "beta-o");
        ask = ask
            .with("api_key", json!(CALLER_SECRET))
            .with("base_url", json!(format!("http://{CALLER_SECRET}/")))
            .with("extra_headers", json!({"authorization": CALLER_SECRET}))
            .with("extra_body", json!({"api_key": CALLER_SECRET}))
            .with("extra_query", json!({"key": CALLER_SECRET}));
        let (seen, _) = ask.send(gateway.address()).await;
        assert!(seen.is_success(), "{case}: {}", seen.body);
        assert_holds_none(&seen.body, &KEY_PARTS, &case);

        let upstream = if provider == Dialect::OpenaiChat { &openai } else { &anthropic };
        let asked = upstream.seen().pop().expect("a call");
        assert_holds_none(&wire(&asked), &[CALLER_SECRET], &case);
        let mut expected = vec![
            "accept",
            "accept-encoding",
            "content-length",
            "content-type",
            "host",
            "traceparent",
            "user-agent",
            "x-client-request-id",
        ];
        match provider {
            Dialect::AnthropicMessages => {
                expected.extend(["anthropic-version", "x-api-key"]);
                assert_eq!(asked.headers["x-api-key"], ANTHROPIC_KEY, "{case}");
                assert_eq!(asked.uri, "/v1/messages");
            }
            _ => {
                expected.push("authorization");
                assert_eq!(asked.headers["authorization"], format!("Bearer {OPENAI_KEY}"), "{case}");
                assert_eq!(asked.uri, "/v1/chat/completions");
            }
        }
        if caller == provider {
            let (name, value) = if caller == Dialect::OpenaiChat {
                ("openai-beta", "beta-o")
            } else {
                ("anthropic-beta", "beta-a")
            };
            expected.push(name);
            assert_eq!(asked.headers[name], value);
        }
        expected.sort_unstable();
        let mut names: Vec<_> = asked.headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, expected, "{case}");
        assert_eq!(asked.headers["x-client-request-id"], "mine", "{case}");

        let fields = asked.json();
        for field in ["api_key", "base_url", "extra_headers", "extra_body", "extra_query"] {
            assert!(fields.get(field).is_none(), "{case}: {field}");
        }
        assert!(wire(&asked).contains("purple elephant"), "{case}");
    }
    let log = gateway.log();
    assert_holds_none(&log, &KEY_PARTS, "the log");
    assert_holds_none(&log, &[CALLER_SECRET, "purple", "elephant", "hello"], "the log");
    assert_eq!(log.lines().filter(|line| line.contains("request ended")).count(), 8, "{log}");
}

#[tokio::test]
async fn disguised_fields_stay_here_too() {
    let openai = Upstream::saying(Dialect::OpenaiChat, "hello").await;
    let anthropic = Upstream::saying(Dialect::AnthropicMessages, "hello").await;
    let gateway = gateway(&openai, &anthropic).await;
    for (caller, provider, _) in ways().filter(|way| !way.2) {
        let body = format!(
            r#"{{"api\u005fkey": "{CALLER_SECRET}", "model": "{}", "api_key": "{CALLER_SECRET}", "max_tokens": 9,
                "messages": [{{"role": "user", "content": "hi"}}], "base\u005Furl": "{CALLER_SECRET}", "api_key": "{CALLER_SECRET}"}}"#,
            chain(provider)
        );
        let path = client::path(caller, chain(provider), false);
        let response =
            client::request(gateway.address(), Method::POST, &path, HeaderMap::new(), Bytes::from(body))
                .await;
        let seen = client::read(caller, response).await;
        assert!(seen.is_success(), "{caller:?} to {provider:?}: {}", seen.body);
        let upstream = if provider == Dialect::OpenaiChat { &openai } else { &anthropic };
        let asked = upstream.seen().pop().expect("a call");
        assert_holds_none(&wire(&asked), &[CALLER_SECRET], "what went up");
    }
}

/// What a provider may send beside its answer, and what of it may reach a caller.
fn dress<T>(mut response: Response<T>) -> Response<T> {
    for (name, value) in [
        ("set-cookie", "session=theirs"),
        ("connection", "x-internal"),
        ("x-internal", "theirs"),
        ("keep-alive", "timeout=5"),
        ("proxy-authenticate", "Basic"),
        ("www-authenticate", "Bearer theirs"),
        ("trailer", "x-late"),
        ("server", "theirs"),
        ("via", "1.1 theirs"),
        ("alt-svc", "h3=\":443\""),
        ("location", "http://theirs.example/"),
        ("openai-organization", "org-theirs"),
        ("strict-transport-security", "max-age=1"),
        ("content-security-policy", "x"),
        ("access-control-allow-origin", "*"),
        ("cf-ray", "theirs"),
        ("x-backstop-target", "forged"),
        ("x-request-id", "req_1"),
        ("x-ratelimit-remaining-requests", "7"),
        ("anthropic-ratelimit-requests-remaining", "7"),
        ("openai-processing-ms", "12"),
    ] {
        response.headers_mut().append(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}

#[tokio::test]
async fn only_allowed_headers_come_back() {
    let answering = |dialect| {
        Upstream::start(move |seen| {
            let prompt = String::from_utf8_lossy(&seen.body).into_owned();
            dress(if prompt.contains("fail") {
                canned::error(dialect, StatusCode::BAD_REQUEST, "invalid_request_error", "no such thing")
            } else {
                canned::answer(dialect, seen.stream(), "hello")
            })
        })
    };
    let (openai, anthropic) =
        (answering(Dialect::OpenaiChat).await, answering(Dialect::AnthropicMessages).await);
    let gateway = gateway(&openai, &anthropic).await;
    for (caller, provider, streamed) in ways() {
        for (prompt, status) in [("hi", StatusCode::OK), ("fail", StatusCode::BAD_REQUEST)] {
            let case = format!("{caller:?} to {provider:?}, streamed: {streamed}, {prompt}");
            let ask = Ask::new(caller, chain(provider), prompt).streamed(streamed);
            let (seen, _) = ask.send(gateway.address()).await;
            assert_eq!(seen.status, status, "{case}: {}", seen.body);
            for (name, value) in &seen.headers {
                let ours = [
                    "content-type",
                    "content-length",
                    "transfer-encoding",
                    "date",
                    "cache-control",
                    "x-accel-buffering",
                ];
                let allowed = ours.contains(&name.as_str())
                    || name.as_str().starts_with("x-backstop-")
                    || (status == StatusCode::OK
                        && ["x-request-id", "openai-processing-ms"].contains(&name.as_str()))
                    || (status == StatusCode::OK && name.as_str().contains("ratelimit-"))
                    || (status != StatusCode::OK && name == "x-should-retry");
                assert!(allowed, "{case}: {name}: {value:?} came back");
                assert!(!value.to_str().unwrap().contains("theirs"), "{case}: {name}: {value:?}");
            }
            assert_eq!(seen.header("x-backstop-attempts"), "1", "{case}");
            assert!(seen.header("x-backstop-target").contains('/'), "{case}: {:?}", seen.headers);
            if status == StatusCode::OK {
                assert_eq!(seen.header("x-request-id"), "req_1", "{case}");
                assert_eq!(seen.header("x-ratelimit-remaining-requests"), "7", "{case}");
            }
        }
    }
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let elsewhere = Upstream::saying(Dialect::OpenaiChat, "from elsewhere").await;
    let target = format!("{}/chat/completions?key={CALLER_SECRET}", elsewhere.base_url());
    let redirecting = |target: String| {
        Upstream::start(move |seen| {
            let code = seen.json()["max_tokens"].as_u64().unwrap_or(302);
            let mut response = Response::new(Bytes::new());
            *response.status_mut() = StatusCode::from_u16(u16::try_from(code).unwrap()).unwrap();
            response.headers_mut().insert("location", HeaderValue::try_from(&target).unwrap());
            response
        })
    };
    let (openai, anthropic) = (redirecting(target.clone()).await, redirecting(target).await);
    let gateway = gateway(&openai, &anthropic).await;
    for (caller, provider, streamed) in ways() {
        for code in [301, 302, 303, 307, 308] {
            let ask =
                Ask::new(caller, chain(provider), PROMPT).streamed(streamed).with("max_tokens", json!(code));
            let (seen, _) = ask.send(gateway.address()).await;
            assert_eq!(seen.status, StatusCode::BAD_GATEWAY, "{code}: {}", seen.body);
            assert_holds_none(&seen.body, &[CALLER_SECRET], "the error");
            assert!(seen.headers.get("location").is_none());
        }
    }
    assert!(elsewhere.seen().is_empty(), "a redirect was followed");
    assert_eq!((openai.seen().len(), anthropic.seen().len()), (20, 20));
}

/// What a provider says who quotes the key that it was given: in whole, escaped, and masked.
fn quote(dialect: Dialect, seen: &Seen) -> Response<Bytes> {
    let key = match dialect {
        Dialect::AnthropicMessages => seen.headers["x-api-key"].to_str().unwrap().to_owned(),
        _ => seen.headers["authorization"].to_str().unwrap().trim_start_matches("Bearer ").to_owned(),
    };
    let message =
        format!("bad key {key}, or {}, or {}***{}", key.replace('/', SLASH), &key[..12], &key[21..]);
    let status = u16::try_from(seen.json()["max_tokens"].as_u64().unwrap()).unwrap();
    let kind = if status == 401 { "authentication_error" } else { "invalid_request_error" };
    let error = |status| {
        let error = canned::error(dialect, StatusCode::from_u16(status).unwrap(), kind, &message);
        error.map(|body| Bytes::from(String::from_utf8_lossy(&body).replace(SLASH, "\\/")))
    };
    let mut response = match status {
        // A success that is an error.
        200 if !seen.stream() => error(200),
        200 => canned::events(&error_event(dialect, error(200).body())),
        // An error in the middle of an answer.
        206 if seen.stream() => {
            let whole = match dialect {
                Dialect::AnthropicMessages => canned::anthropic_events("Well now"),
                _ => canned::openai_events("Well now"),
            };
            let begin: String = whole
                .split_inclusive("\n\n")
                .take(if dialect == Dialect::OpenaiChat { 3 } else { 4 })
                .collect();
            canned::events(&(begin + &error_event(dialect, error(200).body())))
        }
        206 => error(500),
        _ => error(status),
    };
    for name in ["x-request-id", "request-id", "x-quoted", "retry-after"] {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::try_from(&key).unwrap());
    }
    if response.status() == StatusCode::OK {
        response.headers_mut().remove("x-request-id");
        response.headers_mut().remove("request-id");
    }
    response
}

fn error_event(dialect: Dialect, body: &Bytes) -> String {
    let data = String::from_utf8_lossy(body);
    match dialect {
        Dialect::AnthropicMessages => format!("event: error\ndata: {data}\n\n"),
        _ => format!("data: {data}\n\n"),
    }
}

#[tokio::test]
async fn keys_that_providers_quote_are_redacted() {
    let openai = Upstream::start(|seen| quote(Dialect::OpenaiChat, seen)).await;
    let anthropic = Upstream::start(|seen| quote(Dialect::AnthropicMessages, seen)).await;
    // A provider a case: keys and models that were refused once cool down.
    let codes = [400, 422, 404, 401, 403, 402, 413, 429, 500, 503, 200, 206];
    let cases: Vec<_> = ways().flat_map(|way| codes.map(|code| (way, code))).collect();
    let (mut providers, mut chains) = (String::from("providers:\n"), String::from("chains:\n"));
    for (at, ((_, provider, _), _)) in cases.iter().enumerate() {
        let (upstream, key) = match provider {
            Dialect::AnthropicMessages => (&anthropic, "${ANTHROPIC}"),
            _ => (&openai, "${OPENAI}"),
        };
        let url = upstream.base_url();
        writeln!(providers, "  p{at}: {{ dialect: {provider}, base_url: \"{url}\", api_key: \"{key}\" }}")
            .unwrap();
        writeln!(chains, "  c{at}: {{ targets: [p{at}/model], retries: 0 }}").unwrap();
    }
    let server = "{ listen: \"127.0.0.1:0\", admin: \"127.0.0.1:0\" }";
    let keys = [("OPENAI", OPENAI_KEY), ("ANTHROPIC", ANTHROPIC_KEY)];
    let gateway = Gateway::start_with(server, &(providers + &chains), &keys).await;
    for (at, ((caller, provider, streamed), code)) in cases.into_iter().enumerate() {
        let case = format!("{caller:?} to {provider:?}, streamed: {streamed}, {code}");
        let ask =
            Ask::new(caller, &format!("c{at}"), PROMPT).streamed(streamed).with("max_tokens", json!(code));
        let (seen, _) = ask.send(gateway.address()).await;
        assert!(seen.error.is_some(), "{case}: {}", seen.body);
        assert_holds_none(&seen.body, &KEY_PARTS, &case);
        assert_holds_none(&format!("{:?}", seen.headers), &KEY_PARTS, &case);
        if code == 400 {
            assert!(seen.body.contains("bad key"), "{case}: the provider's reason is kept: {}", seen.body);
        }
        if code == 206 && streamed {
            assert_eq!(seen.status, StatusCode::OK, "{case}");
            assert!(seen.text.starts_with("Well"), "{case}: {}", seen.body);
        }
    }
    let state = client::request(gateway.admin(), Method::GET, "/state", HeaderMap::new(), Bytes::new()).await;
    let state = state.into_body().collect().await.unwrap().to_bytes();
    let state = String::from_utf8_lossy(&state);
    assert!(state.contains("\"subject\""), "something cools after a 401: {state}");
    assert_holds_none(&state, &KEY_PARTS, "/state");
    let log = gateway.log();
    assert!(log.contains("request ended"), "{log}");
    assert_holds_none(&log, &KEY_PARTS, "the log");
    assert_holds_none(&log, &["purple", "elephant", "bad key"], "the log");
}

/// One request that two readers could take for two. The second is for a path that tells whether it was served.
fn smuggled(path: &str, lengths: &str, body: &str) -> String {
    let ask = r#"{"model":"openai","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}"#;
    let inner = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{ask}",
        ask.len()
    );
    format!(
        "POST {path} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n{lengths}\r\n\r\n{body}{inner}"
    )
}

#[tokio::test]
async fn requests_with_two_lengths_are_refused() {
    let openai = Upstream::saying(Dialect::OpenaiChat, "hello").await;
    let anthropic = Upstream::saying(Dialect::AnthropicMessages, "hello").await;
    let gateway = gateway(&openai, &anthropic).await;
    for path in ["/v1/chat/completions", "/v1/messages", "/healthz", "/v1/models", "/elsewhere"] {
        for lengths in [
            "Content-Length: 5\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: chunked\r\nContent-Length: 5",
            "transfer-encoding: chunked\r\nx-between: 1\r\ncontent-length: 0",
            "content-length: 5\r\nCONTENT-LENGTH: 5\r\ntransfer-encoding:chunked",
        ] {
            let answer = raw(&gateway, &smuggled(path, lengths, "0\r\n\r\n")).await;
            assert!(answer.starts_with("HTTP/1.1 400 "), "{path}, {lengths}: {answer}");
            assert!(
                answer.contains("both Content-Length and Transfer-Encoding"),
                "{path}, {lengths}: {answer}"
            );
            assert!(answer.to_ascii_lowercase().contains("connection: close"), "{path}, {lengths}: {answer}");
            assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{path}, {lengths}: {answer}");
        }
    }
    // These never get as far as a dialect: the connection's own 400, and its end.
    for (lengths, body) in [
        ("Content-Length: 5\r\nContent-Length: 6", "12345"),
        ("Content-Length: 5, 6", "12345"),
        ("Content-Length: +5", "12345"),
        ("Content-Length: -5", ""),
        ("Content-Length: 0x5", "12345"),
        ("Content-Length : 5", "12345"),
        ("Transfer-Encoding : chunked", "0\r\n\r\n"),
        ("Transfer-Encoding: chunked, identity", "0\r\n\r\n"),
        ("Transfer-Encoding: xchunked", "0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", "0\r\n\r\n"),
        ("Content-Length: 5\r\n folded", "12345"),
        ("X-Nul: a\0b\r\nContent-Length: 5", "12345"),
        ("Content-Length: 99999999999999999999999", ""),
    ] {
        let answer = raw(&gateway, &smuggled("/v1/chat/completions", lengths, body)).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{lengths}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{lengths}: {answer}");
    }
    // Chunks that lie about their length.
    for body in
        ["FFFFFFFFFFFFFFFFF\r\nx\r\n", "5 5\r\nhello\r\n0\r\n\r\n", "-1\r\n\r\n", "5\r\nhelloXX0\r\n\r\n"]
    {
        let answer =
            raw(&gateway, &smuggled("/v1/chat/completions", "Transfer-Encoding: chunked", body)).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400 "), "{body}: {answer}");
        assert!(answer.matches("HTTP/1.1 ").count() <= 1, "{body}: {answer}");
    }
    assert!(openai.seen().is_empty() && anthropic.seen().is_empty(), "something was smuggled through");
    assert!(!gateway.log().contains("panicked"));

    // Two honest requests in one go are two answers.
    let mut honest = smuggled("/healthz", "content-length: 0", "");
    honest.push_str("GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    let answer = raw(&gateway, &honest).await;
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 3, "{answer}");
    assert_eq!(openai.seen().len(), 1);
}

/// Sends bytes and reads until the other side closes.
async fn raw(gateway: &Gateway, bytes: &str) -> String {
    let mut stream = TcpStream::connect(gateway.address()).await.unwrap();
    let _ = stream.write_all(bytes.as_bytes()).await;
    let mut all = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut all)).await;
    let _ =
        read.unwrap_or_else(|_| panic!("the connection stays open after {}", String::from_utf8_lossy(&all)));
    String::from_utf8_lossy(&all).into_owned()
}
