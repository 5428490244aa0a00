use serde::{Deserialize, Serialize};

/// What a model costs, in US dollars a million tokens where nothing else is said, as exact decimal text. `None` is
/// unknown, never 0.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Price {
    /// Input that no cache served or kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// Output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// Input read from a cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_read: Option<String>,
    /// Input written to a cache for the provider's default time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<String>,
    /// Input written to a cache for an hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_write_hour: Option<String>,
    /// Output of reasoning, where it is not the price of output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<String>,
    /// Audio of the input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio_input: Option<String>,
    /// Audio of the output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio_output: Option<String>,
    /// Images of the input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_input: Option<String>,
    /// Images of the output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_output: Option<String>,
    /// A thousand requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests: Option<String>,
    /// A thousand searches of the web.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub searches: Option<String>,
    /// What every token of the request costs once the prompt is longer. Ascending.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub above: Vec<Above>,
    /// Hours of the day with prices of their own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hours: Vec<Hours>,
    /// In a batch. What it does not say is as without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<Box<Self>>,
    /// At the service tier `flex`. What it does not say is as without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flex: Option<Box<Self>>,
    /// At the service tier `priority` or `fast`. What it does not say is as without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<Box<Self>>,
}

/// Prices of a request whose prompt is long.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Above {
    /// A prompt of more tokens than this, cached ones included.
    pub tokens: u64,
    /// What changes. What it does not say stays.
    pub price: Price,
}

/// Prices at some hours of the day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Hours {
    /// The first minute of the day, counted from midnight UTC.
    pub from: u32,
    /// The minute after the last.
    pub to: u32,
    /// What changes. What it does not say stays.
    pub price: Price,
}

impl Price {
    /// Whether anything is known.
    #[must_use]
    pub fn is_known(&self) -> bool {
        let rates = [
            &self.input,
            &self.output,
            &self.audio_input,
            &self.audio_output,
            &self.image_input,
            &self.image_output,
            &self.requests,
            &self.searches,
        ];
        rates.into_iter().any(Option::is_some) || !self.above.is_empty() || !self.hours.is_empty()
    }
}
