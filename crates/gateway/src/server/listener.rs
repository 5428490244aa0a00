//! Accepts connections and lets them end.

use std::{convert::Infallible, io, net::SocketAddr, time::Duration};

use http::{Request, Response};
use http_body::Body;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
};
use tokio::net::{TcpListener, TcpStream};
use tower::{Service, ServiceExt as _};

use super::wire::Watched;

/// A bound listener: HTTP/1.1 and HTTP/2 over plain TCP, without delay of small packets.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Binds `address`; port 0 takes a free one.
    ///
    /// # Errors
    ///
    /// The address is in use, not this machine's, or not allowed.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = TcpListener::bind(address).await?;
        let address = socket.local_addr()?;
        Ok(Self { socket, address })
    }

    /// The address that callers connect to.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown` is done; then takes no more connections, tells the open ones to end after what they are
    /// at, and waits for them for up to `grace`. Returns how many connections were cut off.
    pub async fn serve<S, B>(self, service: S, shutdown: impl Future<Output = ()>, grace: Duration) -> usize
    where
        S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
        S::Future: Send,
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let connections = GracefulShutdown::new();
        let server = builder();
        let mut shutdown = std::pin::pin!(shutdown);
        loop {
            let accepted = tokio::select! {
                biased;
                () = &mut shutdown => break,
                accepted = self.socket.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) => {
                    no_delay(&stream);
                    let service = service.clone();
                    let (stream, two_lengths) = Watched::new(stream);
                    let handle = service_fn(move |mut request: Request<Incoming>| {
                        two_lengths.restore(request.headers_mut());
                        service.clone().oneshot(request)
                    });
                    let connection = server.serve_connection(TokioIo::new(stream), handle).into_owned();
                    let connection = connections.watch(connection);
                    #[expect(
                        clippy::disallowed_methods,
                        reason = "one task a connection, which ends with it"
                    )]
                    tokio::spawn(async move {
                        // A caller that breaks off is its own affair; what its call used is settled by the layers.
                        if let Err(error) = connection.await {
                            tracing::debug!(%error, "a connection ended early");
                        }
                    });
                }
                // Out of file descriptors and the like: other connections must end first.
                Err(error) => {
                    tracing::warn!(%error, "cannot take a connection; trying again in 100 ms");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
        drop(self.socket);
        let open = connections.count();
        tokio::select! {
            () = connections.shutdown() => 0,
            () = tokio::time::sleep(grace) => open,
        }
    }
}

fn builder() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_READ_TIMEOUT);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Some(HTTP2_KEEP_ALIVE))
        .max_concurrent_streams(1024);
    builder
}

fn no_delay(stream: &TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "cannot set TCP_NODELAY");
    }
}

/// A caller that has not sent its request's head by then is cut off.
const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(30);
/// Callers that went away without a word are found out by HTTP/2 pings.
const HTTP2_KEEP_ALIVE: Duration = Duration::from_secs(20);
