//! Where an attempt goes.

use crate::Text;

/// One target of a chain, as layers and operators name it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Target {
    /// The provider's name in the configuration.
    pub provider: Text,
    /// The model, in the provider's words.
    pub model: Text,
    /// `provider/model`: in headers, logs and metrics.
    pub name: Text,
}

impl Target {
    /// The model `model` at `provider`.
    #[must_use]
    pub fn new(provider: impl Into<Text>, model: impl Into<Text>) -> Self {
        let (provider, model) = (provider.into(), model.into());
        Self { name: format!("{provider}/{model}").into(), provider, model }
    }
}
