//! The leaves: one for each provider.

use backstop_config::ProviderConfig;
use backstop_core::{BoxError, Dialect, Payload};
use backstop_provider::{ConfigError, Credential, Provider};
use bytes::Bytes;
use http::{HeaderName, Request, Response};
use http_body::Body;
use secrecy::ExposeSecret as _;
use tower::Service;

use super::target::{Target, TargetLayers};

/// Puts a target's layers over one provider's leaf.
pub type Leaf = Box<dyn Fn(LeafLayers) -> Target + Send + Sync>;

/// The layers of one target, to be put over a leaf.
#[derive(Debug)]
pub struct LeafLayers(pub(crate) TargetLayers);

/// The leaf of `provider`: a pool of connections and its credentials.
///
/// # Errors
///
/// The first setting that cannot work.
pub fn leaf(provider: &ProviderConfig) -> Result<Leaf, ConfigError> {
    let mut config = backstop_provider::ProviderConfig::new(provider.base_url.as_str())
        .with_keys(credential(provider), provider.api_keys.iter().map(|key| key.expose_secret()))
        .with_http2_prior_knowledge(provider.http2_prior_knowledge);
    if let Some(timeout) = provider.connect_timeout {
        config = config.with_connect_timeout(timeout);
    }
    if let Some(most) = provider.max_idle_connections {
        config = config.with_max_idle_per_host(most);
    }
    if let Some(pem) = &provider.root_certificates {
        config = config.with_root_certificates(pem.as_slice());
    }
    let leaf = Provider::new(config)?;
    Ok(Box::new(move |layers| layers.over(leaf.clone())))
}

fn credential(provider: &ProviderConfig) -> Credential {
    match (&provider.auth_header, provider.dialect) {
        (Some(name), _) => Credential::Header { name: name.clone() },
        (None, Dialect::AnthropicMessages) => Credential::x_api_key(),
        (None, Dialect::GeminiGenerate) => Credential::Header { name: X_GOOG_API_KEY },
        (None, _) => Credential::Bearer,
    }
}

impl LeafLayers {
    /// Puts the layers over an HTTP client.
    pub fn over<L, B>(self, leaf: L) -> Target
    where
        L: Service<Request<Payload>, Response = Response<B>> + Clone + Send + Sync + 'static,
        L::Error: Into<BoxError>,
        L::Future: Send,
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        self.0.over(leaf)
    }
}

/// Where Gemini takes its key.
const X_GOOG_API_KEY: HeaderName = HeaderName::from_static("x-goog-api-key");
