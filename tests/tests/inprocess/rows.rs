//! What a row of the failure scenarios asks, for one way through the gateway.

use std::time::Duration;

use backstop_simulator::{Answer, Behaviour, Fault, Recorded, Script};
use tokio::time::Instant;

use crate::world::{Way, Without, World, model};

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) async fn row_01_a_429_with_retry_after_is_waited_out(way: Way, without: Without) {
    let world = World::new(way, without);
    world.a.script(model(way.a), [Behaviour::from([Fault::status(429), Fault::retry_after(seconds(2))])]);
    let got = world.ask().await;
    got.is_answer_of("a", way);
    let calls = world.a.requests();
    assert_eq!(calls.len(), 2, "{way:?}");
    let waited = calls[1].at.duration_since(calls[0].at);
    assert!((Duration::from_millis(1800)..seconds(4)).contains(&waited), "{way:?}: {waited:?}");
    assert!(world.b.requests().is_empty(), "{way:?}");
}

pub(crate) async fn row_02_a_429_without_end_falls_over_and_is_not_hammered(way: Way, without: Without) {
    let world = World::new(way, without);
    world.a.script(model(way.a), Script::always(Fault::status(429)));
    let begun = Instant::now();
    for _ in 0..6 {
        let got = world.ask().await;
        got.is_answer_of("b", way);
        assert!(!got.seen.header("x-backstop-fallback-reason").is_empty(), "{way:?}");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let calls = world.a.requests();
    let early = calls.iter().filter(|call| call.at.duration_since(begun) <= seconds(3)).count();
    assert!((1..=4).contains(&early), "{way:?}: {early} calls within 3 s");
    assert!(calls.len() <= 6, "{way:?}: {} calls", calls.len());
}

pub(crate) async fn row_03_one_500_is_retried_where_it_came_from(way: Way, without: Without) {
    let world = World::new(way, without);
    world.a.script(model(way.a), [Fault::status(500)]);
    world.ask().await.is_answer_of("a", way);
    assert_eq!((world.a.requests().len(), world.b.requests().len()), (2, 0), "{way:?}");
}

pub(crate) async fn row_04_a_503_without_end_falls_over(way: Way, without: Without) {
    let world = World::new(way, without);
    world.a.script(model(way.a), Script::always(Fault::status(503)));
    let got = world.ask().await;
    got.is_answer_of("b", way);
    assert_eq!(got.seen.header("x-backstop-fallback-reason"), "overloaded", "{way:?}");
    assert!(got.took < seconds(3), "{way:?}: {:?}", got.took);
    // Nor does a whole series get through to A: the breaker opens.
    for _ in 0..20 {
        world.ask().await.is_answer_of("b", way);
    }
    let calls = world.a.requests().len();
    assert!((2..=6).contains(&calls), "{way:?}: {calls} calls");
}

pub(crate) async fn row_06_a_silent_route_is_left_after_one_timeout(way: Way, without: Without) {
    let world = World::new(way, without);
    world.a.script(model(way.a), Script::always(Fault::no_answer()));
    let got = world.ask().await;
    got.is_answer_of("b", way);
    // Streamed: the first token within 12 s. Else the whole answer within 30 s + max_tokens (1,000) / 30 per second.
    let limit = if way.streamed { 12..17 } else { 63..66 };
    assert!(limit.contains(&got.took.as_secs()), "{way:?}: {:?}", got.took);
    assert_eq!(world.a.requests().len(), 1, "{way:?}: a silent route is not retried");
    let reason = got.seen.header("x-backstop-fallback-reason");
    assert!(reason.starts_with("timeout"), "{way:?}: {reason}");
    world.a.wait_for_cancelled(1).await;
}

pub(crate) async fn row_07_a_late_first_token_falls_over(way: Way, without: Without) {
    let world = World::new(way, without);
    world.a.script(model(way.a), Script::always(Fault::first_token_after(seconds(20))));
    let got = world.ask().await;
    got.is_answer_of("b", way);
    assert!(got.took < seconds(15), "{way:?}: {:?}", got.took);
    assert_eq!(got.seen.header("x-backstop-fallback-reason"), "timeout_first_token", "{way:?}");
    assert_eq!(world.a.requests().len(), 1, "{way:?}");
}

/// A whole answer has its own, longer limit: 20 s are within it, and A's answer is as good.
pub(crate) async fn row_07_a_late_whole_answer_is_an_answer(way: Way, without: Without) {
    let world = World::new(way, without);
    world.a.script(model(way.a), Script::always(Fault::body_after(seconds(20))));
    world.ask().await.is_answer_of("a", way);
}

pub(crate) async fn row_09_silence_in_the_middle_is_never_a_success(way: Way, without: Without) {
    let world = World::new(way, without);
    world.a.script(model(way.a), Script::always(Behaviour::from(Answer::tokens(60)).with(Fault::silent(20))));
    let got = world.ask().await;
    if way.streamed {
        assert!(got.seen.error.is_some(), "{way:?}: {}", got.seen.body);
        assert!(!got.seen.is_success() && got.seen.finish.is_none(), "{way:?}: {}", got.seen.body);
        assert!(got.seen.text.starts_with("w1 w2"), "{way:?}: {}", got.seen.text);
        assert!(!got.seen.text.contains("w21"), "{way:?}: {}", got.seen.text);
        assert!((20..23).contains(&got.took.as_secs()), "{way:?}: {:?}", got.took);
    } else {
        got.is_answer_of("b", way);
        assert!(got.took < seconds(70), "{way:?}: {:?}", got.took);
    }
    world.a.wait_for_cancelled(1).await;
    // And the gateway goes on: the next one, whom A serves again, is whole.
    world.a.calm();
    world.ask().await.is_answer_of("a", way);
}

pub(crate) async fn row_09_buffered_answers_fall_over_even_then(way: Way, without: Without) {
    let world = World::with(way, "mid_stream: buffer,", without);
    world.a.script(model(way.a), Script::always(Behaviour::from(Answer::tokens(60)).with(Fault::silent(20))));
    let got = world.ask().await;
    got.is_answer_of("b", way);
    assert!(!got.seen.text.contains("w1"), "{way:?}: {}", got.seen.text);
}

pub(crate) async fn row_15_an_outage_is_ridden_out_and_its_end_is_found(way: Way, without: Without) {
    let outages: [fn() -> Behaviour; 3] =
        [|| Fault::status(503).into(), || Fault::refused().into(), || Fault::status(500).into()];
    for outage in outages {
        let world = World::new(way, without);
        // All was well before: a breaker that has seen successes opens too.
        for _ in 0..5 {
            world.ask().await.is_answer_of("a", way);
        }
        let before = world.a.requests().len();
        world.a.down(outage());
        let begun = Instant::now();
        let mut recovered = None;
        let mut back = None;
        while begun.elapsed() < seconds(130) {
            if recovered.is_none() && begun.elapsed() >= seconds(60) {
                world.a.heal();
                recovered = Some(Instant::now());
            }
            let got = world.ask().await;
            assert!(got.seen.is_success(), "{way:?}: {}", got.seen.body);
            assert!(got.took < seconds(4), "{way:?}: {:?}", got.took);
            if recovered.is_some() && back.is_none() && got.seen.header("x-backstop-target").starts_with("a/")
            {
                back = Some(Instant::now());
            }
            tokio::time::sleep(seconds(4).saturating_sub(got.took)).await;
        }
        let (recovered, back) = (recovered.unwrap(), back.expect("A is used again"));
        let after = back.duration_since(recovered);
        assert!(after < seconds(30), "{way:?}: A used again {after:?} after it recovered");
        world.ask().await.is_answer_of("a", way);

        let calls = world.a.requests().split_off(before);
        let probes: Vec<&Recorded> = calls.iter().filter(|call| call.at < recovered).collect();
        // Five failures open it; then a probe now and then.
        assert!(probes.len() <= 12, "{way:?}: {} calls while A was down", probes.len());
        let open = &probes[5.min(probes.len())..];
        for two in open.windows(2) {
            let apart = two[1].at.duration_since(two[0].at);
            assert!(apart >= seconds(1), "{way:?}: two probes only {apart:?} apart");
        }
    }
}
