//! A provider that answers what it is told to and remembers what it saw.

use std::{cell::RefCell, convert::Infallible, rc::Rc};

use backstop_core::{Dialect, Payload};
use backstop_normalize::{
    NormalizeConfig, NormalizeLayer,
    ingress::{IngressConfig, IngressLayer},
};
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use serde_json::{Value, json};
use tower::{Layer as _, ServiceExt as _, service_fn};

pub(crate) const OPENAI: Dialect = Dialect::OpenaiChat;
pub(crate) const ANTHROPIC: Dialect = Dialect::AnthropicMessages;

/// What a provider saw of one call.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// What the caller got.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) seen: Vec<Seen>,
}

impl Got {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The one call that the provider saw.
    pub(crate) fn call(&self) -> &Seen {
        assert_eq!(self.seen.len(), 1, "{self:?}");
        &self.seen[0]
    }
}

/// Sends `request` through both edges to a provider that gives `answer`.
pub(crate) async fn send<B>(
    ingress: IngressConfig,
    normalize: NormalizeConfig,
    request: Request<B>,
    answer: Response<Bytes>,
) -> Got
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<backstop_core::BoxError>,
{
    let seen = Rc::new(RefCell::new(Vec::new()));
    let noted = Rc::clone(&seen);
    let provider = service_fn(move |request: Request<Payload>| {
        let (head, body) = request.into_parts();
        let path = head.uri.to_string();
        noted.borrow_mut().push(Seen { path, headers: head.headers, body: body.bytes().clone() });
        let answer = answer.clone().map(Full::new);
        async move { Ok::<_, Infallible>(answer) }
    });
    let stack = IngressLayer::new(ingress).layer(NormalizeLayer::new(normalize).layer(provider));
    let (head, body) = stack.oneshot(request).await.expect("never fails").into_parts();
    let body = body.collect().await.expect("never fails").to_bytes();
    let seen = std::mem::take(&mut *seen.borrow_mut());
    Got { status: head.status, headers: head.headers, body, seen }
}

/// Sends `body` with `headers` from a caller of `from` to a provider of `to`, which answers plainly.
pub(crate) async fn plainly(from: Dialect, to: Dialect, headers: HeaderMap, body: impl Into<Bytes>) -> Got {
    let mut request = Request::new(Full::new(body.into()));
    *request.headers_mut() = headers;
    send(IngressConfig::new(from), NormalizeConfig::new(to), request, Response::new(answer(to))).await
}

/// A plain question, in either dialect.
pub(crate) fn question() -> Value {
    json!({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]})
}

/// A plain answer of a provider of `dialect`.
pub(crate) fn answer(dialect: Dialect) -> Bytes {
    let answer = match dialect {
        Dialect::AnthropicMessages => {
            json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "m",
            "content": [{"type": "text", "text": "Hello!"}], "stop_reason": "end_turn", "stop_sequence": null,
            "usage": {"input_tokens": 9, "output_tokens": 3}})
        }
        _ => json!({"id": "chatcmpl-1", "object": "chat.completion", "created": 7, "model": "m", "choices": [
            {"index": 0, "message": {"role": "assistant", "content": "Hello!"}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}}),
    };
    Bytes::from(answer.to_string())
}
