//! Streams through the real binary: nothing held back, nothing mixed up, nothing left running.

use std::time::{Duration, Instant};

use backstop_core::{Dialect, clock};
use backstop_tests::{
    client::{self, Ask},
    gateway::Gateway,
    led::{self, Led},
    live::Live,
    row::{Extent, Row, STREAMED},
    run::{Outcome, judge},
    verdict::Verdict,
    wait::within,
};

const DIALECTS: [Dialect; 3] = Dialect::ALL;
const MODEL: &str = "quick";

#[tokio::test]
async fn an_event_is_forwarded_when_it_arrives_and_not_when_the_next_one_does() {
    let mut gateway = Started::new("").await;
    for upstream in DIALECTS {
        for ingress in DIALECTS {
            let (mut live, call) = gateway.lockstep(ingress, upstream, 40).await;
            // The provider has said all, and keeps the connection: the end must not wait for it to hang up. Google's
            // streams have no sentinel, so that their end is the body's.
            call.send(led::closing(upstream, MODEL, 40)).await;
            let call = (upstream != Dialect::GeminiGenerate).then_some(call);
            within(Duration::from_millis(900), "the end of the stream", async {
                while live.piece().await.is_some() {}
            })
            .await;
            drop(call);
            let seen = live.rest().await;
            assert!(seen.is_success(), "{ingress} to {upstream}: {seen:?}");
            assert_eq!(seen.text, (0..40).map(text).collect::<String>());
            assert_eq!(seen.usage, Some((9, 40)));
            assert_eq!(seen.model, MODEL);
        }
    }
}

/// With Nagle's algorithm on, each event that follows another one waits for the reader's acknowledgement of it, which
/// the reader's kernel delays by 40 ms once the connection is no longer new: a hundred events take four seconds.
#[tokio::test]
async fn small_packets_are_not_held_back() {
    let mut gateway = Started::new("").await;
    for upstream in DIALECTS {
        let started = clock::now();
        let (live, call) = gateway.lockstep(Dialect::OpenaiChat, upstream, 300).await;
        assert!(since(started) < Duration::from_secs(4), "300 events took {:?}", since(started));
        call.send(led::closing(upstream, MODEL, 300)).await;
        assert!(live.rest().await.is_success());
    }
}

#[tokio::test]
async fn the_head_comes_with_the_first_token_and_no_earlier() {
    let mut gateway = Started::new("").await;
    for upstream in DIALECTS {
        for ingress in DIALECTS {
            let ask = Ask::new(ingress, Started::chain(upstream), "hello").streamed(true);
            let address = gateway.gateway.address().to_owned();
            let mut head = std::pin::pin!(ask.start(&address));
            let call = tokio::select! {
                _ = &mut head => panic!("a head before any token"),
                call = gateway.of(upstream).call() => call,
            };
            call.send(led::opening(upstream, MODEL)).await;
            let early = tokio::time::timeout(Duration::from_millis(100), &mut head).await;
            assert!(early.is_err(), "{ingress} to {upstream}: committed to a role");
            call.send(led::token(upstream, MODEL, "first")).await;
            let response = within(Duration::from_secs(1), "a head", head).await;
            let mut live = Live::new(ingress, response);
            live.until("first").await;
            call.send(led::closing(upstream, MODEL, 1)).await;
            let seen = live.rest().await;
            assert!(seen.is_success() && seen.text == "first", "{seen:?}");
        }
    }
}

/// Row 11, where the provider does not even hang up.
#[tokio::test]
async fn a_stream_without_a_sentinel_is_not_held_open() {
    let mut gateway = Started::new("").await;
    for upstream in DIALECTS {
        for ingress in DIALECTS {
            let (live, mut call) = gateway.lockstep(ingress, upstream, 3).await;
            let closing = led::closing(upstream, MODEL, 3);
            let sentinel = match upstream {
                Dialect::AnthropicMessages => "event: message_stop",
                // Google's streams have none, and end with the body alone.
                Dialect::GeminiGenerate => "\n\n",
                _ => "data: [DONE]",
            };
            let (finish, _) = closing.split_once(sentinel).unwrap();
            let finish = if upstream == Dialect::GeminiGenerate { &closing } else { finish };
            call.send(finish.to_owned()).await;
            let seen = within(Duration::from_secs(2), "the end of the stream", live.rest()).await;
            assert!(seen.is_success() && seen.terminated, "{ingress} to {upstream}: {seen:?}");
            assert_eq!(seen.usage, Some((9, 3)), "{ingress} to {upstream}");
            within(Duration::from_secs(1), "the call is let go", call.cancelled()).await;
        }
    }
}

/// Row 24, after the first token: there is always a byte, and never a token.
#[tokio::test]
async fn signs_of_life_are_no_answer() {
    let mut gateway = Started::new(", timeouts: { silent: 5s, idle: 1s }").await;
    for upstream in DIALECTS {
        for ingress in DIALECTS {
            let (live, mut call) = gateway.lockstep(ingress, upstream, 3).await;
            let pings = async {
                while call.try_send(": ping\n\n").await {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            };
            let ((), seen) = tokio::join!(pings, within(Duration::from_secs(4), "an end", live.rest()));
            assert_eq!(seen.error_type(), "timeout", "{ingress} to {upstream}: {seen:?}");
            assert_eq!(seen.text, (0..3).map(text).collect::<String>());
            assert!(
                seen.broken.is_empty() && seen.finish.is_none(),
                "{ingress} to {upstream}: {:?}",
                seen.broken
            );
            within(Duration::from_secs(1), "the call is let go", call.cancelled()).await;
        }
    }
}

/// Row 28: led by hand, since a simulator counts tokens, which takes its time with ten megabytes.
#[tokio::test]
async fn r28_large_event() {
    let row = Row::new("28-large-event", "one event of 10 MB", "A's exact answer")
        .ways(STREAMED)
        .extent(Extent::Few);
    let large = "0123456789 äöü 東京 \"quoted\" and\n".repeat(10_000_000 / 36);
    let mut gateway = Started::new("").await;
    let mut outcomes = Vec::new();
    for variant in row.variants() {
        let mut v = Verdict::default();
        let upstream = variant.a.dialect();
        let (live, call) = gateway.lockstep(variant.ingress, upstream, 1).await;
        call.send(led::token(upstream, MODEL, &large)).await;
        call.send(led::closing(upstream, MODEL, 2)).await;
        let seen = live.rest().await;
        v.that(seen.is_success() && seen.terminated, || format!("{:?} {:?}", seen.error, seen.broken));
        v.that(seen.text == text(0) + &large, || format!("{} bytes of text", seen.text.len()));
        v.equal("the usage", seen.usage, Some((9, 2)));
        outcomes.push(Outcome::new(variant, v));
    }
    judge(&row, &outcomes);
}

#[tokio::test]
async fn a_caller_who_leaves_cancels_the_call_within_a_second() {
    let mut gateway = Started::new("").await;
    for upstream in DIALECTS {
        for ingress in DIALECTS {
            // In the middle of a stream.
            let (live, mut call) = gateway.lockstep(ingress, upstream, 3).await;
            drop(live);
            within(Duration::from_secs(1), "the call is cancelled in mid-stream", call.cancelled()).await;

            // While nothing has come yet, streamed or not.
            for streamed in [true, false] {
                let ask = Ask::new(ingress, Started::chain(upstream), "hello").streamed(streamed);
                let address = gateway.gateway.address().to_owned();
                let mut call = {
                    let mut head = std::pin::pin!(ask.start(&address));
                    tokio::select! {
                        _ = &mut head => panic!("an answer from nowhere"),
                        call = gateway.of(upstream).call() => call,
                    }
                };
                let what = format!("{ingress} to {upstream}, streamed {streamed}: the call is cancelled");
                within(Duration::from_secs(1), &what, call.cancelled()).await;
            }
            assert!(!gateway.of(upstream).has_call(), "nobody asks again for a caller who left");
        }
    }
    assert!(gateway.gateway.is_running());
}

#[tokio::test]
async fn five_hundred_streams_come_out_unmixed() {
    const STREAMS: usize = 500;
    const TOKENS: usize = 12;
    let Started { gateway, upstreams } = Started::new("").await;
    let mut dialects = DIALECTS.into_iter();
    let feeds = upstreams.map(|up| {
        #[expect(clippy::disallowed_methods, reason = "ends with the test")]
        tokio::spawn(feed(up, dialects.next().expect("one each"), TOKENS))
    });

    let mut connections = Vec::new();
    for _ in 0..8 {
        connections.push(client::http2(gateway.address()).await);
    }
    let callers = (0..STREAMS).map(|number| {
        let mut connection = connections[number % connections.len()].clone();
        async move {
            let (ingress, upstream) = (DIALECTS[number % 3], DIALECTS[number / 3 % 3]);
            let name = format!("caller-{number:03}");
            let ask = Ask::new(ingress, Started::chain(upstream), &name).streamed(true);
            let seen = client::read(ingress, ask.start_over(&mut connection).await).await;
            assert!(seen.is_success(), "{name}: {seen:?}");
            assert_eq!(seen.text, (0..TOKENS).map(|at| format!("{name}.{at} ")).collect::<String>());
            assert_eq!(seen.usage, Some((9, TOKENS as u64)), "{name}");
        }
    });
    within(Duration::from_secs(60), "500 streams", futures_util::future::join_all(callers)).await;
    feeds.iter().for_each(tokio::task::JoinHandle::abort);
}

/// Answers every call with tokens that name it, all calls at the same pace, so that they come in turns.
async fn feed(mut upstream: Led, dialect: Dialect, tokens: usize) {
    loop {
        let call = upstream.call().await;
        #[expect(clippy::disallowed_methods, reason = "ends with the call")]
        tokio::spawn(async move {
            let asked = call.json();
            let prompt = &asked["messages"][0]["content"];
            let prompt = prompt.as_str().or_else(|| prompt[0]["text"].as_str());
            let prompt = prompt.or_else(|| asked["contents"][0]["parts"][0]["text"].as_str());
            let name = prompt.expect("a prompt").to_owned();
            call.send(led::opening(dialect, MODEL)).await;
            for at in 0..tokens {
                call.send(led::token(dialect, MODEL, &format!("{name}.{at} "))).await;
                tokio::task::yield_now().await;
            }
            call.send(led::closing(dialect, MODEL, tokens as u64)).await;
        });
    }
}

/// A gateway with a chain to each of three hand-led providers, one of each dialect.
struct Started {
    gateway: Gateway,
    upstreams: [Led; 3],
}

impl Started {
    async fn new(chain: &str) -> Self {
        let upstreams = [Led::start().await, Led::start().await, Led::start().await];
        let yaml = format!(
            "providers:
  o: {{ dialect: openai-chat, base_url: \"{}\" }}
  a: {{ dialect: anthropic-messages, base_url: \"{}\" }}
  g: {{ dialect: gemini-generate, base_url: \"{}\" }}
chains:
  to-openai: {{ targets: [o/{MODEL}] {chain} }}
  to-anthropic: {{ targets: [a/{MODEL}] {chain} }}
  to-gemini: {{ targets: [g/{MODEL}] {chain} }}
",
            upstreams[0].base_url(DIALECTS[0]),
            upstreams[1].base_url(DIALECTS[1]),
            upstreams[2].base_url(DIALECTS[2]),
        );
        Self { gateway: Gateway::start(&yaml).await, upstreams }
    }

    fn chain(upstream: Dialect) -> &'static str {
        match upstream {
            Dialect::AnthropicMessages => "to-anthropic",
            Dialect::GeminiGenerate => "to-gemini",
            _ => "to-openai",
        }
    }

    fn of(&mut self, upstream: Dialect) -> &mut Led {
        &mut self.upstreams[DIALECTS.iter().position(|dialect| *dialect == upstream).expect("one of them")]
    }

    /// Streams `tokens` tokens, each sent only when the caller has the one before it.
    async fn lockstep(&mut self, ingress: Dialect, upstream: Dialect, tokens: usize) -> (Live, led::Call) {
        let ask = Ask::new(ingress, Self::chain(upstream), "hello").streamed(true);
        let address = self.gateway.address().to_owned();
        let (response, call) = tokio::join!(ask.start(&address), async {
            let call = self.of(upstream).call().await;
            call.send(led::opening(upstream, MODEL)).await;
            call.send(led::token(upstream, MODEL, &text(0))).await;
            call
        });
        let mut live = Live::new(ingress, response);
        live.until(&text(0)).await;
        for at in 1..tokens {
            call.send(led::token(upstream, MODEL, &text(at))).await;
            live.until(&text(at)).await;
        }
        (live, call)
    }
}

fn text(at: usize) -> String {
    format!("token-{at:03} ")
}

fn since(started: Instant) -> Duration {
    clock::now().saturating_duration_since(started)
}
