//! `backstop serve` and `check`, as an operator uses them.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::time::Duration;

use backstop_core::Dialect;
use backstop_simulator::{Answer, Behaviour, Door, Fault, Simulator};
use backstop_tests::{
    client::{self, Ask},
    gateway::Gateway,
    program::{self, Folder},
    reading::Observed,
};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tokio::net::TcpStream;

const DIALECTS: [Dialect; 2] = [Dialect::OpenaiChat, Dialect::AnthropicMessages];

async fn get(
    address: &str,
    path: &str,
    header: Option<(&'static str, &'static str)>,
) -> (StatusCode, String) {
    let headers = header
        .into_iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
        .collect::<HeaderMap>();
    let response = client::request(address, Method::GET, path, headers, Bytes::new()).await;
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

fn chain(servers: &[(&str, &str)], extra: &str) -> String {
    let providers: String = servers
        .iter()
        .map(|(name, url)| {
            format!("  {name}: {{ dialect: openai-chat, base_url: \"{url}\", api_key: key-of-{name} }}\n")
        })
        .collect();
    let targets: Vec<_> = servers.iter().map(|(name, _)| format!("{name}/gpt-4.1-mini")).collect();
    format!("providers:\n{providers}chains:\n  chat: {{ {extra} targets: [{}] }}\n", targets.join(", "))
}

#[tokio::test]
async fn a_request_is_told_in_headers_and_in_one_log_line() {
    let (a, b) = (Simulator::new("a"), Simulator::new("b"));
    let (at_a, at_b) = (a.start().await.unwrap(), b.start().await.unwrap());
    let gateway = Gateway::start(&chain(&[("a", &at_a.v1()), ("b", &at_b.v1())], "breaker: off,")).await;
    for dialect in DIALECTS {
        for streamed in [false, true] {
            a.script("gpt-4.1-mini", [Fault::status(503), Fault::status(503)]);
            let ask = Ask::new(dialect, "chat", "a purple elephant").streamed(streamed);
            let (seen, _) = ask.send(gateway.address()).await;
            assert!(seen.is_success(), "{}", seen.body);
            assert_eq!(seen.header("x-backstop-target"), "b/gpt-4.1-mini");
            assert_eq!(seen.header("x-backstop-attempts"), "3");
            assert_eq!(seen.header("x-backstop-fallback-reason"), "overloaded");
            let id = seen.header("x-backstop-request-id");
            let line = gateway.log_line(id).await;
            let said = |name: &str| line[name].as_str().unwrap_or_default();
            assert_eq!((said("model"), said("chain")), ("chat", "chat"), "{line}");
            assert_eq!(said("provider_target"), "b/gpt-4.1-mini", "{line}");
            assert_eq!((said("outcome"), said("fallback_reason")), ("success", "overloaded"), "{line}");
            assert_eq!((&line["status"], &line["attempts"]), (&200.into(), &3.into()), "{line}");
            assert_eq!(line["stream"], streamed, "{line}");
            let (input, output) = seen.usage.unwrap();
            assert_eq!(
                (&line["input_tokens"], &line["output_tokens"]),
                (&input.into(), &output.into()),
                "{line}"
            );
            assert!(line["duration_ms"].is_u64(), "{line}");
            assert!(line["first_token_ms"].is_u64(), "{line}");
            let trail: Vec<Value> = serde_json::from_str(said("trail")).unwrap();
            let steps: Vec<_> = trail
                .iter()
                .map(|step| (step["target"].as_str().unwrap(), step["outcome"].as_str().unwrap()))
                .collect();
            let failed = ("a/gpt-4.1-mini", "overloaded");
            assert_eq!(steps, [failed, failed, ("b/gpt-4.1-mini", "success")], "{line}");
            assert!(
                trail.iter().all(|step| step["start_ms"].is_u64() && step["duration_ms"].is_u64()),
                "{line}"
            );
            assert_eq!((&trail[0]["status"], &trail[2]["status"]), (&503.into(), &200.into()), "{line}");
            assert!(!line.to_string().contains("purple"), "{line}");
        }
    }
    // First one answers: no reason for another.
    let (seen, _) = Ask::new(Dialect::OpenaiChat, "chat", "hi").send(gateway.address()).await;
    assert_eq!(
        (seen.header("x-backstop-target"), seen.header("x-backstop-attempts")),
        ("a/gpt-4.1-mini", "1")
    );
    assert!(!seen.headers.contains_key("x-backstop-fallback-reason"));
}

#[tokio::test]
async fn health_and_models() {
    let a = Simulator::new("a");
    let server = a.start().await.unwrap();
    let yaml = chain(&[("a", &server.v1())], "") + "aliases: { gpt-4: chat }\n";
    let gateway = Gateway::start(&yaml).await;
    for address in [gateway.address(), gateway.admin()] {
        assert_eq!(get(address, "/healthz", None).await, (StatusCode::OK, "ok\n".to_owned()));
        assert_eq!(get(address, "/readyz", None).await.0, StatusCode::OK);
    }
    let (status, body) = get(gateway.address(), "/v1/models", None).await;
    let list: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &list["object"]), (StatusCode::OK, &"list".into()));
    let ids: Vec<_> =
        list["data"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap()).collect();
    assert!(ids.contains(&"chat") && ids.contains(&"gpt-4"), "{ids:?}");
    assert!(list["data"].as_array().unwrap().iter().all(|model| model["object"] == "model"), "{list}");

    let (status, body) =
        get(gateway.address(), "/v1/models", Some(("anthropic-version", "2023-06-01"))).await;
    let list: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &list["has_more"]), (StatusCode::OK, &false.into()));
    assert!(list["data"].as_array().unwrap().iter().all(|model| model["type"] == "model"), "{list}");
    assert_eq!(list["first_id"], list["data"][0]["id"]);
    // Whatever is listed can be asked for; so can any model of a configured provider.
    for model in ["chat", "gpt-4", "a/gpt-4.1-mini", "a/anything-new"] {
        let (seen, _) = Ask::new(Dialect::AnthropicMessages, model, "hi").send(gateway.address()).await;
        assert!(seen.is_success(), "{model}: {}", seen.body);
    }
}

/// A gateway in the middle of a stream of two seconds, whose head and first bytes have come.
async fn streaming() -> (Gateway, backstop_simulator::Server, http::Response<hyper::body::Incoming>) {
    let a = Simulator::new("a");
    a.set_behaviour(Behaviour::from(Answer::tokens(20)).with(Fault::token_every(Duration::from_millis(100))));
    let server = a.start().await.unwrap();
    let gateway = Gateway::start(&chain(&[("a", &server.v1())], "")).await;
    let response = Ask::new(Dialect::OpenaiChat, "chat", "hi").streamed(true).start(gateway.address()).await;
    assert_eq!(response.status(), StatusCode::OK);
    (gateway, server, response)
}

#[tokio::test]
async fn a_shutdown_lets_streams_end() {
    let (gateway, _server, response) = streaming().await;
    gateway.signal("TERM").await;
    gateway.logged("open answers come to their end").await;
    assert_eq!(get(gateway.admin(), "/readyz", None).await.0, StatusCode::SERVICE_UNAVAILABLE);
    let refused = TcpStream::connect(gateway.address()).await.map_err(|error| error.kind());
    assert_eq!(refused.err(), Some(std::io::ErrorKind::ConnectionRefused), "new connections are refused");

    let seen: Observed = client::read(Dialect::OpenaiChat, response).await;
    assert!(seen.is_success() && seen.terminated, "{:?} {}", seen.broken, seen.body);
    assert!(seen.text.ends_with("w20"), "{}", seen.text);
    let (status, log) = gateway.ended().await;
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(log.contains("\"outcome\":\"success\""), "{log}");
}

#[tokio::test]
async fn a_second_signal_ends_at_once() {
    let (gateway, _server, response) = streaming().await;
    gateway.signal("INT").await;
    gateway.logged("open answers come to their end").await;
    gateway.signal("TERM").await;
    let (status, log) = gateway.ended().await;
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(log.contains("backstop: ended at once, by a second signal"), "{log}");
    assert!(response.into_body().collect().await.is_err(), "the stream was cut off");
}

#[tokio::test]
async fn grace_is_bounded() {
    let a = Simulator::new("a");
    a.set_behaviour(
        Behaviour::from(Answer::tokens(600)).with(Fault::token_every(Duration::from_millis(100))),
    );
    let server = a.start().await.unwrap();
    let yaml = chain(&[("a", &server.v1())], "");
    let gateway = Gateway::start_with("{ listen: \"127.0.0.1:0\", shutdown_grace: 300ms }", &yaml, &[]).await;
    let response = Ask::new(Dialect::OpenaiChat, "chat", "hi").streamed(true).start(gateway.address()).await;
    gateway.signal("TERM").await;
    let (status, log) = gateway.ended().await;
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(log.contains("connections were cut off"), "{log}");
    assert!(response.into_body().collect().await.is_err(), "the stream was cut off");
}

#[tokio::test]
async fn keys_in_the_environment_are_configuration_enough() {
    let (openai, anthropic) =
        (Simulator::new("openai").with_key("key-o"), Simulator::new("anthropic").with_key("key-a"));
    let (at_openai, at_anthropic) = (openai.start().await.unwrap(), anthropic.start().await.unwrap());
    let mut command = program::backstop();
    command.args(["serve", "--listen", "127.0.0.1:0"]);
    command.env("OPENAI_API_KEY", "key-o").env("ANTHROPIC_API_KEY", "key-a");
    command.env("OPENAI_BASE_URL", at_openai.v1()).env("ANTHROPIC_BASE_URL", at_anthropic.url());
    let gateway = Gateway::spawn(command, Folder::new()).await;
    for dialect in DIALECTS {
        // OpenAI's newer models refuse `max_tokens` in their own dialect.
        let limit = if dialect == Dialect::OpenaiChat { Value::Null } else { 1000.into() };
        let (seen, _) =
            Ask::new(dialect, "default", "hi").with("max_tokens", limit).send(gateway.address()).await;
        assert!(
            seen.is_success() && seen.header("x-backstop-target").starts_with("openai/"),
            "{}{}",
            seen.body,
            gateway.log()
        );
    }
    // The other provider stands behind it, whichever model is named.
    openai.down(Fault::status(503));
    for model in ["default", "openai/gpt-4.1-mini", "gpt-4.1-mini"] {
        let (seen, _) = Ask::new(Dialect::OpenaiChat, model, "hi").send(gateway.address()).await;
        assert!(seen.is_success(), "{model}: {}", seen.body);
        assert!(seen.header("x-backstop-target").starts_with("anthropic/"), "{model}: {:?}", seen.headers);
    }
}

#[tokio::test]
async fn a_pool_goes_round_a_key_that_is_refused() {
    let a = Simulator::new("a").with_key("good");
    let server = a.start().await.unwrap();
    let yaml = format!(
        "providers: {{ a: {{ dialect: openai-chat, base_url: \"{}\", api_keys: [bad, good] }} }}\nchains: {{ chat: {{ targets: [a/gpt-4.1-mini] }} }}\n",
        server.v1()
    );
    let gateway = Gateway::start(&yaml).await;
    let mut answered = 0;
    for _ in 0..10 {
        let (seen, _) = Ask::new(Dialect::OpenaiChat, "chat", "hi").send(gateway.address()).await;
        answered += usize::from(seen.is_success());
    }
    let keys: Vec<_> = a.requests().into_iter().map(|request| request.key.unwrap_or_default()).collect();
    // The first call that meets the bad key may fail; from then on it is left alone.
    assert!(keys.iter().filter(|key| *key == "bad").count() <= 1, "{keys:?}");
    assert!(answered >= 9, "{answered} of 10, with {keys:?}");
}

#[tokio::test]
async fn a_connection_that_the_provider_closed_costs_no_request() {
    let a = Simulator::new("a");
    let server = a.start().await.unwrap();
    let gateway = Gateway::start(&chain(&[("a", &server.v1())], "retries: 0,")).await;
    for _ in 0..5 {
        for dialect in DIALECTS {
            let (seen, _) = Ask::new(dialect, "chat", "hi").send(gateway.address()).await;
            assert!(seen.is_success(), "{}", seen.body);
            assert_eq!(seen.header("x-backstop-attempts"), "1", "nothing had to be tried again");
        }
        server.set_door(Door::Closed).await.unwrap();
        server.set_door(Door::Open).await.unwrap();
    }
}

#[tokio::test]
async fn files_add_up() {
    let a = Simulator::new("a").with_key("key-a");
    let server = a.start().await.unwrap();
    let folder = Folder::new();
    let providers = format!(
        "providers: {{ a: {{ dialect: openai-chat, base_url: \"{}\", api_key: key-a }} }}",
        server.v1()
    );
    let one = folder.file("providers.yaml", format!("server: {{ listen: \"127.0.0.1:0\" }}\n{providers}\n"));
    let two = folder.file("chains.yaml", "chains: { chat: { targets: [a/gpt-4.1-mini] } }\n");
    let mut named = program::backstop();
    named.arg("serve").arg("-c").arg(&one).arg("-c").arg(&two);
    let mut listed = program::backstop();
    listed.arg("serve").env("BACKSTOP_CONFIG", format!("{},{}", one.display(), two.display()));
    for command in [named, listed] {
        let gateway = Gateway::spawn(command, Folder::new()).await;
        let (seen, _) = Ask::new(Dialect::OpenaiChat, "chat", "hi").send(gateway.address()).await;
        assert!(seen.is_success(), "{}", seen.body);
    }
    let twice = program::run(
        &["check".as_ref(), "-c".as_ref(), two.as_os_str(), "-c".as_ref(), two.as_os_str()],
        &[],
    )
    .await;
    assert_eq!(twice.code, Some(2));
    assert!(
        twice.err.contains("chains.yaml:1:17: chain `chat` stands in another file already"),
        "{}",
        twice.err
    );
}

#[tokio::test]
async fn check_says_what_a_configuration_means() {
    let folder = Folder::new();
    let file = folder.file(
        "backstop.yaml",
        "server: { listen: 127.0.0.1:9000, admin: 127.0.0.1:9001, forward_headers: [x-team] }
providers:
  openai: { api_key: ${OPENAI_API_KEY} }
  anthropic: { api_keys: [\"${OPENAI_API_KEY}a\", \"${OPENAI_API_KEY}b\"] }
  local: { dialect: openai-chat, base_url: http://127.0.0.1:11434/v1 }
chains:
  writer:
    deadline: 90s
    mid_stream: buffer
    breaker: off
    targets:
      - { model: openai/gpt-4.1, retries: 2, timeouts: { first_token: 8s, idle: 1m }, drop: [seed] }
      - anthropic/claude-haiku-4-5
      - { model: local/qwen2.5, base_url: http://127.0.0.1:11435/v1 }
  quick: { targets: [openai/gpt-4.1-mini], on_content_filter: next, max_targets: 1, breaker: { open: 1s } }
aliases: { gpt-4: writer }
",
    );
    let arguments = ["check".as_ref(), "--config".as_ref(), file.as_os_str()];
    let ended = program::run(&arguments, &[("OPENAI_API_KEY", "sk-proj-0123456789")]).await;
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
    assert_eq!(
        ended.out,
        "The configuration is good.

listen: 127.0.0.1:9000
admin: 127.0.0.1:9001
caller headers that go up as well: x-team

providers:
  anthropic: anthropic-messages at https://api.anthropic.com, 2 keys, tried in turn
  local: openai-chat at http://127.0.0.1:11434/v1, no key is sent
  openai: openai-chat at https://api.openai.com/v1, 1 key

chains:
  quick: a death in the middle of a stream is an error event; at most 1 targets a request; a content policy's refusal goes on to the next target; a breaker with figures of its own
    1. openai/gpt-4.1-mini
  writer: answers are held until they are whole; deadline 90s; no breaker
    1. openai/gpt-4.1 (retries 2, first token 8s, idle 60s, 1 edit(s) to each request)
    2. anthropic/claude-haiku-4-5
    3. local/qwen2.5 (at http://127.0.0.1:11435/v1, 0 key(s) of its own)

aliases:
  gpt-4: writer
"
    );
}
