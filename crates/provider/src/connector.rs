//! Connecting within a time limit.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use backstop_core::{BoxError, Clock, Failure, Kind};
use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::{client::legacy::connect::HttpConnector, rt::TokioIo};
use tokio::{net::TcpStream, time::Timeout};
use tower_service::Service;

use crate::{ConfigError, ProviderConfig, base::Base, tls};

/// Name lookup, TCP and TLS, all three within one time limit.
#[derive(Clone, Debug)]
pub(crate) struct Connector {
    https: HttpsConnector<HttpConnector>,
    limit: Duration,
    place: Arc<str>,
}

impl Connector {
    pub(crate) fn new(config: &ProviderConfig, base: &Base) -> Result<Self, ConfigError> {
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_nodelay(true);
        // Shared out among the addresses of the name, so that one that swallows packets does not use up the time.
        http.set_connect_timeout(Some(config.connect_timeout));
        http.set_keepalive(Some(KEEPALIVE));
        http.set_keepalive_interval(Some(KEEPALIVE_INTERVAL));
        http.set_keepalive_retries(Some(KEEPALIVE_RETRIES));
        #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
        http.set_tcp_user_timeout(Some(UNACKNOWLEDGED));

        let tls = tls::client_config(config.root_certificates.as_deref())?;
        let builder = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http();
        let https = if config.http2_prior_knowledge {
            builder.enable_http2().wrap_connector(http)
        } else {
            builder.enable_http1().enable_http2().wrap_connector(http)
        };
        Ok(Self { https, limit: config.connect_timeout, place: base.place().into() })
    }
}

impl Service<Uri> for Connector {
    type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
    type Error = BoxError;
    type Future = Connecting;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.https.poll_ready(cx)
    }

    fn call(&mut self, uri: Uri) -> Connecting {
        let connecting = tokio::time::timeout(self.limit, self.https.call(uri));
        Connecting { inner: Box::pin(connecting), limit: self.limit, place: Arc::clone(&self.place) }
    }
}

type HttpsConnecting = <HttpsConnector<HttpConnector> as Service<Uri>>::Future;

/// A connection on its way. Boxed because the client wants it `Unpin`; this happens once a connection.
pub(crate) struct Connecting {
    inner: Pin<Box<Timeout<HttpsConnecting>>>,
    limit: Duration,
    place: Arc<str>,
}

impl Future for Connecting {
    type Output = Result<MaybeHttpsStream<TokioIo<TcpStream>>, BoxError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.inner.as_mut().poll(cx).map(|result| {
            result.unwrap_or_else(|_| {
                let message = format!("no connection to {} within {:?}", self.place, self.limit);
                Err(Failure::new(Kind::Timeout(Clock::Connect), message).into())
            })
        })
    }
}

/// Unused and quiet connections are probed after a minute, so that one whose peer is gone does not look alive.
const KEEPALIVE: Duration = Duration::from_secs(60);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(15);
const KEEPALIVE_RETRIES: u32 = 3;
/// A connection on which nothing is acknowledged for so long is dead. The system's own default is about 15 minutes.
#[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
const UNACKNOWLEDGED: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn connections_do_not_delay_small_writes() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let config = ProviderConfig::new(format!("http://{}", listener.local_addr().expect("an address")));
        let base = Base::parse(&config.base_url).expect("a base URL");
        let mut connector = Connector::new(&config, &base).expect("a connector");
        let uri = config.base_url.parse().expect("a URI");
        let MaybeHttpsStream::Http(stream) = connector.call(uri).await.expect("a connection") else {
            panic!("plain HTTP has no TLS");
        };
        assert!(stream.inner().nodelay().expect("a socket"));
    }
}
