//! The gateway's own share of a request.

use std::time::Duration;

use backstop_core::{Step, StepOutcome};

use crate::RequestReport;

/// What the gateway added: from receipt to the first token for the caller (to the end, where there was none), less the
/// time that attempts were with their providers and the waits between tries on one target.
///
/// An attempt is with its provider from the moment its request went out to its first token, or to its end where it had
/// none. What happens before (reading, choosing, translating) and after (the commit, the way to the caller) is ours.
/// `None` where nobody was called, or where the caller left: then there is nothing to compare.
pub(super) fn overhead(report: &RequestReport) -> Option<Duration> {
    if report.outcome == StepOutcome::Dropped || !report.steps.iter().any(|step| step.outcome.is_call()) {
        return None;
    }
    let all = report.first_token.unwrap_or(report.duration);
    let with_providers: Duration = report.steps.iter().map(at_the_provider).sum();
    let waits: Duration = report.steps.windows(2).map(|pair| wait(&pair[0], &pair[1])).sum();
    Some(all.saturating_sub(with_providers).saturating_sub(waits))
}

fn at_the_provider(step: &Step) -> Duration {
    if !step.outcome.is_call() {
        return Duration::ZERO;
    }
    let until = step.first_token.or(step.duration).unwrap_or_default();
    until.saturating_sub(step.sent.unwrap_or_default())
}

fn wait(one: &Step, next: &Step) -> Duration {
    if one.target != next.target {
        return Duration::ZERO;
    }
    next.started.saturating_duration_since(one.started + one.duration.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use backstop_core::{Call, Class, Dialect, Kind, clock};
    use backstop_test_support::sample;

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn report(call: &Call, outcome: StepOutcome, first_token: Option<Duration>) -> RequestReport {
        let origin = call.origin();
        RequestReport {
            id: origin.id(),
            dialect: Dialect::OpenaiChat,
            model: "m".into(),
            identity: None,
            stream: true,
            chain: None,
            target: None,
            outcome,
            status: None,
            answered: true,
            received: origin.received(),
            duration: 1000 * MS,
            first_token,
            attempts: 0,
            fallback_reason: None,
            usage: None,
            cost: backstop_core::Cost::Unknown,
            steps: origin.trail().steps(),
        }
    }

    #[tokio::test]
    async fn waits_and_providers_are_left_out() {
        let (call, failed) = (sample::streamed(), StepOutcome::Failed(Class::new(Kind::Server)));
        let (trail, start) = (call.origin().trail(), clock::now());
        // 2 ms to read, 3 ms to translate, 40 ms at the provider, 250 ms wait, then 4 ms at the next and 60 ms there.
        let steps = [
            ("a", 2, 3, None, 43, failed),
            ("a", 295, 3, None, 43, failed),
            ("b", 342, 4, Some(64), 500, StepOutcome::Success),
        ];
        for (target, at, sent, first_token, duration, outcome) in steps {
            let number = trail.begin(target.into(), start + at * MS);
            trail.update(number, |step| {
                step.sent = Some(sent * MS);
                step.first_token = first_token.map(|first| first * MS);
                step.duration = Some(duration * MS);
                step.outcome = outcome;
            });
        }
        let report = |outcome, first| overhead(&report(&call, outcome, first));
        // 2 + 3, 3 + 4 between the targets, 4, and 1 from the provider's first token to the caller's.
        assert_eq!(report(StepOutcome::Success, Some(407 * MS)), Some(17 * MS));
        assert_eq!(report(StepOutcome::Dropped, Some(407 * MS)), None);
    }

    #[tokio::test]
    async fn a_request_that_reached_nobody_has_none() {
        let call = sample::streamed();
        assert_eq!(
            overhead(&report(&call, StepOutcome::Failed(Class::new(Kind::ModelNotFound)), None)),
            None
        );
    }
}
