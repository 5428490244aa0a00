//! A server that speaks provider dialects like the real ones, with faults.
//!
//! A [`Simulator`] is one provider. In process it is a tower service in which every wait is tokio's, so that tests under
//! paused time take none; with [`Simulator::start`] it is a server on a socket, where a reset is a reset.
//!
//! ```
//! use backstop_simulator::{Answer, Fault, Simulator};
//! use bytes::Bytes;
//! use http::Request;
//! use http_body_util::{BodyExt, Full};
//! use tower_service::Service;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut a = Simulator::new("a").with_key("sk-a");
//! a.script("gpt-4.1", [Fault::status(503)]);
//!
//! let request = || {
//!     let body = r#"{"model": "gpt-4.1", "messages": [{"role": "user", "content": "Hello"}]}"#;
//!     Request::post("/v1/chat/completions").header("authorization", "Bearer sk-a").body(Full::new(Bytes::from(body)))
//! };
//! assert_eq!(a.call(request()?).await?.status(), 503);
//! let answer = a.call(request()?).await?.into_body().collect().await?.to_bytes();
//! let answer: serde_json::Value = serde_json::from_slice(&answer)?;
//! assert_eq!(answer["choices"][0]["message"]["content"], "Hello");
//!
//! let requests = a.requests();
//! assert_eq!(requests.len(), 2);
//! assert_eq!(requests[0].model.as_deref(), Some("gpt-4.1"));
//! # Ok(())
//! # }
//! ```
//!
//! It shares no code with the client side of the workspace: what both would misread, neither test would show.

mod answer;
mod anthropic;
mod api_error;
mod ask;
mod behaviour;
mod body;
mod clock;
mod compose;
mod decide;
mod dialect;
mod error;
mod fault;
mod future;
mod grammar;
mod ids;
mod limits;
mod marks;
mod openai;
mod play;
mod record;
mod recorder;
mod reply;
pub mod rules;
mod schema;
mod script;
mod server;
mod service;
mod simulator;
mod state;
mod tokens;
mod usage;

pub use self::{
    answer::Answer,
    api_error::ApiError,
    behaviour::Behaviour,
    body::SimulatorBody,
    dialect::Dialect,
    error::Broken,
    fault::{Cut, Death, Encoding, Fault, LineEnd},
    future::ResponseFuture,
    grammar::ParseError,
    record::{End, Recorded},
    script::{Scope, Script},
    server::{Door, Server},
    simulator::Simulator,
    usage::Usage,
};
