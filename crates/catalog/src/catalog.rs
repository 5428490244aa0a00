use std::sync::{LazyLock, OnceLock};

use backstop_core::Flavour;

use crate::{
    Model, Price, Provider,
    listed::{LISTED, VERSION},
};

/// Providers and their models.
#[derive(Clone, Debug)]
pub struct Catalog {
    providers: Vec<Provider>,
    rows: Vec<Rows>,
}

/// The rows of one provider, read when one of them is first asked for.
#[derive(Clone, Debug)]
struct Rows {
    provider: &'static str,
    text: &'static str,
    models: OnceLock<Vec<Model>>,
}

impl Catalog {
    /// What is bundled with the program. Read once.
    #[must_use]
    pub fn bundled() -> &'static Self {
        static BUNDLED: LazyLock<Catalog> = LazyLock::new(|| {
            let files = [
                include_str!("../data/openai.json"),
                include_str!("../data/anthropic.json"),
                include_str!("../data/google.json"),
                include_str!("../data/mistral.json"),
                include_str!("../data/deepseek.json"),
                include_str!("../data/qwen.json"),
            ];
            let mut providers: Vec<Provider> =
                files.into_iter().map(|file| read(serde_json::from_str(file))).collect();
            providers.extend(read::<Vec<Provider>>(serde_json::from_str(include_str!("../data/local.json"))));
            let rows = LISTED.iter().map(|(provider, text)| Rows { provider, text, models: OnceLock::new() });
            Catalog { providers, rows: rows.collect() }
        });
        &BUNDLED
    }

    /// All providers, in the order in which a chain of all of them tries them.
    pub fn providers(&self) -> impl Iterator<Item = &Provider> {
        self.providers.iter()
    }

    /// The provider `name`.
    #[must_use]
    pub fn provider(&self, name: &str) -> Option<&Provider> {
        self.providers.iter().find(|provider| provider.name == name)
    }

    /// Whose OpenAI Chat Completions is spoken at `base_url`, by its host: that of a provider of the catalogue, or one that
    /// hosts of the same provider share. Any other host is a compatible server of which nothing is known.
    #[must_use]
    pub fn flavour_at(&self, base_url: &str) -> Flavour {
        let place = host(base_url);
        let known =
            self.providers.iter().find(|provider| !provider.local && host(&provider.base_url) == place);
        let family =
            || FAMILIES.iter().find(|(ending, _)| place.ends_with(ending)).map(|(_, flavour)| *flavour);
        known.map(|provider| provider.flavour).or_else(family).unwrap_or_default()
    }

    /// The model `id` at the provider `provider`: by its id, or as a dated snapshot of it (`-2025-04-14`, `-20250514`).
    #[must_use]
    pub fn model(&self, provider: &str, id: &str) -> Option<&Model> {
        let checked = self.provider(provider).and_then(|provider| find(&provider.models, id));
        checked.or_else(|| find(self.rows(provider)?, id))
    }

    /// Every model of every provider that anything is known of, by provider and id.
    pub fn listing(&self) -> impl Iterator<Item = (&str, &Model)> {
        let checked = self.providers.iter().flat_map(|provider| {
            let rows = self.rows(&provider.name).unwrap_or_default();
            let only_here = provider.models.iter().filter(|model| rows.iter().all(|row| row.id != model.id));
            only_here.map(|model| (provider.name.as_str(), model))
        });
        self.rows
            .iter()
            .flat_map(|rows| rows.models().iter().map(|model| (rows.provider, model)))
            .chain(checked)
    }

    /// The day on which the bundled data was put together.
    #[must_use]
    pub const fn version(&self) -> &'static str {
        VERSION
    }

    fn rows(&self, provider: &str) -> Option<&[Model]> {
        self.rows.iter().find(|rows| rows.provider == provider).map(Rows::models)
    }

    /// What the model `id` costs at `provider`, all tiers included; `None` where that is unknown.
    #[must_use]
    pub fn price(&self, provider: &str, id: &str) -> Option<&Price> {
        let row = self.rows(provider).and_then(|rows| find(rows, id)).or_else(|| self.model(provider, id));
        row.map(|model| &model.price).filter(|price| price.is_known())
    }

    /// Reads a price as the catalogue's files write it.
    ///
    /// # Errors
    ///
    /// What is wrong with the text.
    pub fn read_price(json: &str) -> Result<Price, serde_json::Error> {
        serde_json::from_str(json)
    }

    /// The first provider whose checked models have `id`, and the model.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<(&Provider, &Model)> {
        self.providers.iter().find_map(|provider| Some((provider, find(&provider.models, id)?)))
    }
}

// The data is part of the program and read by its own test, so it cannot fail here.
#[expect(clippy::panic, reason = "a catalogue that cannot be read is a broken build")]
fn read<T>(data: serde_json::Result<T>) -> T {
    data.unwrap_or_else(|error| panic!("the bundled catalogue is broken: {error}"))
}

impl Rows {
    fn models(&self) -> &[Model] {
        self.models.get_or_init(|| read(serde_json::from_str(self.text)))
    }
}

/// By its id, by another name, or as a dated or latest form of it.
fn find<'a>(models: &'a [Model], id: &str) -> Option<&'a Model> {
    let exact = |id: &str| {
        let named = models.iter().find(|model| model.id == id);
        named.or_else(|| models.iter().find(|model| model.aliases.iter().any(|alias| alias == id)))
    };
    exact(id).or_else(|| exact(without_date(id)?)).or_else(|| exact(id.strip_suffix("-latest")?))
}

fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', ':', '?']).next().unwrap_or_default()
}

/// Hosts of regions and resources, by their ending.
const FAMILIES: [(&str, Flavour); 5] = [
    (".aliyuncs.com", Flavour::Qwen),
    (".openai.azure.com", Flavour::Openai),
    (".openai.com", Flavour::Openai),
    ("openrouter.ai", Flavour::Openrouter),
    (".mistral.ai", Flavour::Mistral),
];

fn without_date(id: &str) -> Option<&str> {
    let is_date = |text: &str, dashes: bool| {
        text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 if dashes => byte == b'-',
            _ => byte.is_ascii_digit(),
        })
    };
    let cut = |length: usize, dashes: bool| {
        let at = id.len().checked_sub(length)?;
        let (model, date) = (id.get(..at)?, id.get(at..)?);
        is_date(date, dashes).then_some(model)?.strip_suffix('-')
    };
    cut(10, true).or_else(|| cut(8, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_cut_off() {
        assert_eq!(without_date("gpt-4.1-2025-04-14"), Some("gpt-4.1"));
        assert_eq!(without_date("claude-sonnet-4-20250514"), Some("claude-sonnet-4"));
        for id in ["gpt-4.1", "", "é", "20250514", "gpt-2025-04-1x"] {
            assert_eq!(without_date(id), None, "{id}");
        }
    }
}
