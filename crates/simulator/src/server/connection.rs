//! One connection.

use std::{
    future::Future,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use tokio::{
    net::TcpStream,
    select,
    sync::watch,
    time::{Sleep, sleep},
};
use tower_service::Service;

use super::wire::{Fuse, Wire};
use crate::{body::SimulatorBody, error::Broken, simulator::Simulator};

/// Serves HTTP on `stream` until it ends, breaks, or the last answer after `stopping` is out.
pub(super) async fn serve(stream: TcpStream, simulator: Simulator, mut stopping: watch::Receiver<bool>) {
    // Where it cannot be set, answers are merely later.
    stream.set_nodelay(true).unwrap_or_default();
    let fuse = Arc::new(Fuse::default());
    let wire = Wire::new(stream, fuse.clone());
    let service = service_fn(move |request| answer(simulator.clone(), request, fuse.clone()));
    let builder = auto::Builder::new(TokioExecutor::new());
    let mut connection = pin!(builder.serve_connection(TokioIo::new(wire), service));
    // A broken connection is what some callers came for: nothing to report.
    select! {
        _ = connection.as_mut() => return,
        _ = stopping.wait_for(|stopping| *stopping) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

async fn answer(
    mut simulator: Simulator,
    request: Request<Incoming>,
    fuse: Arc<Fuse>,
) -> Result<Response<FusedBody>, Broken> {
    match simulator.call(request).await {
        Ok(response) => Ok(response.map(|body| FusedBody { body, fuse, breaking: None })),
        Err(broken) => {
            fuse.blow();
            Err(broken)
        }
    }
}

/// A body that takes its connection with it when it breaks.
struct FusedBody {
    body: SimulatorBody,
    fuse: Arc<Fuse>,
    /// What breaks it, once what was sent before has had its time to go out.
    breaking: Option<(Broken, Pin<Box<Sleep>>)>,
}

impl Body for FusedBody {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        if self.breaking.is_none() {
            match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                Some(Err(broken)) => self.breaking = Some((broken, Box::pin(sleep(LAST_WORDS)))),
                frame => return Poll::Ready(frame),
            }
        }
        if let Some((_, sleep)) = &mut self.breaking {
            ready!(sleep.as_mut().poll(cx));
        }
        let broken = self.breaking.take().map(|(broken, _)| broken);
        // Truncation needs no help: hyper closes a connection whose body failed.
        if broken.as_ref().is_some_and(Broken::is_reset) {
            self.fuse.blow();
        }
        Poll::Ready(broken.map(Err))
    }

    fn is_end_stream(&self) -> bool {
        self.breaking.is_none() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Over HTTP/2 the connection is written by another task than the one that reads the body: it needs its turn.
const LAST_WORDS: std::time::Duration = std::time::Duration::from_millis(5);
