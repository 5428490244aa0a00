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
//!
//! # What it answers
//!
//! | path | |
//! |---|---|
//! | `POST …/chat/completions` | OpenAI Chat Completions, whole and streamed, or in the accent of a [`Flavour`] |
//! | `POST …/messages` | Anthropic Messages, whole and streamed |
//! | `POST …/messages/count_tokens` | the count of a prompt's tokens |
//! | `POST …/models/MODEL:generateContent` | Google Gemini, whole |
//! | `POST …/models/MODEL:streamGenerateContent` | the same streamed: as events with `?alt=sse`, else as one JSON array |
//! | `POST …/models/MODEL:countTokens` | the count of a prompt's tokens |
//! | `GET …/models`, `GET …/models/ID` | models: Google's way under `/v1beta` or with an `x-goog-api-key`, Anthropic's with an `anthropic-version` or `x-api-key`, else OpenAI's |
//!
//! The answer is a function of the request and the seed: see [`Answer::auto`]. Ids, headers, usage, error documents and
//! the order of events are the provider's. What the real API refuses is refused, by the [`rules`] and by the signatures
//! of thinking blocks, which only a simulator makes. Its tokens are its own; they only count the same text the same way.
//!
//! # What decides what goes wrong
//!
//! The first of these that says anything: the request header `x-simulator-fault`; [`Simulator::down`]; a step of the
//! [script](Simulator::script) for the request's key, its model, or all requests; a [rate](Simulator::rate);
//! [`Simulator::with_behaviour`]. Faults of the connection come before everything else. Then a request must pass as it
//! would at the provider: path, method, key, size, JSON, rules, model, [limits](Simulator::limit). Only what passes
//! meets its other faults, so that no scripted 503 hides a request that the provider would never have taken.
//!
//! # Behaviours as text
//!
//! In the header, in a [script file](Simulator::load) and on the program's command line a [`Behaviour`] is words with
//! `;` between them. Times are written `20s`, `100ms`, `2m`; a bare number is seconds.
//!
//! | words | |
//! |---|---|
//! | `ok` | nothing |
//! | `echo`, `text=…`, `tokens=N`, `blank`, `repeated=…`, `calls=N`, `json`, `refusal=…`, `filtered=…` | the [`Answer`] |
//! | `reasoning=…`, `cache-read=N`, `cache-write=N`, `most-events=N`, `finish=WORD` | more about it |
//! | `reset`, `no-answer`, `refused`, `tls` | the connection breaks, or nothing ever comes |
//! | `status=N` | the provider's own error with this status |
//! | `error=…` | `quota`, `context-length`, `content-policy`, `missing-key`, `wrong-key`, `quoted-key`, `model-not-found` or `too-large`: an [`ApiError`] |
//! | `html`, `broken-json`, `empty-choices`, `error-object`, `redirect=URL` | in place of an answer |
//! | `dies=N`, `dies=N closed`, `dies=N reset`, `silent=N`, `error-event=N` | after N tokens |
//! | `break-event=N`, `no-sentinel`, `never-ends`, `pings=TIME`, `repeat-forever=TIME` | in the stream |
//! | `cut-body=length`, `cut-body=chunked` | half a body |
//! | `header=NAME: VALUE`, `content-type=…`, `retry-after=TIME`, `retry-after-ms=TIME`, `retry-at=TIME`, `exhausted=TIME` | headers |
//! | `crlf`, `cr`, `comments`, `bom`, `split=BYTES`, `gzip`, `deflate`, `br`, `obfuscated` | odd, but right |
//! | `head-after=TIME`, `body-after=TIME`, `first-token-after=TIME`, `token-every=TIME`, `drip=TIME` | late |
//!
//! # What it knows afterwards
//!
//! [`Simulator::requests`] gives everything that came in and how it ended, [`Simulator::wait_for`] and its kin wait for
//! it without sleeping, [`Simulator::told`] and [`Simulator::billed`] are for ledgers. It remembers the
//! last [`Simulator::with_memory`] requests with their bodies; sums and counts are of all.
//!
//! # The program
//!
//! ```sh
//! backstop-simulator --listen 127.0.0.1:9000 --key sk-a --behaviour 'token-every=50ms' --script faults.txt
//! ```
//!
//! Ctrl-C lets the answers under way end.

mod answer;
mod anthropic;
mod api_error;
mod ask;
mod behaviour;
mod body;
mod clock;
mod compatible;
mod compose;
mod decide;
mod dialect;
mod error;
mod fault;
mod file;
mod flavour;
mod future;
mod gemini;
mod grammar;
mod ids;
mod limits;
mod marks;
mod memory;
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
    file::FileError,
    flavour::Flavour,
    future::ResponseFuture,
    grammar::ParseError,
    record::{End, Recorded},
    script::{Scope, Script},
    server::{Door, Server},
    simulator::Simulator,
    usage::Usage,
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
