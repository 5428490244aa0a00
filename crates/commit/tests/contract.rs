//! The contract of every layer, for commit: at the first token, and of whole answers.

use backstop_commit::{CommitConfig, CommitLayer, MidStream};
use backstop_test_support::contract;
use tower_layer::Layer as _;

#[tokio::test(start_paused = true)]
async fn commit_keeps_the_contract() {
    for mid_stream in [MidStream::Error, MidStream::Buffer] {
        let layer = CommitLayer::new(CommitConfig::new().with_mid_stream(mid_stream));
        contract::check(|script| layer.layer(script)).await;
    }
}
