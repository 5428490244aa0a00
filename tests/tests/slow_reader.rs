//! A reader that stops holds back the provider, and not memory.

use std::{sync::atomic::Ordering, time::Duration};

use backstop_core::Dialect;
use backstop_tests::{
    client::Ask,
    gateway::Gateway,
    led::{self, Led},
    live::Live,
    wait::settled,
};

const DIALECTS: [Dialect; 3] = Dialect::ALL;
const MODEL: &str = "quick";

/// What a provider would send, were it let.
const TOKENS: usize = 1024;
const TOKEN: usize = 32 << 10;

#[tokio::test]
async fn a_reader_that_stops_costs_at_most_two_mebibytes() {
    const READERS: u64 = 3;
    for dialect in DIALECTS {
        for ingress in DIALECTS {
            let mut upstream = Led::start().await;
            let gateway = Gateway::start(&yaml(&upstream, dialect, "")).await;
            // What is allocated once is not the readers' cost.
            let (warm, _) = stopped(&gateway, &mut upstream, ingress, dialect, 2).await;
            assert!(warm.rest().await.is_success());
            let before = gateway.memory();

            let mut stalled = Vec::new();
            for _ in 0..READERS {
                stalled.push(stopped(&gateway, &mut upstream, ingress, dialect, TOKENS).await);
            }
            let taken = || stalled.iter().map(|(_, taken)| taken.load(Ordering::Relaxed)).sum::<u64>();
            let taken = settled(Duration::from_millis(300), taken).await;
            assert!(
                taken < READERS * (TOKENS * TOKEN) as u64 / 2,
                "{ingress} to {dialect}: the gateway reads on for readers that stopped: {taken} bytes"
            );
            let cost = gateway.memory().saturating_sub(before) / READERS;
            assert!(cost <= 2 << 20, "{ingress} to {dialect}: {cost} bytes for a reader that stopped");
        }
    }
}

/// The clocks watch the provider: a pause of the reader's own is none of its silence.
#[tokio::test]
async fn a_reader_that_pauses_for_longer_than_the_clocks_allow_still_gets_all() {
    let pause = Duration::from_millis(1500);
    for dialect in DIALECTS {
        for ingress in DIALECTS {
            let mut upstream = Led::start().await;
            let clocks = ", timeouts: { silent: 1s, idle: 1s }";
            let gateway = Gateway::start(&yaml(&upstream, dialect, clocks)).await;
            let tokens = 768;
            let (live, taken) = stopped(&gateway, &mut upstream, ingress, dialect, tokens).await;
            let held = settled(pause, || taken.load(Ordering::Relaxed)).await;
            assert!(held < (tokens * TOKEN) as u64, "{ingress} to {dialect}: nothing was held back");
            let seen = live.rest().await;
            assert!(seen.is_success(), "{ingress} to {dialect}: {:?} {:?}", seen.error, seen.broken);
            assert_eq!(seen.text.len(), tokens * TOKEN);
            assert_eq!(seen.usage, Some((9, tokens as u64)));
        }
    }
}

/// A caller who has read the first token of a stream of `tokens` large ones, and reads no further; and the count of the
/// bytes that the gateway has taken from the provider.
async fn stopped(
    gateway: &Gateway,
    upstream: &mut Led,
    ingress: Dialect,
    dialect: Dialect,
    tokens: usize,
) -> (Live, std::sync::Arc<std::sync::atomic::AtomicU64>) {
    let ask = Ask::new(ingress, "chain", "hello").streamed(true).receive_buffer(64 << 10);
    let (response, taken) = tokio::join!(ask.start(gateway.address()), async {
        let call = upstream.call().await;
        let taken = call.counter();
        #[expect(clippy::disallowed_methods, reason = "ends with the call")]
        tokio::spawn(async move {
            call.send(led::opening(dialect, MODEL)).await;
            let token = led::token(dialect, MODEL, &"x".repeat(TOKEN));
            for _ in 0..tokens {
                if !call.try_send(token.clone()).await {
                    return;
                }
            }
            call.try_send(led::closing(dialect, MODEL, tokens as u64)).await;
        });
        taken
    });
    let mut live = Live::new(ingress, response);
    live.until("xxx").await;
    (live, taken)
}

fn yaml(upstream: &Led, dialect: Dialect, chain: &str) -> String {
    let base_url = upstream.base_url(dialect);
    format!(
        "providers:
  up: {{ dialect: {dialect}, base_url: \"{base_url}\" }}
chains:
  chain: {{ targets: [up/{MODEL}] {chain} }}
"
    )
}
