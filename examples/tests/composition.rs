//! All layers together, as the pipeline example stacks them, over targets that do anything in any order: whatever that is,
//! the caller gets one answer, whole or clearly broken off, in time, and nothing is left running.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test, in a helper too")]

use std::time::Duration;

use backstop_adapt::{AdaptConfig, AdaptLayer};
use backstop_breaker::{
    BreakerLayer,
    cooldown::{CooldownLayer, CooldownTarget, Cooldowns},
};
use backstop_commit::{CommitConfig, CommitLayer, MidStream};
use backstop_core::{Answer, Call, Clock, Delta, Event, Failure, Kind, Reply, StepOutcome, Target, clock};
use backstop_fallback::{Candidate, Fallback, FallbackConfig};
use backstop_retry::RetryLayer;
use backstop_telemetry::AttemptLayer;
use backstop_test_support::{
    AnswerPlan, BodyEnd, CallEnd, Script, Step, events, read_events, ready_call, sample,
};
use backstop_timeout::{
    Deadline, DeadlineLayer, FirstByteTimeoutLayer, FirstTokenTimeoutLayer, IdleTimeoutLayer,
    SilentTimeoutLayer, Timeouts, TotalTimeoutLayer,
};
use http::{Request, Response};
use proptest::{collection::vec, prelude::*, sample::select};
use tower::{Layer, Service, ServiceBuilder, ServiceExt, util::BoxCloneSyncService};

const SECOND: Duration = Duration::from_secs(1);
const DEADLINE: Duration = Duration::from_secs(300);
const TARGETS: usize = 3;
const TOKENS: usize = 4;

/// What a target does with one call.
#[derive(Clone, Debug)]
enum Deed {
    Answers {
        head_after: u32,
        token_every: u32,
    },
    Fails(Kind, Option<u64>),
    Never,
    /// Says so many tokens, and then: dies, or falls silent, or sends nothing but pings.
    Dies(usize),
    Stalls(usize),
    Pings(usize),
}

fn deed() -> impl Strategy<Value = Deed> {
    // What the caller did wrong, and what only policy decides, ends a chain: that is for the tests of fallback. Refusals
    // are our own.
    let ends = |kind: &Kind| {
        matches!(kind, Kind::InvalidRequest | Kind::ContentFilter | Kind::ContextLength | Kind::Cancelled)
            || matches!(kind, Kind::Refused(_))
    };
    let kinds: Vec<_> = Kind::ALL.iter().filter(|kind| !ends(kind)).copied().collect();
    prop_oneof![
        3 => (0_u32..20, 0_u32..30).prop_map(|(head_after, token_every)| Deed::Answers { head_after, token_every }),
        5 => (select(kinds), prop::option::of(0_u64..8)).prop_map(|(kind, told)| Deed::Fails(kind, told)),
        1 => Just(Deed::Never),
        2 => (0..TOKENS).prop_map(Deed::Dies),
        2 => (0..TOKENS).prop_map(Deed::Stalls),
        1 => (0..TOKENS).prop_map(Deed::Pings),
    ]
}

impl Deed {
    /// The step of a script. Every token says whose it is.
    fn step(&self, tag: &str) -> Step {
        let begun = |tokens| {
            let said = std::iter::repeat_with(|| events::text(tag)).take(tokens);
            AnswerPlan::new().event(events::start()).events(said)
        };
        match self {
            Self::Answers { head_after, token_every } => {
                let whole = begun(TOKENS).events([events::finish(), events::usage(), events::end()]);
                Step::answer(whole.paced(*token_every * SECOND)).after(*head_after * SECOND)
            }
            Self::Fails(kind, told) => {
                let told = told.map(Duration::from_secs);
                Step::fail(Failure::new(*kind, "scripted").with_retry_after(told))
            }
            Self::Never => Step::never(),
            Self::Dies(after) => Step::answer(begun(*after).reset()),
            Self::Stalls(after) => Step::answer(begun(*after).stall()),
            Self::Pings(after) => {
                let pings = AnswerPlan::new().events(std::iter::repeat_with(events::ping).take(400));
                Step::answer(begun(*after).chain(pings.paced(SECOND)).stall())
            }
        }
    }
}

type Stack = BoxCloneSyncService<Request<Call>, Response<Reply>, Failure>;

fn stack(scripts: &[Script], mid_stream: MidStream) -> Deadline<Fallback<Stack>> {
    let (clocks, cooldowns) = (Timeouts::new().with_deadline(Some(DEADLINE)), Cooldowns::default());
    let candidates: Vec<_> = scripts
        .iter()
        .enumerate()
        .map(|(at, script)| {
            let target = Target::new("p", at.to_string());
            let stack = ServiceBuilder::new()
                .layer(AdaptLayer::new(AdaptConfig::new(target.clone())))
                .layer(RetryLayer::default())
                .layer(AttemptLayer::new(target.name.clone()))
                .layer(CooldownLayer::new(cooldowns.clone(), CooldownTarget::new(at.to_string(), "m", 1)))
                .layer(BreakerLayer::default())
                .layer(TotalTimeoutLayer::new(clocks))
                .layer(CommitLayer::new(CommitConfig::new().with_mid_stream(mid_stream)))
                .layer(FirstTokenTimeoutLayer::new(clocks))
                .layer(SilentTimeoutLayer::new(clocks))
                .layer(IdleTimeoutLayer::new(clocks))
                .layer(FirstByteTimeoutLayer::new(clocks))
                .service(script.clone().map_request(|request: Request<Call>| request));
            let stack = stack.map_response(|response: Response<_>| response.map(Reply::new));
            Candidate::new(Stack::new(stack), target)
        })
        .collect();
    DeadlineLayer::new(clocks).layer(Fallback::new(candidates, FallbackConfig::default()).unwrap())
}

/// One call to its end: the events, the failure, and whether the head was an error.
async fn run<S, A>(service: &mut S, call: Call) -> (Vec<Event>, Option<Failure>, bool)
where
    S: Service<Request<Call>, Response = Response<A>, Error = Failure>,
    A: Answer,
{
    match ready_call(service, sample::request(call)).await {
        Ok(response) => {
            let (events, failure) = read_events(response.into_body()).await;
            (events, failure, false)
        }
        Err(failure) => (Vec::new(), Some(failure), true),
    }
}

fn said(events: &[Event]) -> Vec<String> {
    let deltas = events.iter().flat_map(|event| event.deltas().iter());
    deltas
        .filter_map(|delta| if let Delta::Text { text, .. } = delta { Some(text.to_string()) } else { None })
        .collect()
}

async fn play(deeds: Vec<Vec<Deed>>, healthy: bool, mid_stream: MidStream) -> Result<(), TestCaseError> {
    let scripts: Vec<Script> = deeds
        .iter()
        .enumerate()
        .map(|(at, deeds)| {
            let steps = deeds.iter().enumerate().map(|(call, deed)| deed.step(&format!("{at}/{call}")));
            let rest = Deed::Answers { head_after: 0, token_every: 0 };
            // The last target may be well, always.
            let steps: Vec<_> = if healthy && at == TARGETS - 1 { Vec::new() } else { steps.collect() };
            Script::new(steps).then_repeat(rest.step(&format!("{at}/rest")))
        })
        .collect();
    let mut service = stack(&scripts, mid_stream);
    for _ in 0..6 {
        let (before, begun) =
            (scripts.iter().map(|script| script.calls().len()).collect::<Vec<_>>(), clock::now());
        let call = sample::streamed();
        let (events, failure, refused) = run(&mut service, call.clone()).await;

        let took = clock::now() - begun;
        prop_assert!(took <= DEADLINE + SECOND, "in time: {took:?}");
        let (said, whole) = (said(&events), failure.is_none());
        prop_assert!(said.windows(2).all(|pair| pair[0] == pair[1]), "of one attempt: {said:?}");
        prop_assert_eq!(
            whole,
            said.len() == TOKENS,
            "whole, or clearly broken off: {:?}, {:?}",
            said,
            failure
        );
        prop_assert!(whole || refused || !said.is_empty(), "nothing is committed before the first token");
        if mid_stream == MidStream::Buffer {
            // But for its deadline, which is above the commit, a buffered answer never breaks off.
            let late = failure.as_ref().is_some_and(|failure| failure.kind() == Kind::Timeout(Clock::Total));
            prop_assert!(whole || refused || late, "{failure:?}");
        }
        if healthy && mid_stream == MidStream::Buffer {
            prop_assert!(whole, "somebody was well: {:?} {:?}", failure, call.origin().trail());
        }
        if healthy {
            prop_assert!(!refused, "somebody was well: {:?} {:?}", failure, call.origin().trail());
        }

        let mut calls = 0;
        for (at, script) in scripts.iter().enumerate() {
            let new = &script.calls()[before[at]..];
            prop_assert!(new.len() <= 2, "target {at} was called {} times", new.len());
            for call in new {
                prop_assert!(
                    call.end != CallEnd::Running && call.body != BodyEnd::Open,
                    "target {at} goes on"
                );
            }
            calls += new.len();
        }
        let trail = call.origin().trail();
        prop_assert_eq!(trail.calls(), calls, "the trail knows every call");
        let running = trail.steps().iter().any(|step| step.outcome == StepOutcome::Running);
        prop_assert!(!running, "every step is settled: {:?}", trail);
        // Most callers come back.
        tokio::time::advance(SECOND).await;
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn one_answer_in_time_and_nothing_left_running(
        deeds in vec(vec(deed(), 0..8), TARGETS),
        healthy in any::<bool>(),
        buffer in any::<bool>(),
    ) {
        let mid_stream = if buffer { MidStream::Buffer } else { MidStream::Error };
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(play(deeds, healthy, mid_stream))?;
    }
}
