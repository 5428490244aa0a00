//! The contract of every layer, for both edges: whatever they make of answers, they call, cancel and drop by the rules.

use backstop_core::Dialect;
use backstop_normalize::{
    NormalizeConfig, NormalizeLayer,
    ingress::{IngressConfig, IngressLayer},
};
use backstop_test_support::contract;
use tower::Layer as _;

#[tokio::test(start_paused = true)]
async fn normalize_keeps_the_contract() {
    let layer = NormalizeLayer::new(NormalizeConfig::new(Dialect::OpenaiChat));
    contract::check_provider_edge(|script| layer.layer(script)).await;
}

#[tokio::test(start_paused = true)]
async fn ingress_keeps_the_contract() {
    let layer = IngressLayer::new(IngressConfig::new(Dialect::OpenaiChat));
    contract::check_caller_edge(|script| layer.layer(script)).await;
}

#[tokio::test(start_paused = true)]
async fn both_together_keep_the_contract() {
    let (above, below) = (
        IngressLayer::new(IngressConfig::new(Dialect::OpenaiChat)),
        NormalizeLayer::new(NormalizeConfig::new(Dialect::OpenaiChat)),
    );
    contract::check_caller_edge(|script| above.layer(below.layer(script))).await;
}
