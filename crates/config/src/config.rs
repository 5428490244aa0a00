//! The configuration as the gateway uses it: every name looked up, every variable put in, every rule checked.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use backstop_catalog::ModelOverrides;
use backstop_core::{Dialect, Edit, Flavour, Usd};
use http::HeaderName;
use secrecy::{ExposeSecret as _, SecretString};

use crate::{LedgerConfig, ValidateConfig};

/// A checked configuration.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Config {
    /// The listeners and what is for all requests.
    pub server: ServerConfig,
    /// Where attempts and their costs are written down; nowhere where `None`, which is the default.
    pub ledger: Option<LedgerConfig>,
    /// The providers, by name.
    pub providers: BTreeMap<String, ProviderConfig>,
    /// The chains, by name.
    pub chains: BTreeMap<String, ChainConfig>,
    /// Further names that callers may write, and what they stand for: a chain or `provider/model`.
    pub aliases: BTreeMap<String, String>,
    /// What a model that no chain, alias or provider names falls back to: a chain. Set where the configuration was made
    /// from the environment alone.
    pub default_chain: Option<String>,
}

/// The listeners and what is for all requests.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerConfig {
    /// Where callers connect. Default: `127.0.0.1:8080`.
    pub listen: SocketAddr,
    /// Where operators connect; no such listener where `None`, which is the default.
    pub admin: Option<SocketAddr>,
    /// Whether it may listen where other machines reach it, though it asks callers for no key. Default: no.
    pub allow_unauthenticated: bool,
    /// The longest request body, in bytes. Default: 32 MiB.
    pub body_limit: u64,
    /// The most bytes of request bodies held at one time. Default: 1 GiB.
    pub bytes_in_flight: u64,
    /// How long a shutdown waits for open streams. Default: 10 minutes, the default deadline of a request.
    pub shutdown_grace: Duration,
    /// Caller headers that go up to providers, besides those that always do.
    pub forward_headers: Vec<HeaderName>,
    /// Whether the files are watched, and reloaded when they change. Default: yes.
    pub watch: bool,
}

/// One provider: an endpoint and its credentials.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ProviderConfig {
    /// The name that targets begin with.
    pub name: String,
    /// What it speaks.
    pub dialect: Dialect,
    /// Whose OpenAI Chat Completions it speaks, where it speaks that dialect.
    pub flavour: Flavour,
    /// Where it is, such as `https://api.openai.com/v1`.
    pub base_url: String,
    /// The keys, as a pool. Empty: none is sent.
    pub api_keys: Vec<SecretString>,
    /// The header that carries the key; `None`: the dialect's own (`authorization: Bearer`, `x-api-key`).
    pub auth_header: Option<HeaderName>,
    /// The connect timeout, where it is not the default.
    pub connect_timeout: Option<Duration>,
    /// Whether to speak HTTP/2 over plain TCP, without asking.
    pub http2_prior_knowledge: bool,
    /// The most idle connections kept, where it is not the default.
    pub max_idle_connections: Option<usize>,
    /// Root certificates to trust besides the public ones, as PEM text.
    pub root_certificates: Option<Vec<u8>>,
    /// Whether it is a server of one's own that may load a model before it speaks.
    pub local: bool,
}

/// One chain: targets in the order in which they are tried, and how.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ChainConfig {
    /// The name that callers write as `model`.
    pub name: String,
    /// The targets in order, at least one.
    pub targets: Vec<TargetConfig>,
    /// The deadline of a request, where it is not the default.
    pub deadline: Option<Duration>,
    /// What a death in the middle of a stream means.
    pub mid_stream: MidStream,
    /// What a content policy's refusal means.
    pub on_content_filter: OnContentFilter,
    /// The most targets tried for one request, where it is not the default.
    pub max_targets: Option<usize>,
    /// The most that a request may cost, all of its attempts together.
    pub max_cost: Option<Usd>,
    /// What becomes of a stream that passes it.
    pub on_max_cost: OnMaxCost,
    /// The breaker of its targets.
    pub breaker: BreakerSwitch,
}

/// One target of a chain.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TargetConfig {
    /// The provider's name.
    pub provider: String,
    /// The model, in the provider's words.
    pub model: String,
    /// A provider of its own, where the target carries its own `base_url` or `api_key`.
    pub own_provider: Option<Box<ProviderConfig>>,
    /// Retries on this target, where it is not the default.
    pub retries: Option<u32>,
    /// Clocks that are not the default.
    pub timeouts: TimeoutConfig,
    /// What happens to a request that the target cannot express in full, where it is not the default.
    pub unsupported: Option<UnsupportedPolicy>,
    /// Changes to each request that goes there.
    pub edits: Vec<Edit>,
    /// Which of its answers are refused.
    pub validate: ValidateConfig,
    /// What is known better than the catalogue knows it.
    pub overrides: ModelOverrides,
}

/// The clocks of a target that are not the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TimeoutConfig {
    /// To the response's head (streamed).
    pub first_byte: Option<Duration>,
    /// To the first token (streamed).
    pub first_token: Option<Duration>,
    /// Between bytes (streamed).
    pub silent: Option<Duration>,
    /// Between tokens (streamed).
    pub idle: Option<Duration>,
    /// For the whole answer (not streamed).
    pub total: Option<Duration>,
}

/// What becomes of a stream that comes to cost more than `max_cost`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnMaxCost {
    /// It goes on: only targets are refused. The default.
    #[default]
    Continue,
    /// It ends with an error event.
    End,
}

/// What a death in the middle of a stream means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum MidStream {
    /// An error event to the caller. The default.
    #[default]
    Error,
    /// Answers are held until they are whole, so that any death falls over.
    Buffer,
}

/// What a content policy's refusal means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnContentFilter {
    /// It is the answer. The default.
    #[default]
    Stop,
    /// The next target is tried.
    Next,
}

/// What happens to a request that a target cannot express in full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnsupportedPolicy {
    /// The next target is tried. The default.
    #[default]
    Refuse,
    /// What cannot be expressed is left out, and reported in a response header.
    Drop,
}

/// Whether targets have a breaker.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum BreakerSwitch {
    /// Yes, with these figures where they are not the default.
    On(BreakerConfig),
    /// No.
    Off,
}

/// The figures of a breaker that are not the default.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct BreakerConfig {
    /// The share of failures at which it opens, from 0 to 1.
    pub failure_ratio: Option<f64>,
    /// The least number of attempts before the share counts.
    pub minimum_attempts: Option<u32>,
    /// The window in which they count.
    pub window: Option<Duration>,
    /// The number of failures in a row at which it opens.
    pub consecutive_failures: Option<u32>,
    /// How long it stays open at first.
    pub open: Option<Duration>,
    /// How long it stays open at most.
    pub max_open: Option<Duration>,
}

impl ChainConfig {
    /// A chain without targets, with the default of everything.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            targets: Vec::new(),
            deadline: None,
            mid_stream: MidStream::default(),
            on_content_filter: OnContentFilter::default(),
            max_targets: None,
            max_cost: None,
            on_max_cost: OnMaxCost::default(),
            breaker: BreakerSwitch::default(),
        }
    }
}

impl Default for BreakerSwitch {
    fn default() -> Self {
        Self::On(BreakerConfig::default())
    }
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            admin: None,
            allow_unauthenticated: false,
            body_limit: 32 << 20,
            bytes_in_flight: 1 << 30,
            shutdown_grace: Duration::from_secs(600),
            forward_headers: Vec::new(),
            watch: true,
        }
    }
}

/// Two that are equal say the same in everything, their keys included.
impl PartialEq for ProviderConfig {
    fn eq(&self, other: &Self) -> bool {
        fn keys(provider: &ProviderConfig) -> impl Iterator<Item = &str> {
            provider.api_keys.iter().map(|key| key.expose_secret())
        }
        self.name == other.name
            && self.dialect == other.dialect
            && self.base_url == other.base_url
            && self.auth_header == other.auth_header
            && self.connect_timeout == other.connect_timeout
            && self.http2_prior_knowledge == other.http2_prior_knowledge
            && self.max_idle_connections == other.max_idle_connections
            && self.root_certificates == other.root_certificates
            && self.local == other.local
            && keys(self).eq(keys(other))
    }
}

impl TimeoutConfig {
    /// These clocks where they are set, and those of `chain` else.
    #[must_use]
    pub fn or(self, chain: Self) -> Self {
        Self {
            first_byte: self.first_byte.or(chain.first_byte),
            first_token: self.first_token.or(chain.first_token),
            silent: self.silent.or(chain.silent),
            idle: self.idle.or(chain.idle),
            total: self.total.or(chain.total),
        }
    }
}
