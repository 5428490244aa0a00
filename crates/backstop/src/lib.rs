//! Backstop keeps LLM features alive when a provider does not.
//!
//! It is a set of [tower](https://docs.rs/tower) layers, each of which stands alone, and this crate has them all under one
//! name. Take the one that you need:
//!
#![cfg_attr(
    feature = "breaker",
    doc = "
```
use backstop::breaker::{BreakerConfig, BreakerLayer};

let layer = BreakerLayer::new(BreakerConfig::new().with_consecutive(3)).with_name(\"openai/gpt-4.1\");
```
"
)]
//!
//! or the whole stack, from the YAML that the gateway reads, as one service that an app of your own serves:
#![cfg_attr(
    feature = "yaml",
    doc = "
```
# fn main() -> Result<(), backstop::YamlError> {
let backstop = backstop::from_yaml(
    \"
providers:
  openai:    { api_key: \\\"${OPENAI_API_KEY:-sk-none}\\\" }
  anthropic: { api_key: \\\"${ANTHROPIC_API_KEY:-sk-none}\\\" }
chains:
  writer:
    targets: [openai/gpt-4.1-mini, anthropic/claude-sonnet-4-5]
\",
)?;
// A `Service` over any `http::Request`: `axum::Router::new().nest_service(\"/llm\", backstop)`.
assert!(backstop.models().iter().any(|model| model == \"writer\"));
# Ok(())
# }
```
"
)]
//!
//! # Features
//!
//! None is on by default, and each only adds what it names.
//!
//! | feature | default | adds |
//! |---|---|---|
//! | (none) | | [`core`]: calls, answers, failures and what they mean |
//! | `adapt` | no | `adapt`: changes to a call for one target: model, parameters, prompts |
//! | `breaker` | no | `breaker`: a circuit breaker that hears the end of the stream, and cooldowns by key and model |
//! | `commit` | no | `commit`: an answer is one from its first token on, or once it is whole |
//! | `fallback` | no | `fallback`: one target after another |
//! | `normalize` | no | `normalize`: the providers' dialects, and the edge where callers come in |
//! | `prometheus` | no | `telemetry::metrics`; turns `telemetry` on |
//! | `provider` | no | `provider`: the leaf, a hyper client with TLS and keys |
//! | `retry` | no | `retry`: within number, budget and deadline |
//! | `telemetry` | no | `telemetry`: the trail of attempts and the log line of a request |
//! | `timeout` | no | `timeout`: every clock of a call |
//! | `validate` | no | `validate`: answers that are none are refused |
//! | `yaml` | no | [`from_yaml`](fn@from_yaml) and [`Backstop`]; brings all that the gateway is made of |
//! | `full` | no | all of them |
//!
//! # Stability
//!
//! What is re-exported is as stable as its own crate; all crates of a release share one version. Public APIs name types
//! of `http`, `http-body`, `bytes`, `tower` and Backstop's own, and no others.

#[cfg(feature = "yaml")]
mod yaml;

#[cfg(feature = "adapt")]
pub use backstop_adapt as adapt;
#[cfg(feature = "breaker")]
pub use backstop_breaker as breaker;
#[cfg(feature = "commit")]
pub use backstop_commit as commit;
pub use backstop_core as core;
#[cfg(feature = "fallback")]
pub use backstop_fallback as fallback;
#[cfg(feature = "normalize")]
pub use backstop_normalize as normalize;
#[cfg(feature = "provider")]
pub use backstop_provider as provider;
#[cfg(feature = "retry")]
pub use backstop_retry as retry;
#[cfg(feature = "telemetry")]
pub use backstop_telemetry as telemetry;
#[cfg(feature = "timeout")]
pub use backstop_timeout as timeout;
#[cfg(feature = "validate")]
pub use backstop_validate as validate;

#[cfg(feature = "yaml")]
pub use self::yaml::{Backstop, Calls, YamlError, from_yaml, from_yaml_with};

#[cfg(all(doctest, feature = "full"))]
#[doc = include_str!("../README.md")]
struct Readme;
