//! Two hundred reloads under traffic, asked for and noticed, good and bad.

use std::{
    fs,
    os::unix::fs::symlink,
    path::Path,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::Duration,
};

use http::StatusCode;
use serde_json::Value;
use tokio::time::sleep;

use crate::{
    client::tokens,
    gateway::{Folder, Gateway, until, value, with_server},
    provider::Provider,
};

/// How the configuration is changed, and how the gateway comes to know of it.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// SIGHUP, after a file was replaced.
    HangUp,
    /// The file is written where it is, through links.
    Rewritten,
    /// Another file takes its name.
    Renamed,
    /// The link to its directory is swapped, as in a mounted config map.
    Swapped,
}

impl Way {
    /// Most by SIGHUP: what is noticed is waited for until it has been quiet, and a test has no time for two hundred of it.
    const fn of(number: usize) -> Self {
        if !number.is_multiple_of(7) {
            return Self::HangUp;
        }
        match number / 7 % 3 {
            0 => Self::Rewritten,
            1 => Self::Renamed,
            _ => Self::Swapped,
        }
    }

    async fn change(self, gateway: &Gateway, number: usize, yaml: &str) {
        let folder = gateway.folder();
        match self {
            Self::Rewritten => fs::write(folder.join("backstop.yaml"), with_server(yaml)).unwrap(),
            Self::HangUp | Self::Renamed => {
                fs::write(folder.join("next.yaml"), with_server(yaml)).unwrap();
                fs::rename(folder.join("next.yaml"), folder.join("..data/backstop.yaml")).unwrap();
            }
            Self::Swapped => {
                let gone = fs::read_link(folder.join("..data")).unwrap();
                mount(folder, &format!("..{number}"), yaml);
                fs::remove_dir_all(folder.join(gone)).unwrap();
            }
        }
        if matches!(self, Self::HangUp) {
            gateway.hang_up().await;
        }
    }
}

/// A config map as Kubernetes mounts it: `backstop.yaml → ..data/backstop.yaml`, and `..data → VERSION`.
fn mount(folder: &Path, version: &str, yaml: &str) {
    fs::create_dir(folder.join(version)).unwrap();
    fs::write(folder.join(version).join("backstop.yaml"), with_server(yaml)).unwrap();
    symlink(version, folder.join("..data_tmp")).unwrap();
    fs::rename(folder.join("..data_tmp"), folder.join("..data")).unwrap();
}

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
        _ => good.replace("chains:", "chians:"),
    }
}

#[tokio::test]
async fn two_hundred_reloads_under_traffic_fail_no_request_and_leak_nothing() {
    let provider = Provider::start().await;
    let folder = Folder::new();
    mount(&folder.0, "..0", &good(&provider, 0));
    symlink("..data/backstop.yaml", folder.0.join("backstop.yaml")).unwrap();
    let gateway = Gateway::start_in(folder, &[]).await;
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
        let mut before = Held::default();
        for number in 1..=200 {
            let (way, is_good) = (Way::of(number), number % 2 == 1);
            let (yaml, counter) = match is_good {
                true => (good(&provider, number), APPLIED),
                false => (bad(&provider, number / 2), REFUSED),
            };
            let count = gateway.metric(counter).await;
            way.change(&gateway, number, &yaml).await;
            until(&format!("change {number}, {way:?}, is seen"), async || {
                gateway.metric(counter).await > count
            })
            .await;
            assert_eq!(gateway.metric("backstop_config_good").await, f64::from(u8::from(is_good)));
            if number == 50 {
                before = Held::by(&gateway);
            }
            let (status, _) = gateway.admin.get("/readyz").await;
            assert_eq!(status, StatusCode::OK, "a bad file is no reason to send traffic away");
        }
        // What the last 150 reloads opened and kept would show here, for the same traffic.
        let after = Held::by(&gateway);
        done.store(true, Ordering::Relaxed);
        (before, after)
    };
    let (.., (before, after)) = tokio::join!(caller(), caller(), caller(), caller(), operator);
    let streams = streams.load(Ordering::Relaxed);
    eprintln!("{streams} streams, none failed; after 50 reloads {before:?}, after 200 {after:?}");
    assert!(streams >= 4);

    let page = gateway.metrics().await;
    assert_eq!(value(&page, APPLIED), 100.0);
    // A file that is being written may be seen half written, and that is refused, too.
    assert!(value(&page, REFUSED) >= 100.0);
    assert_eq!(
        value(
            &page,
            r#"backstop_requests_total{chain="writer",dialect="openai-chat",status="200",outcome="success"}"#
        ),
        streams as f64
    );
    // Connections of providers that were replaced close when their last stream has ended.
    assert!(after.descriptors <= before.descriptors + 32, "{before:?}, then {after:?}");
    assert!(after.threads <= before.threads + 4, "{before:?}, then {after:?}");
    assert!(after.memory_kib <= before.memory_kib + (16 << 10), "{before:?}, then {after:?}");
    until("every stack but the last is gone", async || gateway.metric("backstop_stacks").await == 1.0).await;
    // The four callers' own streams used the last provider, or ones before it that are gone.
    until("connections of old stacks are closed", async || provider.connections() <= 8).await;
    sleep(Duration::from_millis(10)).await;
    assert_eq!(value(&gateway.metrics().await, "backstop_requests_in_flight"), 0.0);

    let log = gateway.log();
    let told: Vec<Value> = log
        .lines()
        .filter(|line| line.contains("the last good one serves on"))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(told.len() >= 100, "every bad file is told of, {} are", told.len());
    for line in told {
        let placed = line["line"].is_u64() && line["column"].is_u64();
        assert!(
            placed && line["level"] == "ERROR" && line["file"].as_str().unwrap().ends_with("backstop.yaml"),
            "{line}"
        );
    }
}

#[tokio::test]
async fn what_runs_ends_on_what_it_began_with() {
    let (a, b, c) = (Provider::start().await, Provider::start().await, Provider::start().await);
    let before = format!(
        "
providers:
  a: {{ dialect: openai-chat, base_url: \"{}\", api_key: sk-a }}
  b: {{ dialect: openai-chat, base_url: \"{}\", api_key: sk-b }}
chains:
  streams: {{ targets: [a/slow] }}
  falls: {{ retries: 0, targets: [a/busy-later, b/good] }}
",
        a.base_url, b.base_url
    );
    // Neither provider is there any more, and what the chains are called stands for something else.
    let after = format!(
        "
providers: {{ c: {{ dialect: openai-chat, base_url: \"{}\", api_key: sk-c }} }}
chains: {{ streams: {{ targets: [c/good] }}, falls: {{ targets: [c/good] }} }}
",
        c.base_url
    );
    let gateway = Gateway::start(&before, &["--no-watch"]).await;
    let streams = async {
        let (status, stream) = gateway.callers.ask("streams", true).await;
        assert_eq!((status, tokens(&stream)), (StatusCode::OK, Some(20)), "{stream}");
    };
    // Its first target fails only after the reload; the second is one that only the old configuration knows.
    let falls = async { assert_eq!(gateway.callers.ask("falls", false).await.0, StatusCode::OK) };
    let reloads = async {
        until("both have begun", async || (a.asked("slow"), a.asked("busy-later")) == (1, 1)).await;
        gateway.reload(&after).await;
        assert_eq!(b.asked("good"), 0, "nothing has fallen over yet");
        assert_eq!(gateway.metric("backstop_stacks").await, 2.0, "the old one lives on");
        for chain in ["streams", "falls"] {
            assert_eq!(gateway.callers.ask(chain, false).await.0, StatusCode::OK);
        }
        assert_eq!(c.asked("good"), 2);
        a.let_go();
    };
    tokio::join!(streams, falls, reloads);
    assert_eq!((b.asked("good"), c.asked("good")), (1, 2));
    until("the old one is gone", async || gateway.metric("backstop_stacks").await == 1.0).await;
    until("and so are its connections", async || a.connections() + b.connections() == 0).await;
}

/// What the process holds.
#[derive(Clone, Copy, Debug, Default)]
struct Held {
    descriptors: usize,
    threads: usize,
    memory_kib: usize,
}

impl Held {
    fn by(gateway: &Gateway) -> Self {
        Self {
            descriptors: gateway.descriptors(),
            threads: gateway.status("Threads:"),
            memory_kib: gateway.status("VmRSS:"),
        }
    }
}

const APPLIED: &str = r#"backstop_config_reload_total{result="applied"}"#;
const REFUSED: &str = r#"backstop_config_reload_total{result="refused"}"#;
