//! The contract of every layer, for each clock.

use backstop_core::classify::PlainHttp;
use backstop_test_support::contract;
use backstop_timeout::{
    DeadlineLayer, FirstByteTimeoutLayer, FirstTokenTimeoutLayer, IdleTimeoutLayer, SilentTimeoutLayer,
    TotalTimeoutLayer,
};
use tower_layer::Layer;

macro_rules! keeps_the_contract {
    ($($name:ident: $layer:ident,)+) => {$(
        #[tokio::test(start_paused = true)]
        async fn $name() {
            contract::check(|script| $layer::default().layer(script)).await;
            contract::check_plain(|script| $layer::default().with_classifier(PlainHttp::new()).layer(script))
                .await;
        }
    )+};
}

keeps_the_contract! {
    first_byte_keeps_the_contract: FirstByteTimeoutLayer,
    first_token_keeps_the_contract: FirstTokenTimeoutLayer,
    silent_keeps_the_contract: SilentTimeoutLayer,
    idle_keeps_the_contract: IdleTimeoutLayer,
    total_keeps_the_contract: TotalTimeoutLayer,
    deadline_keeps_the_contract: DeadlineLayer,
}
