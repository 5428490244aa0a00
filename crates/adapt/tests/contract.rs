//! The contract of every layer, for adapt.

use backstop_adapt::{AdaptConfig, AdaptLayer};
use backstop_core::Target;
use backstop_test_support::contract;
use tower_layer::Layer as _;

#[tokio::test(start_paused = true)]
async fn adapt_keeps_the_contract() {
    let layer = || AdaptLayer::new(AdaptConfig::new(Target::new("openai", "gpt-4.1-mini")));
    contract::check(|script| layer().layer(script)).await;
    contract::check_plain(|script| layer().layer(script)).await;
}
