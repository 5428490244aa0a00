//! From a configuration to a stack.

use std::{collections::HashMap, fmt, sync::Arc, time::Instant};

use backstop_breaker::{BreakerHandle, cooldown::Cooling};
use backstop_catalog::{Catalog, Model};
use backstop_commit::CommitConfig;
use backstop_config::{ChainConfig, Config, MidStream, OnMaxCost, ProviderConfig, TargetConfig};
use backstop_core::{Dialect, Failure, Kind, Needs, RetryBudget, Text};
use backstop_cost::{BadPrice, CostConfig, Tariff};
use backstop_fallback::Candidate;
use backstop_telemetry::metrics::{LedgerSnapshot, Metrics, OTHER, Snapshot};
use parking_lot::Mutex;

use crate::ledger::{AttemptHook, LedgerHook};

use super::{
    breakers::Breakers,
    chain::{Chain, chain},
    hooks::{ChainHook, TargetHook, scope},
    lives::{Life, Lives},
    names::Named,
    pools::{Pool, Pools},
    provider::{Leaf, LeafLayers},
    target::{Target, TargetLayers, pool_name},
    validate,
};

/// All chains of a configuration, and those that callers make up by naming a model.
pub struct Stack {
    config: Config,
    chains: HashMap<String, Entry>,
    // Chains of one target that no configuration names: made when first asked for.
    named: Mutex<HashMap<String, Entry>>,
    pools: Pools,
    breakers: Breakers,
    budget: Arc<RetryBudget>,
    metrics: Metrics,
    lives: Lives,
    life: Arc<Life>,
    commits: bool,
    ledger: Option<LedgerHook>,
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
    previous: Option<&'a Stack>,
    commits: bool,
    ledger: Option<LedgerHook>,
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
        Self { config, leaf: Box::new(leaf), previous: None, commits: true, ledger: None }
    }

    /// Reaches providers through `leaf`.
    #[must_use]
    pub fn with_leaf(mut self, leaf: impl Fn(&ProviderConfig) -> Leaf + 'a) -> Self {
        self.leaf = Box::new(move |provider| Ok(leaf(provider)));
        self
    }

    /// Goes on from `previous`: the metrics and the retry budget are the same, and so are connections, breakers and
    /// cooldowns of the targets that stay as they were. A target stays if its name, its endpoint, its credentials and the
    /// figures of its breaker do. Requests that run on `previous` end there.
    #[must_use]
    pub const fn with_previous(mut self, previous: &'a Stack) -> Self {
        self.previous = Some(previous);
        self
    }

    /// Writes attempts and requests into a ledger. A stack that goes on from another has that one's.
    #[must_use]
    pub fn with_ledger(mut self, ledger: LedgerHook) -> Self {
        self.ledger = Some(ledger);
        self
    }

    /// Leaves commit out of every target: an answer then counts as one from its head on. For tests that show what commit
    /// is for; nothing else should want it.
    #[must_use]
    pub const fn without_commit(mut self) -> Self {
        self.commits = false;
        self
    }

    /// Makes the stack. Opens no connection.
    ///
    /// # Errors
    ///
    /// The first provider that cannot work.
    pub fn build(self) -> Result<Stack, BuildError> {
        let metrics = self.previous.map_or_else(Metrics::new, |previous| previous.metrics.clone());
        let pools = self.pools(&metrics)?;
        let lives = self.previous.map_or_else(Lives::default, |previous| previous.lives.clone());
        let budget = self.previous.map_or_else(Arc::default, |previous| Arc::clone(&previous.budget));
        let mut stack = Stack {
            chains: HashMap::new(),
            named: Mutex::default(),
            breakers: Breakers::after(self.previous.map(|previous| &previous.breakers), &pools),
            pools,
            budget,
            metrics,
            life: lives.begin(),
            lives,
            commits: self.commits,
            ledger: self.ledger.or_else(|| self.previous.and_then(|previous| previous.ledger.clone())),
            config: self.config,
        };
        for config in stack.config.chains.values() {
            let candidates =
                config.targets.iter().filter_map(|target| stack.candidate(config, target).transpose());
            let candidates = candidates.collect::<Result<_, _>>()?;
            let name = Text::from(config.name.as_str());
            let Some(chain) = chain(config, candidates, stack.chain_hook(&name)) else {
                return Err(BuildError::new(format!("chain `{}` has no target that can work", config.name)));
            };
            stack.chains.insert(config.name.clone(), Entry { name, chain });
        }
        Ok(stack)
    }

    fn pools(&self, metrics: &Metrics) -> Result<Pools, BuildError> {
        let (mut pools, previous) = (Pools::default(), self.previous.map(|previous| &previous.pools));
        for (name, provider) in &self.config.providers {
            pools
                .add(name.clone(), provider, previous, metrics, &self.leaf)
                .map_err(|error| BuildError::new(format!("provider `{name}`: {error}")))?;
        }
        for chain in self.config.chains.values() {
            for target in &chain.targets {
                let Some(provider) = target.own_provider.as_deref() else { continue };
                pools
                    .add(pool_name(provider, target), provider, previous, metrics, &self.leaf)
                    .map_err(|error| BuildError::new(format!("chain `{}`: {error}", chain.name)))?;
            }
        }
        Ok(pools)
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
    pub fn breakers(&self) -> Vec<(Text, BreakerHandle<TargetHook>)> {
        self.breakers.handles()
    }

    /// What cools down now.
    #[must_use]
    pub fn cooling(&self) -> Vec<Cooling> {
        self.pools.iter().flat_map(|pool| pool.cooldowns.list()).collect()
    }

    /// What is counted of this stack, and of those before it.
    #[must_use]
    pub const fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Where attempts and requests are written down, if anywhere.
    #[must_use]
    pub const fn ledger(&self) -> Option<&LedgerHook> {
        self.ledger.as_ref()
    }

    /// What metrics tell of the moment `now`.
    #[must_use]
    pub fn snapshot(&self, now: Instant) -> Snapshot {
        let mut snapshot = Snapshot::new();
        let breakers = self.breakers.handles().into_iter();
        snapshot.breakers = breakers
            .map(|(_, breaker)| (breaker.observer().0.label().clone(), breaker.state(now).label()))
            .collect();
        for pool in self.pools.iter() {
            let cooling = pool.cooldowns.list().into_iter().filter(|cooling| cooling.until > now);
            let provider = Text::from(pool.provider.name.as_str());
            snapshot.cooling.extend(cooling.map(|cooling| (provider.clone(), scope(&cooling.subject))));
        }
        snapshot.stacks = self.lives.count();
        snapshot.ledger = self.ledger.as_ref().map(|ledger| {
            let (recorder, status) = (ledger.recorder(), ledger.recorder().status());
            let mut now = LedgerSnapshot::new();
            (now.up, now.waiting) = (status.is_up(), recorder.waiting() as u64);
            (now.written, now.dropped, now.failures) =
                (status.written(), status.dropped(), status.failures());
            now
        });
        snapshot
    }

    /// A chain of one model, and behind it the other providers' targets of the default chain, if there is one.
    fn single(&self, provider: &str, model: &str) -> Option<Entry> {
        let mut config = ChainConfig::new(&format!("{provider}/{model}"));
        config.targets.push(TargetConfig::new(provider, model));
        let default = self.config.default_chain.as_ref().and_then(|name| self.config.chains.get(name));
        let behind = default.map(|chain| chain.targets.as_slice()).unwrap_or_default();
        config.targets.extend(behind.iter().filter(|target| target.provider != provider).cloned());
        // Those that are configured have worked before.
        let candidates = config.targets.iter().filter_map(|target| self.candidate(&config, target).ok()?);
        let candidates = candidates.collect();
        let name = Text::from(config.name.as_str());
        let known = Catalog::bundled().model(provider, model).is_some();
        // A caller may write any model: only those of the catalogue are labels of metrics.
        let hook = self.chain_hook(if known { &name } else { &OTHER });
        Some(Entry { chain: chain(&config, candidates, hook)?, name })
    }

    fn chain_hook(&self, label: &Text) -> ChainHook {
        ChainHook { metrics: self.metrics.chain(label), _life: Arc::clone(&self.life) }
    }

    fn candidate(
        &self,
        chain: &ChainConfig,
        target: &TargetConfig,
    ) -> Result<Option<Candidate<Target>>, BuildError> {
        let Some(pool) = self.pool(target) else { return Ok(None) };
        let catalog = Catalog::bundled();
        let known = catalog
            .model(&target.provider, &target.model)
            .or_else(|| catalog.find(&target.model).map(|(_, model)| model));
        let model = target.overrides.apply(&target.model, known);
        let name = backstop_core::Target::new(target.provider.as_str(), target.model.as_str());
        let label = if known.is_some() || self.configures(target) { &name.name } else { &OTHER };
        let metrics = self.metrics.target(label);
        let breaker =
            self.breakers.of(&breaker_name(&name, target, &pool.provider), chain.breaker, pool, &metrics);
        let validate = validate::rules(&target.validate).map_err(|error| {
            BuildError::new(format!("chain `{}`, target `{}`: {error}", chain.name, name.name))
        })?;
        let commit = CommitConfig::new().with_mid_stream(match chain.mid_stream {
            MidStream::Buffer => backstop_commit::MidStream::Buffer,
            _ => backstop_commit::MidStream::Error,
        });
        let commit = self.commits.then_some(commit);
        let cost = cost(chain, target).map_err(|error| {
            BuildError::new(format!("chain `{}`, target `{}`: {error}", chain.name, name.name))
        })?;
        let layers = TargetLayers::new(
            &self.budget,
            pool,
            target,
            &model,
            breaker,
            (validate, commit, cost),
            &AttemptHook { metrics, ledger: self.ledger.clone() },
        );
        let candidate = Candidate::new((pool.leaf)(LeafLayers(layers)), name)
            .with_window(model.max_input.or(model.window))
            .with_lacks(lacks(&model, pool.provider.dialect));
        Ok(Some(candidate))
    }

    fn pool(&self, target: &TargetConfig) -> Option<&Arc<Pool>> {
        let provider =
            target.own_provider.as_deref().or_else(|| self.config.providers.get(&target.provider))?;
        self.pools.find(&pool_name(provider, target), provider)
    }

    /// Whether a chain of the configuration names the target.
    fn configures(&self, target: &TargetConfig) -> bool {
        let mut targets = self.config.chains.values().flat_map(|chain| &chain.targets);
        targets.any(|known| known.provider == target.provider && known.model == target.model)
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

/// What the target costs: the operator's price, or the catalogue's for this model at this provider.
fn cost(chain: &ChainConfig, target: &TargetConfig) -> Result<CostConfig, BadPrice> {
    let bundled = Catalog::bundled().price(&target.provider, &target.model);
    let price = target.overrides.price.as_ref().or(bundled);
    let tariff = price.map_or_else(|| Ok(Tariff::default()), Tariff::new)?;
    let config = CostConfig::new(tariff).with_max_cost(chain.max_cost);
    Ok(config.with_end_stream(chain.on_max_cost == OnMaxCost::End))
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
