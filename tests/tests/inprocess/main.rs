//! Rows of the failure scenarios with untouched defaults, in process, under paused time; and what each part is for.
//!
//! The numbers in names are the rows'. Timeouts are as long as they are in production and take no time here.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod ablation;
mod rows;
mod world;

use self::world::{Way, Without};

#[tokio::test(start_paused = true)]
async fn row_01_a_429_with_retry_after_is_waited_out() {
    for way in Way::all() {
        rows::row_01_a_429_with_retry_after_is_waited_out(way, Without::Nothing).await;
    }
}

#[tokio::test(start_paused = true)]
async fn row_02_a_429_without_end_falls_over_and_is_not_hammered() {
    for way in Way::all() {
        rows::row_02_a_429_without_end_falls_over_and_is_not_hammered(way, Without::Nothing).await;
    }
}

#[tokio::test(start_paused = true)]
async fn row_03_one_500_is_retried_where_it_came_from() {
    for way in Way::all() {
        rows::row_03_one_500_is_retried_where_it_came_from(way, Without::Nothing).await;
    }
}

#[tokio::test(start_paused = true)]
async fn row_04_a_503_without_end_falls_over() {
    for way in Way::all() {
        rows::row_04_a_503_without_end_falls_over(way, Without::Nothing).await;
    }
}

#[tokio::test(start_paused = true)]
async fn row_06_a_silent_route_is_left_after_one_timeout() {
    for way in Way::all() {
        rows::row_06_a_silent_route_is_left_after_one_timeout(way, Without::Nothing).await;
    }
}

#[tokio::test(start_paused = true)]
async fn row_07_a_late_first_token_falls_over() {
    for way in Way::streamed() {
        rows::row_07_a_late_first_token_falls_over(way, Without::Nothing).await;
    }
}

#[tokio::test(start_paused = true)]
async fn row_07_a_late_whole_answer_is_an_answer() {
    for way in Way::whole() {
        rows::row_07_a_late_whole_answer_is_an_answer(way, Without::Nothing).await;
    }
}

#[tokio::test(start_paused = true)]
async fn row_09_silence_in_the_middle_is_never_a_success() {
    for way in Way::all() {
        rows::row_09_silence_in_the_middle_is_never_a_success(way, Without::Nothing).await;
    }
}

#[tokio::test(start_paused = true)]
async fn row_09_buffered_answers_fall_over_even_then() {
    for way in Way::streamed() {
        rows::row_09_buffered_answers_fall_over_even_then(way, Without::Nothing).await;
    }
}

#[tokio::test(start_paused = true)]
async fn row_15_an_outage_is_ridden_out_and_its_end_is_found() {
    for way in Way::all() {
        rows::row_15_an_outage_is_ridden_out_and_its_end_is_found(way, Without::Nothing).await;
    }
}
