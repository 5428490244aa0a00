//! The caller: reads answers by hand, with none of the gateway's own codecs, so that both cannot share one misreading.

use std::{net::SocketAddr, time::Duration};

use backstop_core::{Dialect, clock};
use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt as _, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::{Value, json};

/// What providers are asked to say back.
pub(super) const PROMPT: &str = "Ahoy! Say this back to me, all of it, whatever happens to your servers.";

/// What a caller got.
#[derive(Debug, Default)]
pub(super) struct Answered {
    /// 0 where there was no response.
    pub(super) status: u16,
    /// The request's id, by the response's header.
    pub(super) id: String,
    /// Who answered, by the response's header.
    pub(super) target: String,
    pub(super) text: String,
    /// Whether a finish or stop reason came.
    pub(super) finished: bool,
    pub(super) error: Option<String>,
    pub(super) took: Duration,
}

impl Answered {
    /// The provider that answered.
    pub(super) fn provider(&self) -> &str {
        self.target.split('/').next().unwrap_or_default()
    }

    /// A whole, good answer.
    pub(super) fn is_whole(&self) -> bool {
        self.status == 200 && self.error.is_none() && self.finished && self.text == PROMPT
    }
}

/// Asks the chain `model` and reads to the end.
pub(super) async fn ask(address: SocketAddr, dialect: Dialect, streamed: bool, model: &str) -> Answered {
    let begun = clock::now();
    let mut answered = match exchange(address, dialect, streamed, model).await {
        Ok(answered) => answered,
        Err(error) => Answered { error: Some(error.to_string()), ..Answered::default() },
    };
    answered.took = clock::now().saturating_duration_since(begun);
    answered
}

async fn exchange(
    address: SocketAddr,
    dialect: Dialect,
    streamed: bool,
    model: &str,
) -> Result<Answered, Box<dyn std::error::Error + Send + Sync>> {
    let path = if dialect == Dialect::AnthropicMessages { "messages" } else { "chat/completions" };
    let body = json!({
        "model": model, "max_tokens": 1000, "stream": streamed, "messages": [{"role": "user", "content": PROMPT}],
    });
    let request = Request::post(format!("http://{address}/v1/{path}"))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(body.to_string())))?;
    // A connection a request: one that the gateway keeps open would only hold up its end.
    let client: Client<HttpConnector, _> =
        Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build_http();
    let response = client.request(request).await?;
    let header = |name| {
        response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    };
    let mut answered = Answered {
        status: response.status().as_u16(),
        id: header("x-backstop-request-id"),
        target: header("x-backstop-target"),
        ..Answered::default()
    };
    let body = response.into_body().collect().await?.to_bytes();
    let text = std::str::from_utf8(&body)?;
    if text.starts_with('{') {
        document(&serde_json::from_str(text)?, &mut answered);
    } else {
        for data in
            text.lines().filter_map(|line| line.strip_prefix("data: ")).filter(|data| *data != "[DONE]")
        {
            event(&serde_json::from_str(data)?, &mut answered);
        }
    }
    Ok(answered)
}

fn document(answer: &Value, answered: &mut Answered) {
    fail(answer, answered);
    let (openai, anthropic) = (&answer["choices"][0], &answer["content"][0]);
    for text in [&openai["message"]["content"], &anthropic["text"]] {
        answered.text.push_str(text.as_str().unwrap_or_default());
    }
    answered.finished = openai["finish_reason"].is_string() || answer["stop_reason"].is_string();
}

fn event(event: &Value, answered: &mut Answered) {
    fail(event, answered);
    let (openai, anthropic) = (&event["choices"][0], &event["delta"]);
    for text in [&openai["delta"]["content"], &anthropic["text"]] {
        answered.text.push_str(text.as_str().unwrap_or_default());
    }
    answered.finished |= openai["finish_reason"].is_string() || anthropic["stop_reason"].is_string();
}

fn fail(answer: &Value, answered: &mut Answered) {
    if let Some(message) = answer["error"]["message"].as_str() {
        answered.error = Some(message.to_owned());
    }
}
