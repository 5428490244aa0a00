//! From a configuration to a stack.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::Arc,
};

use backstop_breaker::{
    BreakerHandle,
    cooldown::{CooldownConfig, Cooldowns, Cooling},
};
use backstop_catalog::{Catalog, Model};
use backstop_commit::CommitConfig;
use backstop_config::{ChainConfig, Config, MidStream, ProviderConfig, TargetConfig};
use backstop_core::{Dialect, Failure, Kind, Needs, RetryBudget, Text};
use backstop_fallback::Candidate;
use parking_lot::Mutex;

use super::{
    breakers::Breakers,
    chain::{Chain, chain},
    names::Named,
    provider::{Leaf, LeafLayers},
    target::{Shared, Target, TargetLayers},
};

/// All chains of a configuration, and those that callers make up by naming a model.
pub struct Stack {
    config: Config,
    chains: HashMap<String, Entry>,
    // Chains of one target that no configuration names: made when first asked for.
    named: Mutex<HashMap<String, Entry>>,
    leaves: BTreeMap<String, Leaf>,
    shared: Shared,
    breakers: Breakers,
}

#[derive(Clone)]
struct Entry {
    name: Text,
    chain: Chain,
}

/// Makes a [`Stack`]; how a provider is reached can be chosen, for tests and demos.
pub struct StackBuilder<'a> {
    config: Config,
    leaf: Box<dyn Fn(&ProviderConfig) -> Result<Leaf, String> + 'a>,
}

/// Why no stack can be made of a configuration that is well formed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BuildError {
    /// What cannot work, and what to do.
    pub message: String,
}

impl<'a> StackBuilder<'a> {
    /// A stack over real providers.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let leaf = |provider: &ProviderConfig| super::leaf(provider).map_err(|error| error.to_string());
        Self { config, leaf: Box::new(leaf) }
    }

    /// Reaches providers through `leaf`.
    #[must_use]
    pub fn with_leaf(mut self, leaf: impl Fn(&ProviderConfig) -> Leaf + 'a) -> Self {
        self.leaf = Box::new(move |provider| Ok(leaf(provider)));
        self
    }

    /// Makes the stack. Opens no connection.
    ///
    /// # Errors
    ///
    /// The first provider that cannot work.
    pub fn build(self) -> Result<Stack, BuildError> {
        let mut leaves = BTreeMap::new();
        for (name, provider) in &self.config.providers {
            let leaf = (self.leaf)(provider)
                .map_err(|error| BuildError::new(format!("provider `{name}`: {error}")))?;
            leaves.insert(name.clone(), leaf);
        }
        let mut stack = Stack {
            chains: HashMap::new(),
            named: Mutex::default(),
            leaves,
            shared: Shared {
                budget: Arc::new(RetryBudget::default()),
                cooldowns: Cooldowns::new(CooldownConfig::new()),
            },
            breakers: Breakers::default(),
            config: self.config,
        };
        for config in stack.config.chains.values() {
            let mut candidates = Vec::with_capacity(config.targets.len());
            for target in &config.targets {
                let own = match &target.own_provider {
                    Some(own) => {
                        let explain = |error| BuildError::new(format!("chain `{}`: {error}", config.name));
                        Some((self.leaf)(own).map_err(explain)?)
                    }
                    None => None,
                };
                candidates.extend(stack.candidate(config, target, own.as_ref()));
            }
            let Some(chain) = chain(config, candidates) else {
                return Err(BuildError::new(format!("chain `{}` has no target that can work", config.name)));
            };
            let name = Text::from(config.name.as_str());
            stack.chains.insert(config.name.clone(), Entry { name, chain });
        }
        Ok(stack)
    }
}

impl Stack {
    /// The chain that serves `model`, and its name.
    ///
    /// # Errors
    ///
    /// Nothing here is called so: a failure that the caller sees as a 404.
    pub fn chain(&self, model: &str) -> Result<(Text, Chain), Failure> {
        if let Some(entry) = self.chains.get(model) {
            return Ok((entry.name.clone(), entry.chain.clone()));
        }
        if let Some(entry) = self.named.lock().get(model) {
            return Ok((entry.name.clone(), entry.chain.clone()));
        }
        let entry = match Named::of(&self.config, model) {
            Named::Chain(name) => self.chains.get(&name).cloned(),
            Named::Target { provider, model } => self.single(&provider, &model),
            Named::Unknown => None,
        };
        let Some(entry) = entry else { return Err(self.unknown(model)) };
        let mut named = self.named.lock();
        if named.len() < MOST_NAMED {
            named.insert(model.to_owned(), entry.clone());
        }
        Ok((entry.name, entry.chain))
    }

    /// The configuration that it was made of.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// The names that callers may write: chains, aliases, and the known models of the configured providers.
    #[must_use]
    pub fn models(&self) -> Vec<String> {
        let catalog = Catalog::bundled();
        let mut names: Vec<String> =
            self.config.chains.keys().chain(self.config.aliases.keys()).cloned().collect();
        for provider in self.config.providers.keys() {
            let models = catalog.provider(provider).map(|known| known.models.as_slice()).unwrap_or_default();
            names.extend(models.iter().map(|model| format!("{provider}/{}", model.id)));
        }
        names
    }

    /// The breakers of all targets that were used so far, by name.
    #[must_use]
    pub fn breakers(&self) -> Vec<(Text, BreakerHandle)> {
        self.breakers.handles()
    }

    /// What cools down now.
    #[must_use]
    pub fn cooling(&self) -> Vec<Cooling> {
        self.shared.cooldowns.list()
    }

    /// A chain of one model, and behind it the other providers' targets of the default chain, if there is one.
    fn single(&self, provider: &str, model: &str) -> Option<Entry> {
        let mut config = ChainConfig::new(&format!("{provider}/{model}"));
        config.targets.push(TargetConfig::new(provider, model));
        let default = self.config.default_chain.as_ref().and_then(|name| self.config.chains.get(name));
        let behind = default.map(|chain| chain.targets.as_slice()).unwrap_or_default();
        config.targets.extend(behind.iter().filter(|target| target.provider != provider).cloned());
        let candidates =
            config.targets.iter().filter_map(|target| self.candidate(&config, target, None)).collect();
        Some(Entry { name: Text::from(config.name.as_str()), chain: chain(&config, candidates)? })
    }

    fn candidate(
        &self,
        chain: &ChainConfig,
        target: &TargetConfig,
        own: Option<&Leaf>,
    ) -> Option<Candidate<Target>> {
        let provider =
            target.own_provider.as_deref().or_else(|| self.config.providers.get(&target.provider))?;
        let leaf = own.or_else(|| self.leaves.get(&target.provider))?;
        let catalog = Catalog::bundled();
        let known = catalog
            .model(&target.provider, &target.model)
            .or_else(|| catalog.find(&target.model).map(|(_, model)| model));
        let model = target.overrides.apply(&target.model, known);
        let name = backstop_core::Target::new(target.provider.as_str(), target.model.as_str());
        let breaker = self.breakers.of(&breaker_name(&name, target, provider), chain.breaker);
        let commit = CommitConfig::new().with_mid_stream(match chain.mid_stream {
            MidStream::Buffer => backstop_commit::MidStream::Buffer,
            _ => backstop_commit::MidStream::Error,
        });
        let layers = TargetLayers::new(&self.shared, provider, target, &model, breaker, commit);
        let candidate = Candidate::new(leaf(LeafLayers(layers)), name)
            .with_window(model.max_input.or(model.window))
            .with_lacks(lacks(&model, provider.dialect));
        Some(candidate)
    }

    fn unknown(&self, model: &str) -> Failure {
        let mut chains: Vec<_> = self.config.chains.keys().map(|name| format!("`{name}`")).collect();
        chains.truncate(10);
        let known =
            if chains.is_empty() { String::new() } else { format!(" (chains: {})", chains.join(", ")) };
        let message = format!(
            "there is no chain, alias or model `{model}` here; name a chain or `provider/model`{known}"
        );
        Failure::new(Kind::ModelNotFound, message)
    }
}

impl BuildError {
    fn new(message: String) -> Self {
        Self { message }
    }
}

/// Targets with the same endpoint share a breaker, and no others do.
fn breaker_name(name: &backstop_core::Target, target: &TargetConfig, provider: &ProviderConfig) -> Text {
    match target.own_provider {
        Some(_) => format!("{} at {}", name.name, provider.base_url).into(),
        None => name.name.clone(),
    }
}

/// What the model is known to be unable to do.
fn lacks(model: &Model, dialect: Dialect) -> Needs {
    let lacks = |known: Option<bool>| known == Some(false);
    Needs {
        tools: lacks(model.tools),
        images: lacks(model.images),
        documents: lacks(model.documents),
        audio: lacks(model.audio),
        json_schema: lacks(model.structured_output),
        // OpenAI's models take a last turn of their own; they just do not go on from it.
        prefill: dialect == Dialect::AnthropicMessages && lacks(model.prefill),
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for BuildError {}

impl fmt::Debug for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stack").field("config", &self.config).finish_non_exhaustive()
    }
}

impl fmt::Debug for StackBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StackBuilder").field("config", &self.config).finish_non_exhaustive()
    }
}

/// Callers choose these names, so there is a bound on how many are kept.
const MOST_NAMED: usize = 1024;
