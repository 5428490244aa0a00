//! What operators do with a running gateway: they scrape it, and they change its configuration. The real binary, real
//! sockets.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test, in a helper too")]

mod client;
mod gateway;
mod keeping;
mod metrics;
mod provider;
mod reloading;
mod validating;
mod watching;
