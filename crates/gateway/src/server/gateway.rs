//! What answers callers.

use std::{
    convert::Infallible,
    fmt, future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use backstop_config::ServerConfig;
use backstop_core::{BoxError, Dialect, Failure, Kind};
use backstop_normalize::ingress::{self, BytesInFlight, Ingress, IngressConfig, IngressLayer};
use backstop_telemetry::{RequestLayer, RequestLog};
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body::Body;
use pin_project_lite::pin_project;
use tower::{Layer as _, Service};

use super::{GatewayBody, Health, body::ChainAnswer, edge::EdgeHook, models, own};
use crate::{
    ledger::RequestHook,
    stack::{Router, SharedStack},
};

/// What answers callers: the chains, in each dialect; the list of models; health. Always ready, never fails.
#[derive(Clone)]
pub struct Gateway {
    openai: Edge,
    anthropic: Edge,
    gemini: Edge,
    stack: SharedStack,
    health: Health,
    bytes: BytesInFlight,
}

type Edge = Ingress<RequestLog<Router, RequestHook>>;

impl Gateway {
    /// Serves the chains of `stack`, anew for each call.
    #[must_use]
    pub fn new(server: &ServerConfig, stack: SharedStack, health: Health) -> Self {
        let bytes = BytesInFlight::new(server.bytes_in_flight);
        let (metrics, ledger) = (stack.load().metrics().clone(), stack.load().ledger().cloned());
        let edge = |dialect| {
            let config = IngressConfig::new(dialect)
                .with_body_limit(server.body_limit)
                .with_bytes_in_flight(bytes.clone());
            let config =
                server.forward_headers.iter().cloned().fold(config, IngressConfig::with_request_header);
            let observer = RequestHook { metrics: metrics.requests(), ledger: ledger.clone() };
            let chains = RequestLayer::new().with_observer(observer).layer(Router::new(Arc::clone(&stack)));
            IngressLayer::new(config).with_observer(EdgeHook::new(metrics.clone(), dialect)).layer(chains)
        };
        let (openai, anthropic) = (edge(Dialect::OpenaiChat), edge(Dialect::AnthropicMessages));
        Self { openai, anthropic, gemini: edge(Dialect::GeminiGenerate), stack, health, bytes }
    }

    /// The count of bytes of request bodies that are held.
    #[must_use]
    pub const fn bytes_in_flight(&self) -> &BytesInFlight {
        &self.bytes
    }

    fn own<B>(&self, request: &Request<B>) -> Response<GatewayBody> {
        let get = matches!(*request.method(), Method::GET | Method::HEAD);
        if request.headers().contains_key(header::TRANSFER_ENCODING)
            && request.headers().contains_key(header::CONTENT_LENGTH)
        {
            return own::two_lengths(models::dialect_of(request.headers()));
        }
        match request.uri().path() {
            "/healthz" if get => own::text(StatusCode::OK, "ok\n"),
            "/readyz" if get => match self.health.ready() {
                StatusCode::OK => own::text(StatusCode::OK, "ready\n"),
                status => own::text(status, "ending\n"),
            },
            GEMINI_MODELS if get => {
                own::json(models::list(Dialect::GeminiGenerate, &self.stack.load().models()))
            }
            "/v1/models" if get => {
                let dialect = models::dialect_of(request.headers());
                own::json(models::list(dialect, &self.stack.load().models()))
            }
            path => {
                let dialect = match path {
                    MESSAGES => Dialect::AnthropicMessages,
                    path if path.starts_with("/v1beta") || is_geminis(path) => Dialect::GeminiGenerate,
                    _ => models::dialect_of(request.headers()),
                };
                let known = [CHAT, MESSAGES, "/healthz", "/readyz", "/v1/models", GEMINI_MODELS]
                    .contains(&path)
                    || is_geminis(path);
                wrong_way(dialect, request.method(), path, known)
            }
        }
    }
}

impl<B> Service<Request<B>> for Gateway
where
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    type Response = Response<GatewayBody>;
    type Error = Infallible;
    type Future = GatewayFuture<B>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> GatewayFuture<B> {
        let edge = match (request.method(), request.uri().path()) {
            (&Method::POST, CHAT) => &mut self.openai,
            (&Method::POST, MESSAGES) => &mut self.anthropic,
            // The model stands in the path, behind it the method.
            (&Method::POST, path) if is_geminis(path) => &mut self.gemini,
            _ => return GatewayFuture { state: State::Own { response: future::ready(self.own(&request)) } },
        };
        GatewayFuture { state: State::Chain { call: edge.call(request) } }
    }
}

pin_project! {
    /// Resolves with a response.
    pub struct GatewayFuture<B> {
        #[pin]
        state: State<B>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<B> {
        Chain { #[pin] call: ingress::ResponseFuture<RequestLog<Router, RequestHook>, ChainAnswer, B> },
        Own { #[pin] response: future::Ready<Response<GatewayBody>> },
    }
}

impl<B> Future for GatewayFuture<B>
where
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    type Output = Result<Response<GatewayBody>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Chain { call } => {
                call.poll(cx).map_ok(|response| response.map(GatewayBody::answer))
            }
            StateProjection::Own { response } => response.poll(cx).map(Ok),
        }
    }
}

/// A path or a method that nobody serves.
fn wrong_way(dialect: Dialect, method: &Method, path: &str, known: bool) -> Response<GatewayBody> {
    let status = if known { StatusCode::METHOD_NOT_ALLOWED } else { StatusCode::NOT_FOUND };
    let message = if known {
        format!("{method} is not served at `{path}`")
    } else {
        format!(
            "nothing is served at `{path}`; there are POST {CHAT}, POST {MESSAGES}, POST {GEMINI_MODELS}/{{model}}:generateContent and GET /v1/models"
        )
    };
    let failure = Failure::new(Kind::InvalidRequest, message).with_status(status);
    let mut response = own::error(dialect, &failure);
    if known {
        let allowed = if [CHAT, MESSAGES].contains(&path) || is_geminis(path) { "POST" } else { "GET, HEAD" };
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allowed));
    }
    response
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway").finish_non_exhaustive()
    }
}

impl<B> fmt::Debug for GatewayFuture<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GatewayFuture").finish_non_exhaustive()
    }
}

/// Whether a path is a call of Gemini's: a model, a colon and a method.
fn is_geminis(path: &str) -> bool {
    let named = path.strip_prefix("/v1beta/models/").or_else(|| path.strip_prefix("/v1/models/"));
    named.is_some_and(|named| named.contains(':'))
}

const GEMINI_MODELS: &str = "/v1beta/models";
const CHAT: &str = "/v1/chat/completions";
const MESSAGES: &str = "/v1/messages";
