//! The pool of connections.

use std::time::Duration;

use backstop_core::Payload;
use hyper_util::{
    client::legacy,
    rt::{TokioExecutor, TokioTimer},
};

use crate::{ConfigError, ProviderConfig, base::Base, connector::Connector};

pub(crate) type Client = legacy::Client<Connector, Payload>;

/// A client that keeps connections and sends again what a dying idle connection had not taken yet.
pub(crate) fn new(config: &ProviderConfig, base: &Base) -> Result<Client, ConfigError> {
    let connector = Connector::new(config, base)?;
    Ok(legacy::Client::builder(TokioExecutor::new())
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(config.idle_timeout)
        .pool_max_idle_per_host(config.max_idle_per_host)
        .retry_canceled_requests(true)
        .http2_only(config.http2_prior_knowledge)
        .http2_initial_stream_window_size(STREAM_WINDOW)
        .http2_initial_connection_window_size(CONNECTION_WINDOW)
        .http2_keep_alive_interval(PING_INTERVAL)
        .http2_keep_alive_timeout(PING_TIMEOUT)
        // All calls share one connection: a dead one must be found out before the next call is put on it.
        .http2_keep_alive_while_idle(true)
        .build(connector))
}

/// What a provider may send ahead of a reader that has stopped.
const STREAM_WINDOW: u32 = 128 * 1024;
/// What it may send ahead over all streams: many stopped readers must not hold up the others.
const CONNECTION_WINDOW: u32 = 16 * 1024 * 1024;
const PING_INTERVAL: Duration = Duration::from_secs(20);
const PING_TIMEOUT: Duration = Duration::from_secs(10);
