//! Runs a row through the real binary: every variant at once, each with providers, targets and a chain of its own.

use std::fmt::Write as _;

use futures_util::{StreamExt as _, stream};

use crate::{
    case::{CALLER_KEY, Case, KEY},
    client::Ask,
    gateway::Gateway,
    row::{At, Row, Side, Variant, Way},
    simulated::Simulated,
    verdict::Verdict,
};

/// What came of one variant.
#[derive(Debug)]
#[non_exhaustive]
pub struct Outcome {
    /// Which.
    pub variant: Variant,
    /// What is wrong with it.
    pub verdict: Verdict,
}

impl Outcome {
    /// What came of `variant`.
    #[must_use]
    pub const fn new(variant: Variant, verdict: Verdict) -> Self {
        Self { variant, verdict }
    }
}

/// What stands behind the targets of one variant.
#[derive(Debug)]
#[non_exhaustive]
pub struct Staged {
    /// Which variant.
    pub variant: Variant,
    /// The first provider.
    pub a: Simulated,
    /// The second one.
    pub b: Simulated,
}

/// Providers for every variant of a row, and the configuration of a gateway before them.
#[derive(Debug)]
#[non_exhaustive]
pub struct Stage {
    /// What stands behind the chains `chain0`, `chain1` and so on.
    pub staged: Vec<Staged>,
    /// The configuration.
    pub yaml: String,
}

impl Stage {
    /// Sets up `variants` of `row`.
    pub async fn new(row: &Row, variants: Vec<Variant>) -> Self {
        let mut staged = Vec::new();
        let (mut providers, mut chains) = (String::from("providers:\n"), String::from("chains:\n"));
        for (at, variant) in variants.into_iter().enumerate() {
            let a = Simulated::start(row.a.script.clone()).await;
            if row.a.at == At::TlsAlert {
                a.refuse_tls().await;
            }
            let b = Simulated::start(row.b.as_ref().map(|b| b.script.clone()).unwrap_or_default()).await;
            let mut targets = String::new();
            let sides =
                [("a", "alpha", Some(&row.a), &a, variant.a), ("b", "beta", row.b.as_ref(), &b, variant.b)];
            for (name, model, side, simulated, maker) in sides {
                let Some(side) = side else { continue };
                let url = url(side, simulated, maker.dialect());
                let speaks = maker.yaml();
                writeln!(providers, "  {name}{at}: {{ {speaks}, base_url: \"{url}\", api_key: {KEY} }}")
                    .expect("a string");
                writeln!(targets, "      - {{ model: {name}{at}/{model}, {} }}", timed(side.target, variant))
                    .expect("a string");
            }
            let chain = timed(row.chain, variant);
            let extra = if chain.is_empty() { String::new() } else { format!("    {chain}\n") };
            write!(chains, "  chain{at}:\n{extra}    targets:\n{targets}").expect("a string");
            staged.push(Staged { variant, a, b });
        }
        Self { staged, yaml: providers + &chains }
    }

    /// Asks the gateway at `address` for every variant, and judges what comes of it: first all the short prompts at
    /// once, then the long ones by twos, which keep a debug build busy enough.
    pub async fn play(&self, row: &Row, address: &str) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        for (long, at_once) in [(false, 64), (true, 2)] {
            let staged = self.staged.iter().enumerate().filter(|(_, staged)| staged.variant.long == long);
            let played = staged.map(|(at, staged)| staged.play(row, at, address));
            outcomes.extend(stream::iter(played).buffered(at_once).collect::<Vec<_>>().await);
        }
        outcomes
    }
}

impl Staged {
    /// The question that the caller of this variant, whose chain has the number `at`, asks.
    pub fn ask(&self, at: usize) -> Ask {
        Ask::new(self.variant.ingress, &format!("chain{at}"), &prompt(self.variant.long))
            .streamed(self.variant.way == Way::Streamed)
            .header("authorization", &format!("Bearer {CALLER_KEY}"))
            .header("x-api-key", CALLER_KEY)
            .header("x-goog-api-key", CALLER_KEY)
    }

    async fn play(&self, row: &Row, at: usize, address: &str) -> Outcome {
        let variant = self.variant;
        let (seen, took) = self.ask(at).send(address).await;
        let case = Case {
            variant,
            prompt: prompt(variant.long),
            seen,
            took,
            a: self.a.calls(),
            b: self.b.calls(),
            targets: [format!("a{at}/alpha"), format!("b{at}/beta")],
        };
        let mut verdict = Verdict::default();
        case.always(&mut verdict);
        if row.a.at == At::Simulator {
            let calls = (case.a.len() + case.b.len()).to_string();
            verdict.equal("x-backstop-attempts", case.seen.header("x-backstop-attempts"), calls.as_str());
        }
        (row.check)(&case, &mut verdict);
        Outcome { variant, verdict }
    }
}

/// Runs all variants of `row` through the real binary.
///
/// # Panics
///
/// With all that is wrong, where anything is.
pub async fn run(row: &Row) {
    let stage = Stage::new(row, row.variants()).await;
    let mut gateway = Gateway::start(&stage.yaml).await;
    let outcomes = stage.play(row, gateway.address()).await;
    assert!(gateway.is_running(), "the gateway has ended:\n{}", gateway.log());
    let log = gateway.log();
    for secret in [KEY, CALLER_KEY, MARK] {
        assert!(!log.contains(secret), "{secret:?} is in the log");
    }
    assert!(!log.contains("panicked"), "a panic:\n{log}");
    judge(row, &outcomes);
}

/// Notes what came of `row`.
///
/// # Panics
///
/// With all that is wrong, where anything is.
pub fn judge(row: &Row, outcomes: &[Outcome]) {
    crate::page::record(row, outcomes);
    let wrong: Vec<_> = outcomes.iter().filter(|outcome| !outcome.verdict.is_good()).collect();
    assert!(
        wrong.is_empty(),
        "{} of {} variants of {}:\n{}",
        wrong.len(),
        outcomes.len(),
        row.name,
        told(&wrong)
    );
}

fn told(wrong: &[&Outcome]) -> String {
    let mut text = String::new();
    for outcome in wrong {
        writeln!(text, "- {}", outcome.variant).expect("a string");
        for what in outcome.verdict.wrong() {
            writeln!(text, "    {what}").expect("a string");
        }
    }
    text
}

fn timed(yaml: &str, variant: Variant) -> String {
    yaml.replace("{clock}", &format!("{}s", variant.clock().as_secs()))
}

fn url(side: &Side, simulated: &Simulated, dialect: backstop_core::Dialect) -> String {
    let url = simulated.base_url(dialect);
    match side.at {
        At::Simulator => url,
        // The discard port, where nobody listens on a machine of today.
        At::Closed => crate::led::base_url("127.0.0.1:9", dialect),
        At::NoTls | At::TlsAlert => url.replacen("http://", "https://", 1),
        // A name that is never given out (RFC 6761, section 6.4).
        At::NoName => crate::led::base_url("nobody.invalid", dialect),
    }
}

/// A question that is no plain ASCII; of one mebibyte where it is `long`.
fn prompt(long: bool) -> String {
    let short = format!("{MARK}: tell \"me\" of 東京 and \\ the 🦀.\n");
    if long { short.repeat((1 << 20) / short.len() + 1) } else { short }
}

/// What every prompt has, and nothing else.
const MARK: &str = "zyzzyva";
