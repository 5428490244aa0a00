//! What a caller means by `model`.

use backstop_catalog::Catalog;
use backstop_config::Config;

/// What a caller means by `model`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Named {
    /// A configured chain.
    Chain(String),
    /// One model at one provider.
    Target {
        /// The provider.
        provider: String,
        /// The model, in the provider's words.
        model: String,
    },
    /// Nothing that is known here.
    Unknown,
}

impl Named {
    /// What `name` means: a chain, an alias of one, `provider/model`, or a model of the catalogue at a configured
    /// provider, in this order.
    #[must_use]
    pub fn of(config: &Config, name: &str) -> Self {
        let name = config.aliases.get(name).map_or(name, String::as_str);
        if config.chains.contains_key(name) {
            return Self::Chain(name.to_owned());
        }
        if let Some((provider, model)) = name.split_once('/')
            && config.providers.contains_key(provider)
            && !model.is_empty()
        {
            return Self::Target { provider: provider.to_owned(), model: model.to_owned() };
        }
        let catalog = Catalog::bundled();
        let provider = catalog
            .providers()
            .map(|provider| provider.name.as_str())
            .filter(|provider| config.providers.contains_key(*provider))
            .find(|provider| catalog.model(provider, name).is_some());
        match provider {
            Some(provider) => Self::Target { provider: provider.to_owned(), model: name.to_owned() },
            None => Self::Unknown,
        }
    }
}
