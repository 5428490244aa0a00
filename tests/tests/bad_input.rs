//! What is wrong with a request, a file or a command line is said once, clearly, to whoever made the mistake; nothing
//! panics, and no provider hears of it.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::{fmt::Write as _, time::Duration};

use backstop_core::Dialect;
use backstop_tests::{
    client::{self, Ask},
    gateway::Gateway,
    program::{self, Folder},
    reading::Observed,
    upstream::Upstream,
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

const DIALECTS: [Dialect; 3] = Dialect::ALL;

/// A gateway with a small body limit, before one provider that must not hear of anything.
async fn gateway() -> (Gateway, Upstream) {
    let upstream = Upstream::saying(Dialect::OpenaiChat, "hello").await;
    let chains = format!(
        "providers: {{ a: {{ dialect: openai-chat, base_url: \"{}\", api_key: key-of-a }} }}\nchains: {{ chat: {{ targets: [a/gpt-4.1-mini] }} }}\n",
        upstream.base_url()
    );
    (Gateway::start_with("{ listen: \"127.0.0.1:0\", body_limit: 64KiB }", &chains, &[]).await, upstream)
}

async fn post(gateway: &Gateway, dialect: Dialect, content_type: &'static str, body: Bytes) -> Observed {
    let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(content_type))]);
    post_to(gateway, dialect, &client::path(dialect, "chat", false), headers, body).await
}

async fn post_to(
    gateway: &Gateway,
    dialect: Dialect,
    path: &str,
    headers: HeaderMap,
    body: Bytes,
) -> Observed {
    let response = client::request(gateway.address(), Method::POST, path, headers, body).await;
    client::read(dialect, response).await
}

/// An error as the caller's SDK reads it: its dialect's own shape, a sentence, our stable type and an id.
fn assert_error(seen: &Observed, dialect: Dialect, status: u16, says: &str, case: &str) {
    assert_eq!(seen.status, status, "{case}: {}", seen.body);
    assert!(seen.broken.is_empty(), "{case}: {:?}", seen.broken);
    let error = seen.error.as_ref().unwrap_or_else(|| panic!("{case}: no error in {}", seen.body));
    let message = error["message"].as_str().unwrap_or_default();
    assert!(message.contains(says), "{case}: `{message}` should say `{says}`");
    assert!(!message.contains("panicked"), "{case}: {message}");
    let word = if dialect == Dialect::GeminiGenerate { "status" } else { "type" };
    assert!(error[word].is_string(), "{case}: {error}");
    assert_eq!(seen.header("content-type"), "application/json", "{case}");
    assert_eq!(seen.header("x-should-retry"), "false", "{case}");
    assert_eq!(seen.header("x-backstop-request-id").len(), 36, "{case}");
    let whole: serde_json::Value = serde_json::from_str(&seen.body).unwrap();
    match dialect {
        Dialect::AnthropicMessages => {
            assert_eq!(whole["type"], "error", "{case}");
            assert_eq!(whole["error_type"], seen.header("x-backstop-error-type"), "{case}");
        }
        Dialect::GeminiGenerate => {
            assert_eq!(error["code"], status, "{case}");
            assert_eq!(error["error_type"], seen.header("x-backstop-error-type"), "{case}");
        }
        _ => {
            assert!(error["param"].is_null() || error["param"].is_string(), "{case}");
            assert_eq!(error["error_type"], seen.header("x-backstop-error-type"), "{case}");
        }
    }
}

#[tokio::test]
async fn bodies_that_are_no_requests() {
    let (gateway, upstream) = gateway().await;
    let deep = |open: &str, close: &str| {
        let (open, close) = (open.repeat(10_000), close.repeat(10_000));
        format!(
            r#"{{"model":"chat","max_tokens":9,"messages":[{{"role":"user","content":{open}1{close}}}]}}"#
        )
    };
    let with = |field: &str, value: &str| {
        let mut ask =
            json!({"model": "chat", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]});
        ask[field] = serde_json::from_str(value).unwrap();
        ask.to_string()
    };
    for dialect in [Dialect::OpenaiChat, Dialect::AnthropicMessages] {
        let mut cases: Vec<(&str, Bytes, u16, &str)> = [
            ("broken JSON", r#"{"model": "chat", "#.to_owned(), 400, "JSON"),
            ("text", "hello".to_owned(), 400, "JSON"),
            ("nothing", String::new(), 400, "JSON"),
            ("an empty list", "[]".to_owned(), 400, "object"),
            ("a list", r#"[{"model": "chat"}]"#.to_owned(), 400, "object"),
            ("null", "null".to_owned(), 400, "object"),
            ("a string", "\"chat\"".to_owned(), 400, "object"),
            ("a number", "1e999".to_owned(), 400, ""),
            ("two documents", format!("{}{}", with("stream", "false"), with("stream", "false")), 400, "JSON"),
            (
                "no model",
                r#"{"max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}"#.to_owned(),
                400,
                "`model`",
            ),
            ("model: 5", with("model", "5"), 400, "`model`"),
            ("model: null", with("model", "null"), 400, "`model`"),
            ("model: empty", with("model", "\"\""), 400, "`model`"),
            ("no messages", r#"{"model": "chat", "max_tokens": 9}"#.to_owned(), 400, "`messages`"),
            ("messages: text", with("messages", "\"hi\""), 400, "`messages`"),
            ("messages: {}", with("messages", "{}"), 400, "`messages`"),
            ("messages: []", with("messages", "[]"), 400, "`messages`"),
            ("stream: text", with("stream", "\"yes\""), 400, "`stream`"),
            ("deep lists", deep("[", "]"), 400, "deep"),
            ("deep objects", deep(r#"{"a":"#, "}"), 400, "deep"),
            ("deep and open", "[".repeat(10_000), 400, ""),
            ("unknown model", with("model", "\"nobody\""), 404, "there is no chain, alias or model `nobody`"),
            ("unknown provider", with("model", "\"nobody/gpt-4.1\""), 404, "`nobody/gpt-4.1`"),
        ]
        .map(|(case, body, status, says)| (case, Bytes::from(body), status, says))
        .into();
        let mut latin = with("model", "\"chat\"").into_bytes();
        let at = latin.windows(2).position(|two| two == b"hi").unwrap();
        latin[at] = 0xE9;
        cases.push(("invalid UTF-8", latin.into(), 400, "UTF-8"));
        cases.push((
            "a lone surrogate byte",
            Bytes::from_static(b"{\"model\": \"\xED\xA0\x80\"}"),
            400,
            "UTF-8",
        ));
        for (case, body, status, says) in cases {
            let seen = post(&gateway, dialect, "application/json", body).await;
            assert_error(&seen, dialect, status, says, &format!("{dialect:?}, {case}"));
        }
    }
    assert!(upstream.seen().is_empty(), "a provider heard of it");
    assert!(!gateway.log().contains("panicked"), "{}", gateway.log());

    // And after all that it answers.
    for dialect in DIALECTS {
        let (seen, _) = Ask::new(dialect, "chat", "hi").send(gateway.address()).await;
        assert!(seen.is_success(), "{}", seen.body);
    }
}

/// Google's requests name their model in the path, and have other fields.
#[tokio::test]
async fn bodies_that_are_no_requests_to_gemini() {
    let (gateway, upstream) = gateway().await;
    let dialect = Dialect::GeminiGenerate;
    let deep = |open: &str, close: &str| {
        let (open, close) = (open.repeat(10_000), close.repeat(10_000));
        format!(r#"{{"contents":[{{"parts":[{{"text":"hi"}}]}}],"labels":{open}1{close}}}"#)
    };
    let good = r#"{"contents":[{"parts":[{"text":"hi"}]}]}"#;
    let post = async |path: &str, body: &[u8]| {
        post_to(&gateway, dialect, path, HeaderMap::new(), Bytes::copy_from_slice(body)).await
    };
    let here = client::path(dialect, "chat", false);
    for (case, body, says) in [
        ("broken JSON", r#"{"contents": "#.to_owned(), "JSON"),
        ("text", "hello".to_owned(), "JSON"),
        ("nothing", String::new(), "JSON"),
        ("an empty list", "[]".to_owned(), "object"),
        ("a list", format!("[{good}]"), "object"),
        ("null", "null".to_owned(), "object"),
        ("two documents", format!("{good}{good}"), "JSON"),
        ("no contents", r#"{"generationConfig":{}}"#.to_owned(), "`contents`"),
        ("contents: 5", r#"{"contents":5}"#.to_owned(), "`contents`"),
        ("contents: []", r#"{"contents":[]}"#.to_owned(), "`contents`"),
        ("deep lists", deep("[", "]"), "deep"),
        ("deep objects", deep(r#"{"a":"#, "}"), "deep"),
        ("deep and open", "[".repeat(10_000), ""),
    ] {
        for path in [&here, &client::path(dialect, "chat", true)] {
            let seen = post(path, body.as_bytes()).await;
            assert_error(&seen, dialect, 400, says, &format!("{path}, {case}"));
        }
    }
    let seen = post(&here, b"{\"contents\":[{\"parts\":[{\"text\":\"\xE9\"}]}]}").await;
    assert_error(&seen, dialect, 400, "UTF-8", "invalid UTF-8");
    for (path, status, says) in [
        (client::path(dialect, "nobody", false), 404, "there is no chain, alias or model `nobody`"),
        (client::path(dialect, "nobody%2Fgemini", true), 404, "`nobody/gemini`"),
        ("/v1beta/models/:generateContent".to_owned(), 404, "the path names no model"),
        ("/v1beta/models/%ff:generateContent".to_owned(), 400, "not UTF-8"),
        ("/v1beta/models/chat:countTokens".to_owned(), 404, ""),
        ("/v1beta/models/chat:streamGenerateContent".to_owned(), 400, "alt=sse"),
    ] {
        let seen = post(&path, good.as_bytes()).await;
        assert_error(&seen, dialect, status, says, &path);
    }
    assert!(upstream.seen().is_empty(), "a provider heard of it");
    assert!(!gateway.log().contains("panicked"), "{}", gateway.log());
    assert!(post(&here, good.as_bytes()).await.is_success());
}

#[tokio::test]
async fn content_types() {
    let (gateway, upstream) = gateway().await;
    for dialect in DIALECTS {
        for odd in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/xml",
        ] {
            let seen = post(&gateway, dialect, odd, Ask::new(dialect, "chat", "hi").bytes()).await;
            assert_error(&seen, dialect, 415, "send `application/json`", odd);
        }
        let before = upstream.seen().len();
        for good in ["application/json; charset=utf-8", "Application/JSON", "application/vnd.api+json"] {
            let seen = post(&gateway, dialect, good, Ask::new(dialect, "chat", "hi").bytes()).await;
            assert!(seen.is_success(), "{good}: {}", seen.body);
        }
        let compressed = Ask::new(dialect, "chat", "hi").header("content-encoding", "gzip");
        let (seen, _) = compressed.send(gateway.address()).await;
        assert_error(&seen, dialect, 415, "compressed", "gzip");
        assert_eq!(upstream.seen().len(), before + 3, "only the good ones went up");
    }
    assert_eq!(upstream.seen().len(), 3 * DIALECTS.len());
}

#[tokio::test]
async fn bodies_over_the_limit() {
    let (gateway, upstream) = gateway().await;
    for dialect in DIALECTS {
        let path = client::path(dialect, "chat", false);
        // Known in advance: refused before a byte of it is sent.
        let told = format!(
            "POST {path} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 65537\r\n\r\n"
        );
        let seen = raw(&gateway, dialect, told.as_bytes()).await;
        assert_error(&seen, dialect, 413, "longer than 65536 bytes", "content-length");

        // Not known: refused at the byte that is too much, though more is announced.
        let mut chunked = format!(
            "POST {path} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
        );
        for _ in 0..17 {
            write!(chunked, "1000\r\n{}\r\n", " ".repeat(0x1000)).unwrap();
        }
        let seen = raw(&gateway, dialect, chunked.as_bytes()).await;
        assert_error(&seen, dialect, 413, "longer than 65536 bytes", "chunked");

        let fits = Ask::new(dialect, "chat", &"x".repeat(60_000));
        assert!(fits.send(gateway.address()).await.0.is_success());
    }
    assert_eq!(upstream.seen().len(), DIALECTS.len());
}

#[tokio::test]
async fn other_ways_in() {
    let (gateway, upstream) = gateway().await;
    for (method, path, status, says) in [
        (Method::GET, "/v1/chat/completions", 405, "GET is not served"),
        (Method::PUT, "/v1/messages", 405, "PUT is not served"),
        (Method::POST, "/v1/models", 405, "POST is not served"),
        (Method::POST, "/v1/chat/completion", 404, "nothing is served at"),
        (Method::POST, "/v1/chat/completions/", 404, "nothing is served at"),
        (Method::GET, "/", 404, "nothing is served at"),
        (Method::DELETE, "/v1/%2e%2e/state", 404, "nothing is served at"),
    ] {
        let body = Ask::new(Dialect::OpenaiChat, "chat", "hi").bytes();
        let response = client::request(gateway.address(), method, path, HeaderMap::new(), body).await;
        assert_eq!(response.headers().contains_key("allow"), status == 405, "{path}");
        let dialect = if path == "/v1/messages" { Dialect::AnthropicMessages } else { Dialect::OpenaiChat };
        let seen = client::read(dialect, response).await;
        assert_error(&seen, dialect, status, says, path);
    }
    assert!(upstream.seen().is_empty());
}

/// Sends bytes as they are and reads the one response, whose connection must be closed.
async fn raw(gateway: &Gateway, dialect: Dialect, bytes: &[u8]) -> Observed {
    let (head, body) = raw_response(gateway, bytes).await;
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let headers: HeaderMap = head
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.parse::<header::HeaderName>().unwrap(), value.parse().unwrap()))
        .collect();
    assert_eq!(headers[header::CONNECTION], "close");
    backstop_tests::reading::read(dialect, status, headers, body.as_bytes())
}

async fn raw_response(gateway: &Gateway, bytes: &[u8]) -> (String, String) {
    let mut stream = TcpStream::connect(gateway.address()).await.unwrap();
    // The other side may close before all is sent.
    let _ = stream.write_all(bytes).await;
    let mut all = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut all));
    let _ = read.await.expect("the connection is closed");
    let all = String::from_utf8(all).unwrap();
    let (head, body) = all.split_once("\r\n\r\n").unwrap_or_else(|| panic!("a response: {all}"));
    (head.to_owned(), body.to_owned())
}

const GOOD: &str = "providers: { a: { dialect: openai-chat, base_url: \"http://127.0.0.1:9/v1\", api_key: key-of-a } }\nchains: { chat: { targets: [a/gpt-4.1-mini] } }\n";

#[tokio::test]
async fn files_that_are_wrong() {
    let folder = Folder::new();
    let cases: &[(&str, &[u8], &str)] = &[
        ("key.yaml", b"providers:\n  openai: { api_ky: x }\n", "key.yaml:2:13: unknown field `api_ky`"),
        ("twice.yaml", b"providers:\n  openai: { api_key: x }\n  openai: { api_key: y }\n", "twice.yaml:3:3: duplicate mapping key: openai"),
        ("deep-twice.yaml", b"providers:\n  openai:\n    api_key: x\n    api_key: y\n", "deep-twice.yaml:4:5: duplicate mapping key: api_key"),
        ("unset.yaml", b"providers:\n  openai: { api_key: ${NOT_SET_ANYWHERE} }\n", "unset.yaml:2:22: environment variable `NOT_SET_ANYWHERE` is not set; set it"),
        ("broken.yaml", b"providers: [\n", "broken.yaml:"),
        ("tab.yaml", b"providers:\n\topenai: {}\n", "tab.yaml:2:"),
        ("list.yaml", b"- a\n- b\n", "list.yaml:1:1: "),
        ("text.yaml", b"hello\n", "text.yaml:1:1: "),
        ("empty.yaml", b"", "empty.yaml: no provider is configured"),
        ("latin.yaml", b"providers: { \xE9: {} }\n", "latin.yaml: the file is not UTF-8 text"),
        ("open.yaml", b"server: { listen: \"0.0.0.0:0\" }\nproviders:\n  openai: { api_key: x }\n", "open.yaml:1:19: `0.0.0.0:0` can be reached from other machines"),
        ("admin.yaml", b"server: { admin: \"[::]:0\" }\nproviders:\n  openai: { api_key: x }\n", "admin.yaml:1:18: `[::]:0` can be reached from other machines"),
        ("route.yaml", b"providers:\n  openai: { api_key: x }\nchains:\n  a: { route: latency, targets: [openai/x] }\n", "route.yaml:4:15: the route `latency` is not built yet; "),
        ("canary.yaml", b"providers:\n  openai: { api_key: x }\nchains:\n  a:\n    targets:\n      - { model: openai/x, canary: 1% }\n", "canary.yaml:6:36: `canary` is not built yet"),
        ("provider.yaml", b"providers:\n  openai: { api_key: x }\nchains:\n  a: { targets: [opnai/x] }\n", "provider.yaml:4:18: there is no provider `opnai`; did you mean `openai`?"),
        ("span.yaml", b"providers:\n  openai: { api_key: x }\nchains:\n  a: { deadline: soon, targets: [openai/x] }\n", "span.yaml:4:18: `soon` is no length of time"),
        ("cert.yaml", b"providers:\n  openai: { api_key: x, root_certificates: no-such.pem }\n", "cert.yaml:2:44: `no-such.pem` cannot be read"),
    ];
    for (name, text, says) in cases {
        let file = folder.file(name, text);
        for command in ["check", "serve"] {
            let ended = program::run(&[command.as_ref(), "--config".as_ref(), file.as_os_str()], &[]).await;
            assert_eq!(ended.code, Some(2), "{name}: {}", ended.err);
            assert!(ended.out.is_empty(), "{name}: {}", ended.out);
            let path = folder.path().display();
            let begins = format!("backstop: {path}/{says}");
            assert!(ended.err.starts_with(&begins), "{name}:\n{}should begin\n{begins}", ended.err);
            assert_eq!(ended.err.lines().count(), 1, "{name}: {}", ended.err);
        }
    }

    let folder_itself =
        program::run(&["check".as_ref(), "-c".as_ref(), folder.path().as_os_str()], &[]).await;
    assert_eq!(folder_itself.code, Some(2));
    assert!(folder_itself.err.contains("the file cannot be read: "), "{}", folder_itself.err);
    let missing = program::run(&["serve", "--config", "no-such-file.yaml"], &[]).await;
    let says = "backstop: no-such-file.yaml: there is no such file; name one with `--config FILE`\n";
    assert_eq!((missing.code, missing.err.as_str()), (Some(2), says));
    let named = program::run(&["check"], &[("BACKSTOP_CONFIG", "no-such-file.yaml")]).await;
    assert_eq!((named.code, named.err.as_str()), (Some(2), says));
    let nothing = program::run(&["serve"], &[]).await;
    assert_eq!(nothing.code, Some(2));
    assert!(
        nothing.err.contains("no API key is set") && nothing.err.contains("OPENAI_API_KEY"),
        "{}",
        nothing.err
    );
}

#[tokio::test]
async fn unreadable_files() {
    use std::{fs::Permissions, os::unix::fs::PermissionsExt as _};

    let folder = Folder::new();
    let file = folder.file("secret.yaml", GOOD);
    std::fs::set_permissions(&file, Permissions::from_mode(0o000)).unwrap();
    let readable = std::fs::read(&file).is_ok();
    let ended = program::run(&["check".as_ref(), "-c".as_ref(), file.as_os_str()], &[]).await;
    if readable {
        // The super-user reads everything: for it the file is as good as any.
        assert_eq!(ended.code, Some(0), "{}", ended.err);
    } else {
        assert_eq!(ended.code, Some(2));
        assert!(
            ended.err.contains("secret.yaml: the file cannot be read: Permission denied"),
            "{}",
            ended.err
        );
    }
}

#[tokio::test]
async fn command_lines_that_are_wrong() {
    let folder = Folder::new();
    let file = folder.file("good.yaml", GOOD);
    let file = file.to_str().unwrap();
    for (arguments, says) in [
        (&["serve", "-c", file, "--listen", "here"][..], "invalid value 'here' for '--listen <ADDRESS>'"),
        (&["serve", "-c", file, "--listen", "127.0.0.1"], "invalid value '127.0.0.1'"),
        (&["serve", "-c", file, "--listen", "127.0.0.1:99999"], "invalid value '127.0.0.1:99999'"),
        (
            &["serve", "-c", file, "--listen", "0.0.0.0:0"],
            "`--listen 0.0.0.0:0` can be reached from other machines",
        ),
        (
            &["serve", "-c", file, "--log-format", "xml"],
            "invalid value 'xml' for '--log-format <LOG_FORMAT>'",
        ),
        (&["serve", "-c", file, "--log", "backstop=shout"], "`backstop=shout` is no log filter"),
        (&["serve", "-c"], "a value is required for '--config <FILE>'"),
        (&["serv"], "unrecognized subcommand 'serv'"),
        (&["serve", "--fast"], "unexpected argument '--fast' found"),
        (&["check", "-c", file, "--listen", "127.0.0.1:1"], "unexpected argument '--listen' found"),
        (&[], "Usage: backstop <COMMAND>"),
    ] {
        let ended = program::run(arguments, &[]).await;
        assert_eq!(ended.code, Some(2), "{arguments:?}: {}{}", ended.out, ended.err);
        assert!(ended.err.contains(says), "{arguments:?}: {}", ended.err);
        assert!(!ended.err.contains("panicked") && ended.out.is_empty(), "{arguments:?}: {}", ended.err);
    }
}

#[tokio::test]
async fn ports_in_use() {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = Folder::new();
    let file = folder.file("good.yaml", GOOD);
    let file = file.to_str().unwrap();
    let admin = folder
        .file("admin.yaml", format!("server: {{ listen: \"127.0.0.1:0\", admin: \"{address}\" }}\n{GOOD}"));
    for arguments in
        [&["serve", "-c", file, "--listen", &address][..], &["serve", "-c", admin.to_str().unwrap()]]
    {
        let ended = program::run(arguments, &[]).await;
        assert_eq!(ended.code, Some(1), "{arguments:?}: {}", ended.err);
        let last = ended.err.lines().last().unwrap_or_default();
        let says = format!("backstop: cannot listen on {address}: the port is in use; ");
        assert!(last.starts_with(&says), "{arguments:?}: {}", ended.err);
    }
}
