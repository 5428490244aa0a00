//! What was tried for a request, step by step.

use std::{
    sync::OnceLock,
    time::{Duration, Instant},
};

use http::StatusCode;
use parking_lot::Mutex;

use crate::{Class, Cost, Kind, Text, Usage, Usd};

/// All attempts of one request, in order. Shared by all clones of a call.
#[derive(Debug, Default)]
pub struct Trail {
    chain: OnceLock<Text>,
    steps: Mutex<Vec<Step>>,
}

/// One attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Step {
    /// Counted from 1 over the whole request.
    pub number: u32,
    /// The target, by the name that the chain gives it.
    pub target: Text,
    /// How it ended.
    pub outcome: StepOutcome,
    /// When it began.
    pub started: Instant,
    /// From the start to the moment when the request went out to the provider: what choosing a credential and translating
    /// took.
    pub sent: Option<Duration>,
    /// From the start to the first semantic event.
    pub first_token: Option<Duration>,
    /// From the start to the end of the body, its failure, or its drop.
    pub duration: Option<Duration>,
    /// The status that the provider answered with.
    pub status: Option<StatusCode>,
    /// What the provider says was used, or an estimate marked so.
    pub usage: Option<Usage>,
    /// What it cost. Unknown until the attempt has ended, and where nobody counts.
    pub cost: Cost,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StepOutcome {
    /// It has not ended yet.
    Running,
    /// The answer came to its end.
    Success,
    /// It failed, before or after its first token.
    Failed(Class),
    /// It was dropped: the caller left, or another attempt was faster.
    Dropped,
}

impl Trail {
    /// The request goes to the chain `name`. The first to say so is right.
    pub fn enter_chain(&self, name: Text) {
        self.chain.get_or_init(|| name);
    }

    /// The chain that serves the request, once one was chosen.
    #[must_use]
    pub fn chain(&self) -> Option<&Text> {
        self.chain.get()
    }

    /// An attempt at `target` begins. Gives its number.
    pub fn begin(&self, target: Text, now: Instant) -> u32 {
        let mut steps = self.steps.lock();
        let number = u32::try_from(steps.len()).unwrap_or(u32::MAX).saturating_add(1);
        steps.push(Step {
            number,
            target,
            outcome: StepOutcome::Running,
            started: now,
            sent: None,
            first_token: None,
            duration: None,
            status: None,
            usage: None,
            cost: Cost::Unknown,
        });
        number
    }

    /// Changes what is known of the attempt `number`. Does nothing where there is none.
    pub fn update(&self, number: u32, change: impl FnOnce(&mut Step)) {
        if let Some(step) = self.steps.lock().iter_mut().find(|step| step.number == number) {
            change(step);
        }
    }

    /// The steps so far.
    #[must_use]
    pub fn steps(&self) -> Vec<Step> {
        self.steps.lock().clone()
    }

    /// What all attempts that have ended cost together: what the provider charges for the request, not only for the answer.
    /// Refusals of our own cost nothing; unknown as soon as one call's cost is.
    #[must_use]
    pub fn cost(&self) -> Cost {
        let steps = self.steps.lock();
        let ended =
            steps.iter().filter(|step| step.outcome != StepOutcome::Running && step.outcome.is_call());
        ended.fold(Cost::Known(Usd::ZERO), |sum, step| sum.plus(step.cost))
    }

    /// How many calls went out to providers. Refusals of our own are steps, but no calls.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.steps.lock().iter().filter(|step| step.outcome.is_call()).count()
    }

    /// The target of the last step, if there is one: who answers, or failed last.
    #[must_use]
    pub fn last_target(&self) -> Option<Text> {
        self.steps.lock().last().map(|step| step.target.clone())
    }

    /// Why the answer does not come from the first target: the label of the last failure at another target than the
    /// one that was tried last. `None` where the first target answered.
    #[must_use]
    pub fn fallback_reason(&self) -> Option<&'static str> {
        let steps = self.steps.lock();
        let last = &steps.last()?.target;
        steps.iter().rev().find(|step| step.target != *last).and_then(|step| step.outcome.label())
    }
}

impl StepOutcome {
    /// The kind's label, for a failure.
    #[must_use]
    pub const fn label(self) -> Option<&'static str> {
        match self {
            Self::Failed(class) => Some(class.kind.label()),
            Self::Running | Self::Success | Self::Dropped => None,
        }
    }

    /// Whether a call went out.
    #[must_use]
    pub const fn is_call(self) -> bool {
        !matches!(self, Self::Failed(Class { kind: Kind::Refused(_), .. }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Refusal, clock};

    #[tokio::test]
    async fn tells_calls_from_refusals_and_why_it_fell_over() {
        let (trail, now) = (Trail::default(), clock::now());
        assert_eq!((trail.calls(), trail.fallback_reason(), trail.last_target()), (0, None, None));
        let refused = trail.begin("a".into(), now);
        trail.update(refused, |step| {
            step.outcome = StepOutcome::Failed(Class::new(Kind::Refused(Refusal::BreakerOpen)));
        });
        assert_eq!((trail.calls(), trail.fallback_reason()), (0, None));
        assert_eq!(trail.begin("b".into(), now), 2);
        assert_eq!((trail.calls(), trail.fallback_reason()), (1, Some("refused_breaker_open")));
        assert_eq!(trail.last_target(), Some("b".into()));

        assert_eq!(trail.chain(), None);
        trail.enter_chain("writer".into());
        trail.enter_chain("other".into());
        assert_eq!(trail.chain(), Some(&"writer".into()));
    }
}
