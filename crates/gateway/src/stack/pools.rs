//! Providers as targets use them: a pool of connections, the credentials, and what of them cools.

use std::{fmt, sync::Arc};

use backstop_breaker::cooldown::{CooldownConfig, Cooldowns};
use backstop_config::ProviderConfig;
use backstop_core::Text;
use backstop_telemetry::metrics::Metrics;

use super::{Leaf, hooks::PoolHook};

/// One endpoint with its credentials. All chains that use the same share it, and it outlives a reload that leaves it as
/// it is: open connections stay, and what cools goes on cooling.
pub(crate) struct Pool {
    pub(crate) name: Text,
    pub(crate) provider: ProviderConfig,
    pub(crate) leaf: Leaf,
    pub(crate) cooldowns: Cooldowns,
}

/// The pools of a stack.
#[derive(Debug, Default)]
pub(crate) struct Pools(Vec<Arc<Pool>>);

impl Pools {
    /// The pool `name` of `provider`, if there is one.
    pub(crate) fn find(&self, name: &str, provider: &ProviderConfig) -> Option<&Arc<Pool>> {
        self.0.iter().find(|pool| pool.name == *name && pool.provider == *provider)
    }

    /// Whether `pool` itself is among them, not just one that is like it.
    pub(crate) fn holds(&self, pool: &Arc<Pool>) -> bool {
        self.0.iter().any(|known| Arc::ptr_eq(known, pool))
    }

    /// Sees to it that there is a pool `name` of `provider`: one that is here or in `previous`, or a new one over the
    /// leaf that `leaf` makes.
    pub(crate) fn add(
        &mut self,
        name: String,
        provider: &ProviderConfig,
        previous: Option<&Self>,
        metrics: &Metrics,
        leaf: impl FnOnce(&ProviderConfig) -> Result<Leaf, String>,
    ) -> Result<(), String> {
        if self.find(&name, provider).is_some() {
            return Ok(());
        }
        let pool = match previous.and_then(|previous| previous.find(&name, provider)) {
            Some(pool) => Arc::clone(pool),
            None => {
                let hook = PoolHook { metrics: metrics.clone(), provider: provider.name.as_str().into() };
                let cooldowns = Cooldowns::with_observer(CooldownConfig::new(), hook);
                let (name, leaf) = (name.into(), leaf(provider)?);
                Arc::new(Pool { name, provider: provider.clone(), leaf, cooldowns })
            }
        };
        self.0.push(pool);
        Ok(())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Pool> {
        self.0.iter().map(Arc::as_ref)
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("name", &self.name).finish_non_exhaustive()
    }
}
