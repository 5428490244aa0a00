//! The contract of every layer, for retry.

use backstop_core::classify::PlainHttp;
use backstop_retry::{RetryConfig, RetryLayer};
use backstop_test_support::contract;
use tower_layer::Layer as _;

#[tokio::test(start_paused = true)]
async fn retry_keeps_the_contract() {
    for retries in [0, 1, 3] {
        let layer = RetryLayer::new(RetryConfig::new().with_retries(retries));
        contract::check(|script| layer.layer(script)).await;
        let plain = layer.with_classifier(PlainHttp::new());
        contract::check_plain(|script| plain.layer(script)).await;
    }
}
