//! A caller.

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::{
    client::legacy::{Client as Hyper, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::{Value, json};

/// Calls a gateway at `address`.
#[derive(Clone)]
pub(crate) struct Client {
    hyper: Hyper<HttpConnector, Full<Bytes>>,
    address: String,
}

impl Client {
    pub(crate) fn new(address: &str) -> Self {
        Self { hyper: Hyper::builder(TokioExecutor::new()).build_http(), address: address.to_owned() }
    }

    /// Asks `model`, and reads the answer to its end: status and body.
    pub(crate) async fn ask(&self, model: &str, stream: bool) -> (StatusCode, String) {
        self.send(body(model, stream)).await
    }

    pub(crate) async fn send(&self, body: String) -> (StatusCode, String) {
        let response = self.post(body).await;
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    /// Asks for a stream, reads its first bytes and leaves.
    pub(crate) async fn ask_and_leave(&self, model: &str) {
        let mut response = self.post(body(model, true)).await;
        assert!(response.body_mut().frame().await.unwrap().is_ok());
    }

    pub(crate) async fn get(&self, path: &str) -> (StatusCode, String) {
        let request = Request::get(format!("http://{}{path}", self.address)).body(Full::default()).unwrap();
        let response = self.hyper.request(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    async fn post(&self, body: String) -> http::Response<Incoming> {
        let request = Request::post(format!("http://{}/v1/chat/completions", self.address))
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, "Bearer sk-of-the-caller")
            .body(Full::from(body))
            .unwrap();
        self.hyper.request(request).await.unwrap()
    }
}

fn body(model: &str, stream: bool) -> String {
    let messages = json!([{"role": "user", "content": PROMPT}]);
    let mut body = json!({"model": model, "stream": stream, "messages": messages});
    if stream {
        body["stream_options"] = json!({"include_usage": true});
    }
    body.to_string()
}

/// How many tokens a stream brought, if it came to its end as it should.
pub(crate) fn tokens(stream: &str) -> Option<usize> {
    let chunks: Vec<Value> = stream
        .split("\n\n")
        .filter_map(|event| event.strip_prefix("data: "))
        .filter(|data| *data != "[DONE]")
        .map(|data| serde_json::from_str(data).unwrap())
        .collect();
    let finished = chunks.iter().any(|chunk| chunk["choices"][0]["finish_reason"] == "stop");
    let whole = finished && stream.ends_with("data: [DONE]\n\n");
    whole.then(|| chunks.iter().filter(|chunk| chunk["choices"][0]["delta"]["content"] == "token ").count())
}

pub(crate) const PROMPT: &str = "what the caller would not tell anybody else";
