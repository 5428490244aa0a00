//! The contract of every layer, with every rule and with none.

use backstop_test_support::contract;
use backstop_validate::{Hold, Repetition, ValidateConfig, ValidateLayer};
use tower_layer::Layer as _;

#[tokio::test(start_paused = true)]
async fn keeps_the_contract() {
    let all = ValidateConfig::new()
        .with_non_empty(true)
        .with_repetition(Some(Repetition::default()))
        .with_declared_tools(true);
    let whole = all.clone().with_hold(Hold::Whole);
    for config in [ValidateConfig::new(), all, whole] {
        contract::check(|script| ValidateLayer::new(config.clone()).layer(script)).await;
    }
}
