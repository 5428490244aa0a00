//! The edges of a Backstop stack: callers in, providers out, each in its own dialect.
//!
//! ```
//! use std::convert::Infallible;
//!
//! use backstop_core::{Dialect, Payload};
//! use backstop_normalize::{NormalizeConfig, NormalizeLayer, ingress::{IngressConfig, IngressLayer}};
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use http_body_util::{BodyExt, Full};
//! use tower::{Layer, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Any HTTP client. This one plays a provider that speaks Anthropic Messages.
//! let provider = service_fn(|request: Request<Payload>| async move {
//!     assert_eq!(request.uri(), "/v1/messages");
//!     let answer = r#"{"id":"msg_1","type":"message","role":"assistant","model":"claude-x",
//!         "content":[{"type":"text","text":"Hello!"}],"stop_reason":"end_turn","stop_sequence":null,
//!         "usage":{"input_tokens":9,"output_tokens":3}}"#;
//!     Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(answer))))
//! });
//!
//! // Callers who speak OpenAI Chat Completions never notice.
//! let stack = NormalizeLayer::new(NormalizeConfig::new(Dialect::AnthropicMessages)).layer(provider);
//! let stack = IngressLayer::new(IngressConfig::new(Dialect::OpenaiChat)).layer(stack);
//!
//! let question = r#"{"model":"claude-x","messages":[{"role":"user","content":"Hi"}]}"#;
//! let answer = stack.oneshot(Request::new(Full::new(Bytes::from(question)))).await?;
//! let answer = answer.into_body().collect().await?.to_bytes();
//! let answer: serde_json::Value = serde_json::from_slice(&answer)?;
//! assert_eq!(answer["choices"][0]["message"]["content"], "Hello!");
//! # Ok(())
//! # }
//! ```
//!
//! # Why
//!
//! Everything between the two edges works on one kind of call, one kind of answer and one kind of failure, whatever the
//! caller speaks and whoever answers. [`ingress`] is where callers come in; [`Normalize`] stands right above the HTTP
//! client of a provider. When both speak the same dialect, bytes pass through untouched, except what an edit changes.
//!
//! # What normalize does
//!
//! | on the way up | on the way down |
//! |---|---|
//! | the caller's bytes, spliced, where the dialect is the same; else the unified request, encoded anew | an error status becomes an `Err` of the right kind |
//! | sets method, path, model, body and the dialect's own headers | a stream becomes events as they come, each with its bytes |
//! | asks for usage in streams | a document becomes one event |
//! | refuses what the target cannot express, or drops it and says so | HTML, broken JSON, an end without a finish: `Malformed` |
//!
//! # What is counted when
//!
//! An answer is complete with the finish reason of its last choice. The provider then has a second for usage and its
//! terminator; after that, or when the terminator has come, the answer ends and the connection is let go. Whatever goes
//! wrong after the finish is no failure.
//!
//! # Cancel safety
//!
//! Dropping a future or a body drops the provider's call. Nothing is read ahead: a slow reader holds back the provider.

mod body;
mod config;
mod facts;
mod future;
pub mod ingress;
mod layer;
mod observer;
mod policy;
mod prepare;
mod service;

pub use self::{
    body::NormalizedBody,
    config::{NormalizeConfig, Unsupported},
    facts::facts_of,
    future::ResponseFuture,
    layer::NormalizeLayer,
    observer::NormalizeObserver,
    service::Normalize,
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
