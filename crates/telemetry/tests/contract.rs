//! The contract of every layer, for the attempt trail and the request log.

use backstop_telemetry::{AttemptLayer, RequestLayer};
use backstop_test_support::contract;
use tower::Layer as _;

#[tokio::test(start_paused = true)]
async fn attempts_keep_the_contract() {
    contract::check(|script| AttemptLayer::new("openai/gpt-4.1-mini").layer(script)).await;
}

#[tokio::test(start_paused = true)]
async fn the_request_log_keeps_the_contract() {
    contract::check(|script| RequestLayer::new().layer(script)).await;
}
