//! Each part is there for a reason: without it, rows that hold otherwise fail.

use std::future::Future;

use backstop_core::Dialect;

use crate::{
    rows,
    world::{Way, Without},
};

/// Whether the row holds: a row that does not panics.
async fn holds<F: Future<Output = ()> + Send + 'static>(
    row: fn(Way, Without) -> F,
    way: Way,
    without: Without,
) -> bool {
    #[expect(clippy::disallowed_methods, reason = "a panic ends its own task and no other")]
    let ended = tokio::spawn(row(way, without)).await;
    match ended {
        Ok(()) => true,
        Err(error) => {
            assert!(error.is_panic(), "{error}");
            false
        }
    }
}

async fn needs<F: Future<Output = ()> + Send + 'static>(
    part: Without,
    ways: impl Iterator<Item = Way>,
    name: &str,
    row: fn(Way, Without) -> F,
) {
    for way in ways {
        assert!(holds(row, way, Without::Nothing).await, "{name} holds with everything: {way:?}");
        assert!(!holds(row, way, part).await, "{name} holds without {part:?}, too: {way:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_commit_a_late_token_and_a_death_in_the_middle_reach_the_caller() {
    needs(Without::Commit, Way::streamed(), "row 7", rows::row_07_a_late_first_token_falls_over).await;
    needs(Without::Commit, Way::streamed(), "row 9", rows::row_09_buffered_answers_fall_over_even_then).await;
}

#[tokio::test(start_paused = true)]
async fn without_the_idle_clocks_silence_lasts() {
    needs(
        Without::IdleClocks,
        Way::streamed(),
        "row 9",
        rows::row_09_silence_in_the_middle_is_never_a_success,
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn without_the_breaker_an_outage_is_hammered() {
    needs(Without::Breaker, Way::all(), "row 4", rows::row_04_a_503_without_end_falls_over).await;
    needs(Without::Breaker, Way::all(), "row 15", rows::row_15_an_outage_is_ridden_out_and_its_end_is_found)
        .await;
}

#[tokio::test(start_paused = true)]
async fn without_retry_after_a_pause_is_no_pause() {
    // What is taken away is a header; Gemini says it in the error's body.
    let ways = Way::all().filter(|way| way.a != Dialect::GeminiGenerate);
    needs(Without::RetryAfter, ways, "row 1", rows::row_01_a_429_with_retry_after_is_waited_out).await;
}
