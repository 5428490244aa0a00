//! One run of a row: what the caller got, and what the providers saw.

use std::time::{Duration, Instant};

use backstop_core::Dialect;
use bytes::Bytes;
use http::HeaderMap;
use serde_json::Value;

use crate::{
    maker::Maker,
    reading::Observed,
    row::{Variant, Way},
    verdict::Verdict,
};

/// One run of a row.
#[derive(Debug)]
#[non_exhaustive]
pub struct Case {
    /// Which.
    pub variant: Variant,
    /// What was asked.
    pub prompt: String,
    /// What the caller got.
    pub seen: Observed,
    /// How long it took, all of it.
    pub took: Duration,
    /// What the first provider saw.
    pub a: Vec<Call>,
    /// What the second one saw.
    pub b: Vec<Call>,
    /// What the gateway calls the two targets.
    pub targets: [String; 2],
}

/// A call that a provider saw.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Call {
    /// When it came in.
    pub at: Instant,
    /// Its path and query.
    pub target: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
    /// What the provider told of input and output tokens, as far as it got.
    pub usage: Option<(u64, u64)>,
    /// The rule of the real API that it broke, if it broke one.
    pub refused_by: Option<&'static str>,
}

/// Which target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Who {
    /// The first.
    A,
    /// The next.
    B,
}

impl Case {
    /// Whether it streams.
    #[must_use]
    pub fn is_streamed(&self) -> bool {
        self.variant.way == Way::Streamed
    }

    /// It took at least that share of the variant's clock, and hardly longer than the clock.
    ///
    /// The slack of short prompts is less than the shortest default clock, so that a clock that was not set shows; long
    /// ones keep a debug build busy.
    pub fn timed(&self, v: &mut Verdict, share: f64) {
        let (clock, took) = (self.variant.clock(), self.took);
        let slack = Duration::from_secs(if self.variant.long { 30 } else { 10 });
        v.that(took >= clock.mul_f64(share) && took < clock + slack, || format!("it took {took:?}"));
    }

    /// The caller has the whole answer `text` of `who`, with its model and its usage.
    pub fn answered(&self, v: &mut Verdict, who: Who, text: &str) {
        let seen = &self.seen;
        v.equal("the status", seen.status.as_u16(), 200_u16);
        v.that(seen.error.is_none(), || format!("an error: {:?}", seen.error));
        v.that(seen.text == text, || format!("the text is {:?}", shortened(&seen.text)));
        v.that(seen.terminated, || "no terminator".to_owned());
        v.that(matches!(seen.finish.as_deref(), Some("stop" | "end_turn" | "STOP")), || {
            format!("the finish is {:?}", seen.finish)
        });
        let (at, calls, maker) = match who {
            Who::A => (0, &self.a, self.variant.a),
            Who::B => (1, &self.b, self.variant.b),
        };
        v.equal("x-backstop-target", seen.header("x-backstop-target"), self.targets[at].as_str());
        v.equal(
            "the model",
            Some(seen.model.as_str()),
            self.targets[at].split_once('/').map(|(_, model)| model),
        );
        match calls.last() {
            // Mistral tells the usage of a stream unasked; OpenAI, which is played in its place, does not, and was not
            // asked because Mistral refuses the question.
            Some(call) if self.is_streamed() && maker == Maker::Mistral && call.usage.is_none() => {}
            Some(call) => v.equal("the usage", seen.usage, call.usage),
            None => v.that(false, || format!("{who:?} was never called")),
        }
    }

    /// The answer is the second target's, because the first one failed for `reason`, after `calls` calls there.
    pub fn fell_over(&self, v: &mut Verdict, reason: &str, calls: usize) {
        self.answered(v, Who::B, crate::row::B_TEXT);
        self.calls(v, calls, 1);
        v.equal("x-backstop-fallback-reason", self.seen.header("x-backstop-fallback-reason"), reason);
    }

    /// The answer is the first target's, after `calls` calls there.
    pub fn stayed(&self, v: &mut Verdict, text: &str, calls: usize) {
        self.answered(v, Who::A, text);
        self.calls(v, calls, 0);
        v.equal("x-backstop-fallback-reason", self.seen.header("x-backstop-fallback-reason"), "");
    }

    /// The providers saw so many calls.
    pub fn calls(&self, v: &mut Verdict, a: usize, b: usize) {
        v.equal("the number of calls to A", self.a.len(), a);
        v.equal("the number of calls to B", self.b.len(), b);
    }

    /// The caller has one error, before any answer.
    pub fn failed(&self, v: &mut Verdict, status: u16, error_type: &str) {
        v.equal("the status", self.seen.status.as_u16(), status);
        v.equal("error_type", self.seen.error_type(), error_type);
        v.equal("x-backstop-error-type", self.seen.header("x-backstop-error-type"), error_type);
        v.equal("x-should-retry", self.seen.header("x-should-retry"), "false");
        v.that(self.seen.text.is_empty(), || "text beside the error".to_owned());
        v.equal("the content type", self.seen.header("content-type"), "application/json");
    }

    /// The caller has the beginning of the first target's `text`, of at least `least` bytes, and then an error event.
    pub fn broke_off(&self, v: &mut Verdict, text: &str, least: usize, error_type: &str) {
        let seen = &self.seen;
        v.equal("the status", seen.status.as_u16(), 200_u16);
        v.that(text.starts_with(&seen.text) && seen.text.len() >= least && seen.text != text, || {
            format!("the text is {:?}", shortened(&seen.text))
        });
        v.that(seen.error.is_some(), || "an unmarked end".to_owned());
        v.that(seen.finish.is_none(), || format!("a finish: {:?}", seen.finish));
        v.equal("error_type", seen.error_type(), error_type);
        v.equal("x-backstop-target", seen.header("x-backstop-target"), self.targets[0].as_str());
    }

    /// What must hold of every case, whatever goes wrong.
    pub fn always(&self, v: &mut Verdict) {
        let seen = &self.seen;
        v.that(seen.broken.is_empty(), || format!("broken grammar: {:?}", seen.broken));
        v.that(seen.header("x-backstop-request-id").len() == 36, || "no request id".to_owned());
        v.that(seen.error.is_some() != (seen.finish.is_some() && seen.terminated), || {
            format!("neither an answer nor an error, or both: {}", shortened(&seen.body))
        });
        v.that(!seen.body.contains(KEY), || "a provider's key reaches the caller".to_owned());
        for (name, value) in &seen.headers {
            let told = String::from_utf8_lossy(value.as_bytes());
            v.that(!told.contains(KEY), || format!("a provider's key reaches the caller in {name}"));
        }
        let (a, b) = (self.variant.a, self.variant.b);
        self.a.iter().for_each(|call| self.carried(v, call, a, "alpha"));
        self.b.iter().for_each(|call| self.carried(v, call, b, "beta"));
        let all = |calls: &[Call]| calls.windows(2).all(|pair| pair[0].body == pair[1].body);
        v.that(all(&self.a) && all(&self.b), || "a replay is not the same, byte for byte".to_owned());
        let (last_a, first_b) = (self.a.last(), self.b.first());
        if let (Some(a), Some(b)) = (last_a, first_b) {
            v.that(a.at <= b.at, || "A is asked again after B".to_owned());
        }
        if seen.error.is_some() && !seen.status.is_success() {
            v.that(!seen.message().is_empty(), || "an error without a message".to_owned());
            v.that(!seen.attempts().is_empty(), || "an error without a trail".to_owned());
        }
    }

    /// A provider got what the caller asked, and nothing that is the caller's alone.
    fn carried(&self, v: &mut Verdict, call: &Call, maker: Maker, model: &str) {
        let body: Value = serde_json::from_slice(&call.body).unwrap_or_default();
        let asked = asked(maker, call, &body);
        v.equal("the model that is asked for", asked.model, model);
        v.that(asked.text == self.prompt, || {
            format!("the prompt is not the caller's: {:?}", shortened(asked.text))
        });
        v.equal("the number of messages", asked.messages, 1_usize);
        v.equal("the token limit", asked.limit, Some(1000_u64));
        v.equal("stream", asked.stream, self.is_streamed());
        for field in maker.refuses() {
            v.that(body.get(field).is_none(), || format!("`{field}`, which {maker} does not take"));
        }
        for (name, value) in &call.headers {
            let told = String::from_utf8_lossy(value.as_bytes());
            v.that(!told.contains(CALLER_KEY), || format!("the caller's key goes up in {name}"));
        }
        v.that(call.refused_by.is_none(), || format!("the real API would refuse it: {:?}", call.refused_by));
        let keyed =
            call.headers.values().any(|value| String::from_utf8_lossy(value.as_bytes()).contains(KEY));
        v.that(keyed, || "a call without the provider's key".to_owned());
    }
}

/// What a provider was asked.
struct Asked<'a> {
    model: &'a str,
    text: &'a str,
    messages: usize,
    limit: Option<u64>,
    stream: bool,
}

fn asked<'a>(maker: Maker, call: &'a Call, body: &'a Value) -> Asked<'a> {
    let list = |field: &str| body[field].as_array().map_or(0, Vec::len);
    if maker.dialect() == Dialect::GeminiGenerate {
        let (path, query) = call.target.split_once('?').unwrap_or((&call.target, ""));
        let (model, method) = path
            .split_once("/v1beta/models/")
            .and_then(|(_, rest)| rest.rsplit_once(':'))
            .unwrap_or_default();
        return Asked {
            model,
            text: body["contents"][0]["parts"][0]["text"].as_str().unwrap_or_default(),
            messages: list("contents"),
            limit: body["generationConfig"]["maxOutputTokens"].as_u64(),
            stream: method == "streamGenerateContent" && query.split('&').any(|pair| pair == "alt=sse"),
        };
    }
    let content = &body["messages"][0]["content"];
    Asked {
        model: body["model"].as_str().unwrap_or_default(),
        text: content.as_str().or_else(|| content[0]["text"].as_str()).unwrap_or_default(),
        messages: list("messages"),
        limit: body["max_tokens"].as_u64().or_else(|| body["max_completion_tokens"].as_u64()),
        stream: body["stream"] == true,
    }
}

/// What the configuration says is the providers' key.
pub const KEY: &str = "sk-provider-7f3a9c";

/// What callers say is theirs.
pub const CALLER_KEY: &str = "sk-caller-2b8e1d";

fn shortened(text: &str) -> String {
    text.chars().take(300).collect()
}
