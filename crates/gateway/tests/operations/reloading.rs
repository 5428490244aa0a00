//! Two hundred reloads under traffic.

use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::Duration,
};

use http::StatusCode;
use tokio::time::sleep;

use crate::{
    client::tokens,
    gateway::{Gateway, until, value},
    provider::Provider,
};

/// A configuration that differs from those with another `number` in a provider, a chain and an alias.
fn good(provider: &Provider, number: usize) -> String {
    format!(
        "
providers:
  a: {{ dialect: openai-chat, base_url: \"{url}\", api_key: sk-{number} }}
  b: {{ dialect: openai-chat, base_url: \"{url}\", api_key: sk-b }}
chains:
  writer: {{ deadline: {seconds}s, targets: [a/slow, b/slow] }}
aliases: {{ alias-{number}: writer }}
",
        url = provider.base_url,
        seconds = 60 + number,
    )
}

/// Bad in one of several ways.
fn bad(provider: &Provider, number: usize) -> String {
    let good = good(provider, number);
    match number % 5 {
        0 => "providers: [".to_owned(),
        1 => good.replace("b/slow", "c/slow"),
        2 => good.replace("deadline:", "dedline:"),
        3 => good.replace("sk-b", "${NOT_SET}"),
        _ => String::new(),
    }
}

#[tokio::test]
async fn two_hundred_reloads_under_traffic_fail_no_request_and_leak_nothing() {
    let provider = Provider::start().await;
    let gateway = Gateway::start(&good(&provider, 0), &["--no-watch"]).await;
    let (done, streams) = (AtomicBool::new(false), AtomicUsize::new(0));
    let caller = async || {
        while !done.load(Ordering::Relaxed) {
            let (status, stream) = gateway.callers.ask("writer", true).await;
            assert_eq!((status, tokens(&stream)), (StatusCode::OK, Some(20)), "{stream}");
            streams.fetch_add(1, Ordering::Relaxed);
        }
    };
    let operator = async {
        until("streams run", async || gateway.metric("backstop_open_streams").await > 0.0).await;
        let mut before = (0, 0);
        for number in 1..=200 {
            let yaml = if number % 2 == 0 { bad(&provider, number / 2) } else { good(&provider, number) };
            gateway.reload(&yaml).await;
            if number == 50 {
                before = (gateway.descriptors(), gateway.memory());
            }
            let (status, _) = gateway.admin.get("/readyz").await;
            assert_eq!(status, StatusCode::OK, "a bad file is no reason to send traffic away");
        }
        // What the last 150 reloads opened and kept would show here, for the same traffic.
        let after = (gateway.descriptors(), gateway.memory());
        done.store(true, Ordering::Relaxed);
        (before, after)
    };
    let (.., ((descriptors_before, memory_before), (descriptors_after, memory_after))) =
        tokio::join!(caller(), caller(), caller(), caller(), operator);
    assert!(streams.load(Ordering::Relaxed) >= 4);

    let page = gateway.metrics().await;
    assert_eq!(value(&page, r#"backstop_config_reload_total{result="applied"}"#), 100.0);
    assert_eq!(value(&page, r#"backstop_config_reload_total{result="refused"}"#), 100.0);
    // Connections of providers that were replaced close when their last stream has ended.
    assert!(
        descriptors_after <= descriptors_before + 32,
        "{descriptors_before} descriptors after 50 reloads, {descriptors_after} after 200"
    );
    assert!(
        memory_after <= memory_before + (16 << 20),
        "{memory_before} bytes after 50 reloads, {memory_after} after 200"
    );
    until("every stack but the last is gone", async || gateway.metric("backstop_stacks").await == 1.0).await;
    // The four callers' own streams used the last provider, or ones before it that are gone.
    until("connections of old stacks are closed", async || provider.connections() <= 8).await;
    sleep(Duration::from_millis(10)).await;
    assert_eq!(value(&gateway.metrics().await, "backstop_requests_in_flight"), 0.0);
}
