//! The gateway's configuration: YAML in, a checked and typed configuration out.
//!
//! ```
//! use backstop_config::{Config, Environment};
//!
//! let yaml = "
//! providers:
//!   openai: { api_key: ${OPENAI_API_KEY} }
//! chains:
//!   writer:
//!     targets: [openai/gpt-4.1-mini]
//! ";
//! let environment = Environment::new(|name| (name == "OPENAI_API_KEY").then(|| "secret".to_owned()));
//! let config = Config::parse("backstop.yaml", yaml, &environment)?;
//! assert_eq!(config.providers["openai"].base_url, "https://api.openai.com/v1");
//!
//! let error = Config::parse("backstop.yaml", yaml, &Environment::empty()).unwrap_err();
//! assert!(error.to_string().starts_with("backstop.yaml:3:22: environment variable `OPENAI_API_KEY` is not set"));
//! # Ok::<(), backstop_config::ConfigErrors>(())
//! ```
//!
//! Unknown and duplicate keys, unset variables, unknown providers and bad values are errors with file, line and column;
//! one run tells of all that it can find. No error holds a value of the environment.

mod config;
mod document;
mod environment;
mod error;
mod ledger;
mod load;
mod resolve;
mod validate;
mod values;

pub use self::{
    config::{
        BreakerConfig, BreakerSwitch, ChainConfig, Config, MidStream, OnContentFilter, OnMaxCost,
        ProviderConfig, ServerConfig, TargetConfig, TimeoutConfig, UnsupportedPolicy,
    },
    environment::Environment,
    error::{ConfigError, ConfigErrors},
    ledger::{LedgerConfig, LedgerStore},
    validate::{JsonRule, RepetitionRule, SchemaRule, ToolsRule, ValidateConfig},
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
