//! Starts an example and talks to it.

use std::{process::Stdio, time::Duration};

use backstop_simulator::Server;
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::timeout,
};

/// A running example. Ends when it is dropped.
pub(crate) struct Program {
    url: String,
    _child: Child,
}

pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Program {
    /// Starts the program at `path` on a port of its own and waits until it says where it listens.
    pub(crate) async fn start(path: &str, environment: &[(&str, &str)]) -> Self {
        let mut command = Command::new(path);
        command.env("LISTEN", "127.0.0.1:0").envs(environment.iter().copied());
        let mut child = command.stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = timeout(Duration::from_secs(20), lines.next_line()).await.expect("it is up in time");
        Self { url: line.unwrap().expect("it says where it listens"), _child: child }
    }

    /// Asks as an SDK would ask.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        let request = Request::post(format!("{}{path}", self.url))
            .header("content-type", "application/json")
            .body(Full::from(body.to_string()));
        self.send(request.unwrap()).await
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Reply {
        let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
        let response = client.request(request).await.unwrap();
        let (head, body) = response.into_parts();
        let text = String::from_utf8(body.collect().await.unwrap().to_bytes().into()).unwrap();
        Reply { status: head.status, headers: head.headers, text }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(Request::get(format!("{}{path}", self.url)).body(Full::default()).unwrap()).await
    }

    /// Asks in OpenAI's dialect for an answer that a simulator makes of the question.
    pub(crate) async fn chat(&self, stream: bool) -> Reply {
        let messages = json!([{"role": "user", "content": "Hello there"}]);
        let body = json!({"model": "gpt-4.1-mini", "stream": stream, "messages": messages});
        self.post("/v1/chat/completions", &body).await
    }
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// What was said, of a whole answer or of a stream in OpenAI's dialect.
    pub(crate) fn said(&self) -> String {
        assert_eq!(self.status, 200, "{}", self.text);
        let of = |value: &Value, part: &str| {
            value["choices"][0][part]["content"].as_str().unwrap_or("").to_owned()
        };
        if !self.header("content-type").starts_with("text/event-stream") {
            return of(&self.json(), "message");
        }
        let data: Vec<_> = self.text.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
        assert_eq!(data.last(), Some(&"[DONE]"), "{}", self.text);
        let events = data[..data.len() - 1].iter().map(|data| serde_json::from_str::<Value>(data).unwrap());
        events.map(|event| of(&event, "delta")).collect()
    }
}

/// The environment in which an example finds its providers.
pub(crate) fn environment<'a>(openai: &'a str, anthropic: &'a str) -> [(&'static str, &'a str); 4] {
    [
        ("OPENAI_BASE_URL", openai),
        ("OPENAI_API_KEY", "sk-openai"),
        ("ANTHROPIC_BASE_URL", anthropic),
        ("ANTHROPIC_API_KEY", "sk-anthropic"),
    ]
}

pub(crate) async fn started(simulator: &backstop_simulator::Simulator) -> (Server, String) {
    let server = simulator.start().await.unwrap();
    let url = server.v1();
    (server, url)
}
