//! The YAML file as it is written, before names are looked up and variables put in.

use std::{collections::BTreeMap, fmt};

use backstop_catalog::Price;
use serde::{Deserialize, Deserializer, de};
use serde_json::Value;
use serde_saphyr::Spanned;

use crate::values::{Size, Span};

/// One file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Document {
    pub(crate) server: Option<Spanned<Server>>,
    pub(crate) ledger: Option<Spanned<Ledger>>,
    pub(crate) providers: BTreeMap<String, Spanned<Provider>>,
    pub(crate) chains: BTreeMap<String, Spanned<Chain>>,
    pub(crate) aliases: BTreeMap<String, Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Server {
    pub(crate) listen: Option<Spanned<String>>,
    pub(crate) admin: Option<Spanned<String>>,
    pub(crate) allow_unauthenticated: bool,
    pub(crate) body_limit: Option<Size>,
    pub(crate) bytes_in_flight: Option<Size>,
    pub(crate) shutdown_grace: Option<Span>,
    pub(crate) forward_headers: Vec<Spanned<String>>,
    pub(crate) watch: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Ledger {
    pub(crate) sqlite: Option<Spanned<String>>,
    pub(crate) postgres: Option<Spanned<String>>,
    pub(crate) max_size: Option<Size>,
    pub(crate) flush: Option<Span>,
    pub(crate) retention: Option<Span>,
    pub(crate) rollup_retention: Option<Span>,
    pub(crate) queue: Option<usize>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Provider {
    pub(crate) dialect: Option<Spanned<String>>,
    pub(crate) flavour: Option<Spanned<String>>,
    pub(crate) base_url: Option<Spanned<String>>,
    pub(crate) api_key: Option<Spanned<String>>,
    pub(crate) api_keys: Vec<Spanned<String>>,
    pub(crate) auth_header: Option<Spanned<String>>,
    pub(crate) connect_timeout: Option<Span>,
    pub(crate) http2_prior_knowledge: bool,
    pub(crate) max_idle_connections: Option<usize>,
    pub(crate) root_certificates: Option<Spanned<String>>,
    pub(crate) local: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Chain {
    pub(crate) targets: Spanned<Vec<Spanned<TargetEntry>>>,
    pub(crate) deadline: Option<Span>,
    pub(crate) route: Option<Spanned<String>>,
    #[serde(default)]
    pub(crate) mid_stream: Option<Spanned<String>>,
    #[serde(default)]
    pub(crate) on_content_filter: Option<Spanned<String>>,
    pub(crate) max_targets: Option<Spanned<usize>>,
    pub(crate) max_cost: Option<Spanned<String>>,
    pub(crate) on_max_cost: Option<Spanned<String>>,
    pub(crate) retries: Option<u32>,
    #[serde(default)]
    pub(crate) timeouts: Timeouts,
    pub(crate) breaker: Option<Spanned<BreakerEntry>>,
    #[serde(default)]
    pub(crate) validate: Validate,
    #[serde(default)]
    pub(crate) unsupported: Option<Spanned<String>>,
}

/// A target: a name alone, or a mapping.
#[derive(Debug)]
pub(crate) enum TargetEntry {
    Name(String),
    Full(Box<Target>),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Target {
    pub(crate) model: Spanned<String>,
    pub(crate) base_url: Option<Spanned<String>>,
    pub(crate) api_key: Option<Spanned<String>>,
    pub(crate) retries: Option<u32>,
    #[serde(default)]
    pub(crate) timeouts: Timeouts,
    pub(crate) unsupported: Option<Spanned<String>>,
    /// Known, so that it can be told that it does nothing yet.
    pub(crate) canary: Option<Spanned<String>>,
    #[serde(default)]
    pub(crate) validate: Validate,
    #[serde(default)]
    pub(crate) set: BTreeMap<String, Value>,
    #[serde(default)]
    pub(crate) default: BTreeMap<String, Value>,
    #[serde(default)]
    pub(crate) cap: BTreeMap<String, Value>,
    #[serde(default)]
    pub(crate) drop: Vec<String>,
    pub(crate) system: Option<System>,
    pub(crate) window: Option<u64>,
    pub(crate) max_output: Option<u64>,
    pub(crate) reasoning: Option<bool>,
    pub(crate) prefill: Option<bool>,
    pub(crate) sampling_params: Option<bool>,
    pub(crate) structured_output: Option<bool>,
    pub(crate) tools: Option<bool>,
    pub(crate) images: Option<bool>,
    pub(crate) documents: Option<bool>,
    pub(crate) audio: Option<bool>,
    pub(crate) price: Option<Price>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct System {
    pub(crate) prepend: Option<String>,
    pub(crate) append: Option<String>,
    pub(crate) replace: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Timeouts {
    pub(crate) first_byte: Option<Span>,
    pub(crate) first_token: Option<Span>,
    pub(crate) silent: Option<Span>,
    pub(crate) idle: Option<Span>,
    pub(crate) total: Option<Span>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Validate {
    pub(crate) non_empty: Option<bool>,
    pub(crate) repetition: Option<Spanned<RepetitionEntry>>,
    pub(crate) json: Option<Spanned<String>>,
    pub(crate) json_schema: Option<Spanned<Value>>,
    pub(crate) tools: Option<Spanned<String>>,
}

/// `repetition: true`, `false`, or its figures.
#[derive(Debug)]
pub(crate) enum RepetitionEntry {
    Off,
    Figures(Repetition),
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Repetition {
    pub(crate) span: Option<Size>,
    pub(crate) unit: Option<Size>,
}

/// `breaker: off`, or its figures.
#[derive(Debug)]
pub(crate) enum BreakerEntry {
    Off,
    Figures(Breaker),
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Breaker {
    pub(crate) failure_ratio: Option<f64>,
    pub(crate) minimum_attempts: Option<u32>,
    pub(crate) window: Option<Span>,
    pub(crate) consecutive_failures: Option<u32>,
    pub(crate) open: Option<Span>,
    pub(crate) max_open: Option<Span>,
}

impl<'de> Deserialize<'de> for TargetEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entry;

        impl<'de> de::Visitor<'de> for Entry {
            type Value = TargetEntry;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a target: `provider/model`, or a mapping with `model: provider/model`")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<TargetEntry, E> {
                Ok(TargetEntry::Name(name.to_owned()))
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<TargetEntry, A::Error> {
                let target = Target::deserialize(de::value::MapAccessDeserializer::new(map))?;
                Ok(TargetEntry::Full(Box::new(target)))
            }
        }

        deserializer.deserialize_any(Entry)
    }
}

impl<'de> Deserialize<'de> for BreakerEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entry;

        impl<'de> de::Visitor<'de> for Entry {
            type Value = BreakerEntry;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`off`, or the breaker's figures")
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<BreakerEntry, E> {
                match word {
                    "off" => Ok(BreakerEntry::Off),
                    _ => Err(E::invalid_value(de::Unexpected::Str(word), &self)),
                }
            }

            fn visit_bool<E: de::Error>(self, on: bool) -> Result<BreakerEntry, E> {
                Ok(if on { BreakerEntry::Figures(Breaker::default()) } else { BreakerEntry::Off })
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<BreakerEntry, A::Error> {
                Breaker::deserialize(de::value::MapAccessDeserializer::new(map)).map(BreakerEntry::Figures)
            }
        }

        deserializer.deserialize_any(Entry)
    }
}

impl<'de> Deserialize<'de> for RepetitionEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entry;

        impl<'de> de::Visitor<'de> for Entry {
            type Value = RepetitionEntry;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`true`, `false`, or the rule's figures")
            }

            fn visit_bool<E: de::Error>(self, on: bool) -> Result<RepetitionEntry, E> {
                Ok(if on { RepetitionEntry::Figures(Repetition::default()) } else { RepetitionEntry::Off })
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<RepetitionEntry, A::Error> {
                Repetition::deserialize(de::value::MapAccessDeserializer::new(map))
                    .map(RepetitionEntry::Figures)
            }
        }

        deserializer.deserialize_any(Entry)
    }
}
