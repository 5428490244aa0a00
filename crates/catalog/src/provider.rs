use backstop_core::{Dialect, Flavour};
use serde::{Deserialize, Deserializer, de};

use crate::Model;

/// A provider: an endpoint, its dialect, and its models.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Provider {
    /// Its name, which targets begin with.
    pub name: String,
    /// What it speaks.
    #[serde(deserialize_with = "dialect")]
    pub dialect: Dialect,
    /// Whose OpenAI Chat Completions it speaks, where it speaks that dialect.
    #[serde(default, deserialize_with = "flavour")]
    pub flavour: Flavour,
    /// Where it is.
    pub base_url: String,
    /// The environment variable that its key is commonly in; `None` where it asks for none.
    #[serde(default)]
    pub env: Option<String>,
    /// The model of a chain that nobody configured: current, and neither the dearest nor the weakest.
    #[serde(default)]
    pub default_model: Option<String>,
    /// Whether it is a server of one's own that may load a model before it speaks.
    #[serde(default)]
    pub local: bool,
    /// Where these facts are from.
    pub source: String,
    /// Its models.
    pub models: Vec<Model>,
}

fn dialect<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Dialect, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
}

fn flavour<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Flavour, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
}
