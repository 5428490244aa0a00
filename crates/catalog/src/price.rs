use serde::Deserialize;

/// What a model costs, in US dollars a million tokens, as exact decimal text. `None` is unknown, never 0.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Price {
    /// Input that no cache served or kept.
    pub input: Option<String>,
    /// Output.
    pub output: Option<String>,
    /// Input read from a cache.
    pub cache_read: Option<String>,
    /// Input written to a cache for the provider's default time.
    pub cache_write: Option<String>,
    /// Input written to a cache for an hour.
    pub cache_write_hour: Option<String>,
}
