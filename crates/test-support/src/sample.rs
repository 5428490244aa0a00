//! Calls as an edge would make them.

use backstop_core::{Call, Dialect, Message, Origin, Peek, Request, Role, clock};
use bytes::Bytes;

/// A call that wants a stream.
#[must_use]
pub fn streamed() -> Call {
    call(Peek { stream: true, ..peek() })
}

/// A call that wants a whole answer.
#[must_use]
pub fn unstreamed() -> Call {
    call(peek())
}

/// A call of which the edge knows `peek`, received now, in the OpenAI Chat Completions dialect.
#[must_use]
pub fn call(peek: Peek) -> Call {
    let body = serde_json::json!({
        "model": peek.model.as_str(), "stream": peek.stream, "messages": [{"role": "user", "content": "Hi"}],
    });
    let body = Bytes::from(body.to_string());
    Call::new(Origin::new(Dialect::OpenaiChat, body, peek, decode, clock::now()))
}

/// What is known of a small, plain, unstreamed call: change what matters.
#[must_use]
pub fn peek() -> Peek {
    Peek { model: "scripted".into(), prompt_tokens: 20, choices: 1, ..Peek::default() }
}

/// The request that carries `call`.
#[must_use]
pub fn request(call: Call) -> http::Request<Call> {
    let mut request = http::Request::new(call);
    *request.method_mut() = http::Method::POST;
    request
}

fn decode(bytes: &Bytes) -> Result<Request, backstop_core::Failure> {
    let read = serde_json::from_slice::<serde_json::Value>(bytes).map_err(|error| {
        backstop_core::Failure::new(backstop_core::Kind::InvalidRequest, error.to_string())
    })?;
    let mut request = Request::new(Dialect::OpenaiChat, read["model"].as_str().unwrap_or_default());
    request.messages = vec![Message::new(Role::User, backstop_core::Content::text("Hi"))];
    request.stream = read["stream"].as_bool();
    Ok(request)
}
