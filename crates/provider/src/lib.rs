//! The leaf of a Backstop stack: one provider's endpoint over hyper, with TLS, a connection pool, a connect timeout and
//! credentials.
//!
//! ```
//! use backstop_core::Payload;
//! use backstop_provider::{Credential, Provider, ProviderConfig};
//! use tower::ServiceExt;
//!
//! # async fn serve_one(listener: tokio::net::TcpListener) {
//! #     use tokio::io::{AsyncReadExt, AsyncWriteExt};
//! #     let (mut stream, _) = listener.accept().await.expect("a connection");
//! #     let mut head = [0; 1024];
//! #     let read = stream.read(&mut head).await.expect("a request");
//! #     let head = String::from_utf8_lossy(&head[..read]).to_lowercase();
//! #     assert!(head.starts_with("post /v1/chat/completions") && head.contains("authorization: bearer sk-test"));
//! #     stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await.expect("an answer");
//! # }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! # let base_url = format!("http://{}/v1", listener.local_addr()?);
//! let provider = Provider::new(ProviderConfig::new(base_url).with_keys(Credential::Bearer, ["sk-test"]))?;
//! let request = http::Request::post("/chat/completions").body(Payload::new("{}".into()))?;
//!
//! let call = provider.oneshot(request);
//! # let (response, ()) = tokio::join!(call, serve_one(listener));
//! # let call = std::future::ready(response);
//! assert_eq!(call.await?.status(), 200);
//! # Ok(())
//! # }
//! ```
//!
//! # Why
//!
//! What a chain survives begins with what its leaf reports. A generic HTTP client follows redirects with the key in
//! hand, waits minutes for a connection, hides why a connection broke, and lets a provider's error quote the key that
//! it refused. This one follows nothing, gives up after 3 s, says which of name, connection, TLS or peer failed and
//! where, and takes its keys out of every error text and error body.
//!
//! # What goes up
//!
//! The request's path and query are relative to the base URL: `https://api.openai.com/v1` and `/chat/completions` make
//! `https://api.openai.com/v1/chat/completions`. A base URL that ends in `/v1` and a path that begins with `/v1/` meet
//! in a single `/v1`, since some providers' documents count it to the one and some to the other. The scheme and
//! authority of the request, and its headers of framing (`host`, `content-length`, `connection` …), are replaced. With
//! keys configured, headers that could carry another credential are removed before the provider's own is set. Requests
//! say `accept-encoding: identity`; an answer that comes compressed all the same is decoded on the fly.
//!
//! # What is counted when
//!
//! This crate counts nothing. Its future resolves at the response's head; errors after that come out of the body.
//!
//! | moment | result |
//! |---|---|
//! | no connection within [`ProviderConfig::with_connect_timeout`] | `Err`, [`Kind::Timeout`](backstop_core::Kind::Timeout) of the connect clock |
//! | DNS, refused, reset, TLS, end before the head | `Err`, [`Kind::Transport`](backstop_core::Kind::Transport) |
//! | a head with status 3xx, or in a content coding that nobody knows | `Err`, [`Kind::Malformed`](backstop_core::Kind::Malformed) |
//! | a head with status 2xx | `Ok`, the body as it comes, but for our keys in it, which become asterisks |
//! | a head with status 4xx or 5xx | `Ok`, the body's first 64 KiB, redacted, as one frame |
//! | the body breaks off | an `Err` frame, `Transport`; `Malformed` where its compression is broken |
//!
//! # Ordering
//!
//! At the very bottom, below `normalize` and the first-byte timeout. It has no timeout but the one for connecting.
//!
//! # Cancel safety
//!
//! Dropping the future or the body ends the call: HTTP/1.1 closes the connection, HTTP/2 resets the stream. Connecting
//! may go on in the background so that a later call finds the connection ready.

mod base;
mod body;
mod client;
mod config;
mod connector;
mod credential;
mod error;
mod future;
mod mask;
mod service;
mod tls;
mod transport;

pub use self::{
    body::ProviderBody, config::ProviderConfig, credential::Credential, error::ConfigError,
    future::ResponseFuture, service::Provider,
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
