//! The real stack, whole, over simulated providers in the same process: no socket, so that paused time passes at once.

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use backstop_config::{Config, Environment, ServerConfig};
use backstop_core::{Dialect, Payload};
use backstop_gateway::{
    server::{Gateway, Health},
    stack::StackBuilder,
};
use backstop_simulator::Simulator;
use backstop_tests::{
    client::Ask,
    reading::{self, Observed},
};
use http::{HeaderValue, Request, header};
use http_body_util::{BodyExt as _, Full};
use tokio::time::Instant;
use tower::ServiceExt as _;

/// Who speaks what, and whether it is streamed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way {
    pub(crate) caller: Dialect,
    pub(crate) a: Dialect,
    pub(crate) b: Dialect,
    pub(crate) streamed: bool,
}

impl Way {
    /// Every caller with every first provider, streamed and not; the second one takes turns.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let dialect = |number: usize| Dialect::ALL[number % 3];
        (0..18).map(move |number: usize| Self {
            caller: dialect(number),
            a: dialect(number / 3),
            b: dialect(number + number / 3 + number / 9),
            streamed: number >= 9,
        })
    }

    pub(crate) fn whole() -> impl Iterator<Item = Self> {
        Self::all().filter(|way| !way.streamed)
    }

    pub(crate) fn streamed() -> impl Iterator<Item = Self> {
        Self::all().filter(|way| way.streamed)
    }
}

/// What is taken out of the stack, to show what it is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Without {
    Nothing,
    /// Answers count from their head on.
    Commit,
    /// Neither gaps between bytes nor between tokens are timed.
    IdleClocks,
    Breaker,
    /// Providers' `retry-after` is never read.
    RetryAfter,
}

/// A gateway before the providers A and B.
pub(crate) struct World {
    pub(crate) a: Simulator,
    pub(crate) b: Simulator,
    way: Way,
    gateway: Gateway,
}

/// What a caller got, and when.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) seen: Observed,
    pub(crate) took: Duration,
}

impl Got {
    /// A whole answer, from `target`.
    pub(crate) fn is_answer_of(&self, target: &str, way: Way) {
        assert!(self.seen.is_success(), "{way:?}: {:?} {}", self.seen.broken, self.seen.body);
        assert!(self.seen.text.starts_with("Say this back:"), "{way:?}: {}", self.seen.body);
        let header = self.seen.header("x-backstop-target");
        assert!(header.starts_with(&format!("{target}/")), "{way:?}: {header} answered, not {target}");
        assert_eq!(self.seen.model, model(if target == "a" { way.a } else { way.b }), "{way:?}");
    }
}

impl World {
    /// Every default untouched.
    pub(crate) fn new(way: Way, without: Without) -> Self {
        Self::with(way, "", without)
    }

    /// With `extra` in the chain.
    pub(crate) fn with(way: Way, extra: &str, without: Without) -> Self {
        let part = match without {
            Without::IdleClocks => "timeouts: { silent: 1h, idle: 1h },",
            Without::Breaker => "breaker: off,",
            _ => "",
        };
        let yaml = format!(
            "providers:
  a: {{ dialect: {}, base_url: \"http://a.invalid/v1\", api_key: key-of-a }}
  b: {{ dialect: {}, base_url: \"http://b.invalid/v1\", api_key: key-of-b }}
chains:
  chat: {{ {extra} {part} targets: [a/{}, b/{}] }}
",
            way.a,
            way.b,
            model(way.a),
            model(way.b)
        );
        let config = Config::parse("test.yaml", &yaml, &Environment::empty()).expect("a good configuration");
        let (a, b) = (Simulator::new("a").with_key("key-of-a"), Simulator::new("b").with_key("key-of-b"));
        let builder = StackBuilder::new(config);
        let builder = if without == Without::Commit { builder.without_commit() } else { builder };
        let stack = builder
            .with_leaf(|provider| {
                let simulator = if provider.name == "a" { a.clone() } else { b.clone() };
                let (dialect, key) = (provider.dialect, format!("key-of-{}", provider.name));
                Box::new(move |layers| {
                    let key = key.clone();
                    let leaf = simulator.clone().map_request(move |request| keyed(request, dialect, &key));
                    layers.over(leaf.map_response(move |mut response| {
                        if without == Without::RetryAfter {
                            response.headers_mut().remove(header::RETRY_AFTER);
                        }
                        response
                    }))
                })
            })
            .build()
            .expect("a stack");
        let stack = Arc::new(ArcSwap::from_pointee(stack));
        let gateway = Gateway::new(&ServerConfig::default(), stack, Health::new());
        Self { a, b, way, gateway }
    }

    /// One request, read to its end.
    pub(crate) async fn ask(&self) -> Got {
        self.ask_for("Say this back: one two three four five six seven eight nine ten").await
    }

    pub(crate) async fn ask_for(&self, prompt: &str) -> Got {
        let ask = Ask::new(self.way.caller, "chat", prompt).streamed(self.way.streamed);
        let request = Request::post(ask.path())
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(ask.bytes()))
            .expect("a request");
        let begun = Instant::now();
        let response = self.gateway.clone().oneshot(request).await.expect("never fails");
        let (head, body) = response.into_parts();
        let body = body.collect().await.expect("never fails").to_bytes();
        let took = Instant::now().saturating_duration_since(begun);
        let seen = reading::read(self.way.caller, head.status, head.headers, &body);
        Got { seen, took }
    }
}

fn keyed(mut request: Request<Payload>, dialect: Dialect, key: &str) -> Request<Payload> {
    let (name, value) = match dialect {
        Dialect::AnthropicMessages => ("x-api-key", key.to_owned()),
        Dialect::GeminiGenerate => ("x-goog-api-key", key.to_owned()),
        _ => ("authorization", format!("Bearer {key}")),
    };
    request.headers_mut().insert(name, HeaderValue::try_from(value).expect("a header value"));
    request
}

/// Models that do not reason before they speak, so that the shorter limits hold.
pub(crate) fn model(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::AnthropicMessages => "claude-haiku-4-5",
        Dialect::GeminiGenerate => "gemini-2.5-flash-lite",
        _ => "gpt-4.1-mini",
    }
}
