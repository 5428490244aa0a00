//! What answers operators.

use std::{
    convert::Infallible,
    future::{self, Ready},
    task::{Context, Poll},
};

use backstop_core::clock;
use backstop_normalize::ingress::BytesInFlight;
use backstop_telemetry::metrics::CONTENT_TYPE;
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use serde_json::json;
use tower::Service;

use super::{GatewayBody, Health, own};
use crate::{reload::ReloadStatus, stack::SharedStack};

/// What answers operators: health, metrics, and the state of every breaker and cooldown.
#[derive(Clone, Debug)]
pub struct Admin {
    stack: SharedStack,
    health: Health,
    bytes: BytesInFlight,
    reload: Option<ReloadStatus>,
}

impl Admin {
    /// Tells of `stack`, and of the request bodies that `bytes` counts.
    #[must_use]
    pub const fn new(stack: SharedStack, health: Health, bytes: BytesInFlight) -> Self {
        Self { stack, health, bytes, reload: None }
    }

    /// Tells, too, what became of the last reload.
    #[must_use]
    pub fn with_reload_status(mut self, status: ReloadStatus) -> Self {
        self.reload = Some(status);
        self
    }

    fn metrics(&self) -> Bytes {
        let stack = self.stack.load();
        let mut snapshot = stack.snapshot(clock::now());
        snapshot.bytes_in_flight = self.bytes.held();
        Bytes::from(stack.metrics().render(snapshot))
    }

    fn state(&self) -> Bytes {
        let (stack, now) = (self.stack.load(), clock::now());
        let breakers: Vec<_> = stack
            .breakers()
            .into_iter()
            .map(|(target, breaker)| json!({"target": target.as_str(), "state": breaker.state(now).label()}))
            .collect();
        let cooling: Vec<_> = stack
            .cooling()
            .iter()
            .map(|cooling| {
                let left = cooling.until.saturating_duration_since(now).as_millis();
                json!({
                    "subject": cooling.subject.to_string(),
                    "after": cooling.kind.label(),
                    "failures": cooling.failures,
                    "left_ms": u64::try_from(left).unwrap_or(u64::MAX),
                })
            })
            .collect();
        let config = self.reload.as_ref().map(ReloadStatus::json);
        Bytes::from(json!({"config": config, "breakers": breakers, "cooling": cooling}).to_string())
    }
}

impl<B> Service<Request<B>> for Admin {
    type Response = Response<GatewayBody>;
    type Error = Infallible;
    type Future = Ready<Result<Response<GatewayBody>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let get = matches!(*request.method(), Method::GET | Method::HEAD);
        future::ready(Ok(match request.uri().path() {
            _ if !get => own::text(StatusCode::METHOD_NOT_ALLOWED, "only GET is served here\n"),
            "/healthz" => own::text(StatusCode::OK, "ok\n"),
            "/readyz" => own::text(self.health.ready(), "see the status\n"),
            "/metrics" => own::respond(StatusCode::OK, CONTENT_TYPE, self.metrics()),
            "/state" => own::json(self.state()),
            _ => own::text(StatusCode::NOT_FOUND, "there are /healthz, /readyz, /metrics and /state\n"),
        }))
    }
}
