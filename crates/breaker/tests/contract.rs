//! The contract of every layer, for the breaker and for the cooldowns.

use backstop_breaker::{
    BreakerLayer,
    cooldown::{CooldownLayer, CooldownTarget, Cooldowns},
};
use backstop_core::classify::PlainHttp;
use backstop_test_support::contract;
use tower_layer::Layer;

#[tokio::test(start_paused = true)]
async fn the_breaker_keeps_the_contract() {
    contract::check(|script| BreakerLayer::default().layer(script)).await;
    contract::check_plain(|script| BreakerLayer::default().with_classifier(PlainHttp::new()).layer(script))
        .await;
}

#[tokio::test(start_paused = true)]
async fn cooldowns_keep_the_contract() {
    let layer = || CooldownLayer::new(Cooldowns::default(), CooldownTarget::new("openai", "gpt-4.1", 2));
    contract::check(|script| layer().layer(script)).await;
    contract::check_plain(|script| layer().with_classifier(PlainHttp::new()).layer(script)).await;
}
