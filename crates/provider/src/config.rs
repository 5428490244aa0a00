//! How to reach a provider.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use secrecy::SecretString;

use crate::Credential;

/// How to reach a provider: a base URL and, with sensible defaults, all the rest. Checked by
/// [`Provider::new`](crate::Provider::new).
#[derive(Clone, Debug)]
pub struct ProviderConfig {
    pub(crate) base_url: String,
    pub(crate) credential: Credential,
    pub(crate) keys: Vec<SecretString>,
    pub(crate) headers: HeaderMap,
    pub(crate) connect_timeout: Duration,
    pub(crate) idle_timeout: Duration,
    pub(crate) max_idle_per_host: usize,
    pub(crate) http2_prior_knowledge: bool,
    pub(crate) root_certificates: Option<Vec<u8>>,
}

impl ProviderConfig {
    /// A provider at `base_url` (`https://api.openai.com/v1`, `http://127.0.0.1:11434/v1`), without credentials.
    ///
    /// A query in it, as some Azure deployments need, goes out with every request. A user name or password in it is an
    /// error: credentials never belong in a URL.
    #[must_use]
    pub fn new(base_url: impl Into<String>) -> Self {
        Self {
            base_url: base_url.into(),
            credential: Credential::Bearer,
            keys: Vec::new(),
            headers: HeaderMap::new(),
            connect_timeout: Duration::from_secs(3),
            idle_timeout: Duration::from_secs(90),
            max_idle_per_host: 256,
            http2_prior_knowledge: false,
            root_certificates: None,
        }
    }

    /// Sets the pool of keys, and how the provider wants to see them. A request's
    /// [`Payload::credential`](backstop_core::Payload::credential) is a place in this pool, counted from 0.
    ///
    /// Default: no key, nothing is sent.
    #[must_use]
    pub fn with_keys(
        mut self,
        credential: Credential,
        keys: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        self.credential = credential;
        self.keys = keys.into_iter().map(|key| SecretString::from(key.into())).collect();
        self
    }

    /// Adds a header to every request, in place of one of the same name that came with it. Not for credentials: only
    /// keys are kept out of error texts.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// How long connecting may take, from the name lookup to the end of the TLS handshake. Default: 3 s.
    #[must_use]
    pub const fn with_connect_timeout(mut self, connect_timeout: Duration) -> Self {
        self.connect_timeout = connect_timeout;
        self
    }

    /// How long an unused connection stays open. Default: 90 s.
    #[must_use]
    pub const fn with_idle_timeout(mut self, idle_timeout: Duration) -> Self {
        self.idle_timeout = idle_timeout;
        self
    }

    /// How many unused HTTP/1.1 connections stay open. Those in use are not limited here. Default: 256.
    #[must_use]
    pub const fn with_max_idle_per_host(mut self, max_idle_per_host: usize) -> Self {
        self.max_idle_per_host = max_idle_per_host;
        self
    }

    /// Speaks HTTP/2 from the first byte, also without TLS, to endpoints that are known to. Default: off; over TLS the
    /// endpoint chooses between HTTP/2 and HTTP/1.1, without TLS it is HTTP/1.1.
    #[must_use]
    pub const fn with_http2_prior_knowledge(mut self, http2_prior_knowledge: bool) -> Self {
        self.http2_prior_knowledge = http2_prior_knowledge;
        self
    }

    /// Trusts these certificates, in PEM, and no others: for endpoints behind a private authority. Default: Mozilla's
    /// root certificates, as compiled in.
    #[must_use]
    pub fn with_root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.root_certificates = Some(pem.into());
        self
    }
}
