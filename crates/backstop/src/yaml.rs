use std::{
    convert::Infallible,
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use arc_swap::ArcSwap;
use backstop_config::{Config, Environment};
use backstop_core::{BoxError, Call, Failure, Reply, clock};
use backstop_gateway::{
    server::{Gateway, GatewayBody, GatewayFuture, Health},
    stack::{Router, SharedStack, StackBuilder},
};
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower::{Service, ServiceExt as _, util::BoxCloneSyncService};

/// The whole stack of a configuration as one service: what the gateway serves, without its listeners.
///
/// Takes any `http::Request` with the paths of the providers' own APIs (`/v1/chat/completions`, `/v1/messages`, Gemini's,
/// `/v1/models`; `/healthz` and `/readyz` too), and is always ready. Never fails: every failure is a response in the
/// caller's dialect. Clones share everything. Needs a tokio runtime with time and I/O.
///
/// Of `server` in the configuration only what is about requests counts (`body_limit`, `bytes_in_flight`,
/// `forward_headers`): where to listen, and who may call, is the host's own matter. It checks no caller's key.
#[derive(Clone)]
pub struct Backstop {
    gateway: Gateway,
    stack: SharedStack,
}

/// The chains of a configuration as one boxed service of calls, for a stack of your own above them. The caller's `model`
/// chooses the chain.
pub type Calls = BoxCloneSyncService<Request<Call>, Response<Reply>, Failure>;

/// Why there is no stack in a configuration: each mistake on a line of its own, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YamlError(String);

/// The whole stack of the configuration `yaml`, with `${NAME}` taken from the process's environment. Opens no connection.
///
/// # Errors
///
/// All that is wrong with the configuration, with line and column.
pub fn from_yaml(yaml: &str) -> Result<Backstop, YamlError> {
    from_environment(yaml, &Environment::process())
}

/// The same, with `${NAME}` taken from `variable`.
///
/// # Errors
///
/// All that is wrong with the configuration, with line and column.
pub fn from_yaml_with(yaml: &str, variable: impl Fn(&str) -> Option<String>) -> Result<Backstop, YamlError> {
    from_environment(yaml, &Environment::new(variable))
}

fn from_environment(yaml: &str, environment: &Environment<'_>) -> Result<Backstop, YamlError> {
    let config = Config::parse(NAME, yaml, environment).map_err(|errors| YamlError(errors.to_string()))?;
    let server = config.server.clone();
    let stack = StackBuilder::new(config).build().map_err(|error| YamlError(error.to_string()))?;
    let stack = Arc::new(ArcSwap::from_pointee(stack));
    Ok(Backstop { gateway: Gateway::new(&server, Arc::clone(&stack), Health::new()), stack })
}

impl Backstop {
    /// The names that callers may write as `model`: chains, aliases, and the known models of the configured providers.
    #[must_use]
    pub fn models(&self) -> Vec<String> {
        self.stack.load().models()
    }

    /// The chains, as one boxed service of calls.
    #[must_use]
    pub fn calls(&self) -> Calls {
        let router = Router::new(Arc::clone(&self.stack));
        BoxCloneSyncService::new(router.map_response(|response| response.map(Reply::new)))
    }

    /// Puts the configuration `yaml` in the place of the one that serves, in one step. Calls that run end on what they
    /// began with; breakers, cooldowns and connections stay where their target stays what it was.
    ///
    /// # Errors
    ///
    /// All that is wrong with it; then nothing has changed.
    pub fn reload(&self, yaml: &str) -> Result<(), YamlError> {
        let config = Config::parse(NAME, yaml, &Environment::process())
            .map_err(|errors| YamlError(errors.to_string()))?;
        let previous = self.stack.load_full();
        let stack = StackBuilder::new(config).with_previous(&previous).build();
        self.stack.store(Arc::new(stack.map_err(|error| YamlError(error.to_string()))?));
        Ok(())
    }

    /// What has been counted so far, as Prometheus reads it: OpenMetrics text, with the content type
    /// `application/openmetrics-text; version=1.0.0; charset=utf-8`.
    #[must_use]
    pub fn metrics(&self) -> String {
        let stack = self.stack.load();
        let mut snapshot = stack.snapshot(clock::now());
        snapshot.bytes_in_flight = self.gateway.bytes_in_flight().held();
        stack.metrics().render(snapshot)
    }
}

impl<B> Service<Request<B>> for Backstop
where
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    type Response = Response<GatewayBody>;
    type Error = Infallible;
    type Future = GatewayFuture<B>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Service::<Request<B>>::poll_ready(&mut self.gateway, cx)
    }

    fn call(&mut self, request: Request<B>) -> GatewayFuture<B> {
        self.gateway.call(request)
    }
}

impl fmt::Debug for Backstop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backstop").finish_non_exhaustive()
    }
}

impl fmt::Display for YamlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for YamlError {}

/// How errors name the text.
const NAME: &str = "yaml";
