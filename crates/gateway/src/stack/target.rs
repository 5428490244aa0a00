//! One target: all the layers that stand over one provider for one model.

use std::sync::Arc;

use backstop_adapt::{AdaptConfig, AdaptLayer};
use backstop_breaker::cooldown::{CooldownLayer, CooldownTarget};
use backstop_catalog::Model;
use backstop_commit::{CommitConfig, CommitLayer};
use backstop_config::{ProviderConfig, TargetConfig, UnsupportedPolicy};
use backstop_core::{Answer, BoxError, Call, Failure, Payload, Reply, RetryBudget, classify::Answers};
use backstop_cost::{CostConfig, CostLayer};
use backstop_normalize::{NormalizeConfig, NormalizeLayer, Unsupported, facts_of};
use backstop_retry::{RetryConfig, RetryLayer};
use backstop_telemetry::AttemptLayer;
use backstop_timeout::{
    FirstByteTimeoutLayer, FirstTokenTimeoutLayer, IdleTimeoutLayer, SilentTimeoutLayer, Timeouts,
    TotalTimeoutLayer,
};
use backstop_validate::{ValidateConfig, ValidateLayer};
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower::{Layer as _, Service, ServiceBuilder, ServiceExt as _, util::BoxCloneSyncService};

use super::{breakers::TargetBreaker, hooks::TargetHook, pools::Pool};
use crate::ledger::AttemptHook;

/// A target's whole stack, as one type for all of them.
pub type Target = BoxCloneSyncService<Request<Call>, Response<Reply>, Failure>;

/// The layers of one target, before the provider is known.
#[derive(Debug)]
pub(crate) struct TargetLayers {
    pub(crate) adapt: AdaptLayer,
    pub(crate) retry: RetryLayer<Answers, TargetHook>,
    pub(crate) attempt: AttemptLayer<AttemptHook>,
    pub(crate) cooldown: CooldownLayer,
    pub(crate) breaker: TargetBreaker,
    pub(crate) timeouts: Timeouts,
    pub(crate) validate: ValidateLayer<TargetHook>,
    /// None in tests that show what it is for.
    pub(crate) commit: Option<CommitLayer<TargetHook>>,
    pub(crate) cost: CostLayer,
    pub(crate) normalize: NormalizeLayer<TargetHook>,
}

impl TargetLayers {
    pub(crate) fn new(
        budget: &Arc<RetryBudget>,
        pool: &Pool,
        target: &TargetConfig,
        model: &Model,
        breaker: TargetBreaker,
        (validate, commit, cost): (ValidateConfig, Option<CommitConfig>, CostConfig),
        observer: &AttemptHook,
    ) -> Self {
        let (provider, hook) = (&pool.provider, TargetHook(observer.metrics.clone()));
        let name = Arc::new(backstop_core::Target::new(target.provider.as_str(), target.model.as_str()));
        let retry =
            target.retries.map_or_else(RetryConfig::new, |retries| RetryConfig::new().with_retries(retries));
        let cools = CooldownTarget::new(pool.name.clone(), target.model.as_str(), provider.api_keys.len());
        let unsupported = match target.unsupported.unwrap_or_default() {
            UnsupportedPolicy::Drop => Unsupported::Drop,
            _ => Unsupported::Refuse,
        };
        let normalize =
            NormalizeConfig::new(provider.dialect).with_facts(facts_of(model)).with_unsupported(unsupported);
        let normalize = normalize.with_flavour(provider.flavour);
        Self {
            attempt: AttemptLayer::new(name.name.clone()).with_observer(observer.clone()),
            adapt: AdaptLayer::new(AdaptConfig::new(name).with_edits(target.edits.iter().cloned())),
            retry: RetryLayer::new(retry).with_budget(Arc::clone(budget)).with_observer(hook.clone()),
            cooldown: CooldownLayer::new(pool.cooldowns.clone(), cools),
            breaker,
            timeouts: timeouts(provider, target, model),
            validate: ValidateLayer::new(validate).with_observer(hook.clone()),
            commit: commit.map(|commit| CommitLayer::new(commit).with_observer(hook.clone())),
            cost: CostLayer::new(cost),
            normalize: NormalizeLayer::new(normalize).with_observer(hook),
        }
    }

    /// Puts the layers over `leaf`.
    pub(crate) fn over<L, B>(self, leaf: L) -> Target
    where
        L: Service<Request<Payload>, Response = Response<B>> + Clone + Send + Sync + 'static,
        L::Error: Into<BoxError>,
        L::Future: Send,
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let clocks = self.timeouts;
        let below = ServiceBuilder::new()
            .layer(self.validate.clone())
            .layer(FirstTokenTimeoutLayer::new(clocks))
            .layer(SilentTimeoutLayer::new(clocks))
            .layer(IdleTimeoutLayer::new(clocks))
            .layer(FirstByteTimeoutLayer::new(clocks))
            .layer(self.cost.clone())
            .layer(self.normalize.clone())
            .service(leaf);
        match self.commit.clone() {
            Some(commit) => self.above(commit.layer(below)),
            None => self.above(below),
        }
    }

    /// Puts what stands above commit over `below`.
    fn above<S, A>(self, below: S) -> Target
    where
        S: Service<Request<Call>, Response = Response<A>, Error = Failure> + Clone + Send + Sync + 'static,
        S::Future: Send,
        A: Answer + Send + 'static,
    {
        let stack = ServiceBuilder::new()
            .layer(self.adapt)
            .layer(self.retry)
            .layer(self.attempt)
            .layer(self.cooldown)
            .layer(self.breaker)
            .layer(TotalTimeoutLayer::new(self.timeouts))
            .service(below);
        BoxCloneSyncService::new(stack.map_response(|response| response.map(Reply::new)))
    }
}

/// Whose keys they are: cooldowns are shared by all chains that use the same ones, and by no others.
pub(crate) fn pool_name(provider: &ProviderConfig, target: &TargetConfig) -> String {
    match target.own_provider {
        Some(_) => format!("{} at {} for {}", provider.name, provider.base_url, target.model),
        None => provider.name.clone(),
    }
}

fn timeouts(provider: &ProviderConfig, target: &TargetConfig, model: &Model) -> Timeouts {
    let clocks = &target.timeouts;
    Timeouts::new()
        .with_reasoning(model.reasons_first)
        .with_local(provider.local)
        .with_max_output(model.max_output)
        .with_first_byte(clocks.first_byte)
        .with_first_token(clocks.first_token)
        .with_silent(clocks.silent)
        .with_idle(clocks.idle)
        .with_total(clocks.total)
}
