//! A row of the failure scenarios: what goes wrong at the first target, and what must come of it.

use std::{fmt, time::Duration};

use backstop_core::Dialect;
use backstop_simulator::{Answer, Behaviour, Script};

use crate::{case::Case, maker::Maker, verdict::Verdict};

/// A row: one declaration, run through every variant.
#[non_exhaustive]
pub struct Row {
    /// A short name, beginning with the number of the scenario.
    pub name: &'static str,
    /// What the first target does, for the page.
    pub does: &'static str,
    /// What the caller gets, for the page.
    pub gets: &'static str,
    /// Whether it is asked streamed, not streamed, or both.
    pub ways: &'static [Way],
    /// What else the chain says, as YAML. `{clock}` stands for [`Variant::clock`].
    pub chain: &'static str,
    /// The first target.
    pub a: Side,
    /// The next one, if there is one.
    pub b: Option<Side>,
    /// With which prompts and first targets it is run.
    pub extent: Extent,
    /// First targets that it is not run with: what they say is not understood yet.
    pub except: &'static [Maker],
    /// What must hold, besides what must hold in all rows.
    pub check: fn(&Case, &mut Verdict),
}

/// One target and what stands behind it.
#[non_exhaustive]
pub struct Side {
    /// Where the gateway is sent.
    pub at: At,
    /// What else the target says, as YAML. `{clock}` stands for [`Variant::clock`].
    pub target: &'static str,
    /// What its provider does.
    pub script: Script,
}

/// Whether a request streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Way {
    /// It wants a stream.
    Streamed,
    /// It wants a whole answer.
    Whole,
}

/// Where the gateway is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum At {
    /// To a simulated provider.
    Simulator,
    /// To a port at which nobody listens.
    Closed,
    /// To a server that speaks no TLS, over TLS.
    NoTls,
    /// To a TLS server that wants no session.
    TlsAlert,
    /// To a host name that nobody has.
    NoName,
}

/// One way to run a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Variant {
    /// What the caller speaks.
    pub ingress: Dialect,
    /// Whose API the first target is.
    pub a: Maker,
    /// Whose API the next target is.
    pub b: Maker,
    /// Whether the request streams.
    pub way: Way,
    /// Whether the prompt has a mebibyte.
    pub long: bool,
}

/// With which prompts and first targets a row is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Extent {
    /// Every caller with every first target, and six of these once more with a prompt of a mebibyte: each first target
    /// once, callers in turn, which caller begins differs from row to row.
    Usual,
    /// Every caller with every first target, and all of them once more with a prompt of a mebibyte.
    Long,
    /// Every caller with every first target; no long prompts.
    Short,
    /// Every caller with one first target of each dialect; no long prompts.
    Few,
}

/// What callers speak.
pub const INGRESS: [Dialect; 3] = Dialect::ALL;

/// Both ways.
pub const BOTH: &[Way] = &[Way::Streamed, Way::Whole];

/// For what only streams can do.
pub const STREAMED: &[Way] = &[Way::Streamed];

/// For what only whole answers can do.
pub const WHOLE: &[Way] = &[Way::Whole];

/// What the first provider answers where a row does not say otherwise.
pub const A_TEXT: &str = "Alpha answers: naïve “quotes”, 東京, and a 🦀 — line\nbreak.";

/// What the second one answers.
pub const B_TEXT: &str = "Beta answers: groß, 北京,\tand \"more\" 🐢 than\\that.";

impl Row {
    /// A row with a healthy second target, both ways.
    #[must_use]
    pub fn new(name: &'static str, does: &'static str, gets: &'static str) -> Self {
        Self {
            name,
            does,
            gets,
            ways: BOTH,
            chain: "",
            a: Side { at: At::Simulator, target: "", script: healthy(A_TEXT) },
            b: Some(Side { at: At::Simulator, target: "", script: healthy(B_TEXT) }),
            extent: Extent::Usual,
            except: &[],
            check: |_, _| {},
        }
    }

    /// What the first provider does.
    #[must_use]
    pub fn a(mut self, script: Script) -> Self {
        self.a.script = script;
        self
    }

    /// What the second provider does.
    #[must_use]
    pub fn b(mut self, script: Script) -> Self {
        self.b = Some(Side { at: At::Simulator, target: "", script });
        self
    }

    /// There is no second target.
    #[must_use]
    pub fn alone(mut self) -> Self {
        self.b = None;
        self
    }

    /// Where the gateway is sent for the first target.
    #[must_use]
    pub const fn at(mut self, at: At) -> Self {
        self.a.at = at;
        self
    }

    /// What else the first target says.
    #[must_use]
    pub const fn target(mut self, yaml: &'static str) -> Self {
        self.a.target = yaml;
        self
    }

    /// What else the second target says.
    #[must_use]
    pub fn target_b(mut self, yaml: &'static str) -> Self {
        if let Some(b) = &mut self.b {
            b.target = yaml;
        }
        self
    }

    /// What else the chain says.
    #[must_use]
    pub const fn chain(mut self, yaml: &'static str) -> Self {
        self.chain = yaml;
        self
    }

    /// Whether it is asked streamed, not streamed, or both.
    #[must_use]
    pub const fn ways(mut self, ways: &'static [Way]) -> Self {
        self.ways = ways;
        self
    }

    /// What must hold, besides what must hold in all rows.
    #[must_use]
    pub const fn check(mut self, check: fn(&Case, &mut Verdict)) -> Self {
        self.check = check;
        self
    }

    /// First targets that it is not run with.
    #[must_use]
    pub const fn except(mut self, makers: &'static [Maker]) -> Self {
        self.except = makers;
        self
    }

    /// With which prompts and first targets it is run.
    #[must_use]
    pub const fn extent(mut self, extent: Extent) -> Self {
        self.extent = extent;
        self
    }

    /// All ways to run it: every caller with every first target, streamed and not, and some of them once more with a
    /// prompt of one mebibyte (row 22). The second target is another for each first one, so that each is second once for
    /// each caller and way; not every pair of targets meets.
    #[must_use]
    pub fn variants(&self) -> Vec<Variant> {
        let mut all = Vec::new();
        let shift = self.name.bytes().map(usize::from).sum::<usize>();
        for long in [false, true] {
            for (caller, ingress) in INGRESS.into_iter().enumerate() {
                for (at, a) in Maker::ALL.into_iter().enumerate() {
                    for (nth, way) in self.ways.iter().enumerate() {
                        let b = Maker::ALL[(at + 1 + caller + 2 * nth) % Maker::ALL.len()];
                        let runs = match (self.extent, long) {
                            (Extent::Usual, true) => {
                                at % 3 == (caller + shift) % 3 && nth == (at / 3 + shift) % self.ways.len()
                            }
                            (Extent::Usual, false) | (Extent::Long, _) => true,
                            (Extent::Short, long) => !long,
                            (Extent::Few, long) => !long && at < Dialect::ALL.len(),
                        };
                        if runs {
                            all.push(Variant { ingress, a, b, way: *way, long });
                        }
                    }
                }
            }
        }
        all.retain(|it| !self.except.contains(&it.a));
        all
    }
}

impl Variant {
    /// How long a clock runs that must run out. Longer for long prompts: the time in which a debug build prepares one
    /// counts.
    #[must_use]
    pub const fn clock(self) -> Duration {
        Duration::from_secs(if self.long { 4 } else { 1 })
    }
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Row").field("name", &self.name).finish_non_exhaustive()
    }
}

impl fmt::Debug for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Side").field("at", &self.at).finish_non_exhaustive()
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = if self.way == Way::Streamed { "streamed" } else { "whole" };
        let long = if self.long { ", 1 MiB" } else { "" };
        write!(f, "{} → {}, then {} ({way}{long})", self.ingress, self.a, self.b)
    }
}

/// Answers the same text every time.
#[must_use]
pub fn healthy(text: &str) -> Script {
    Script::always(Answer::text(text))
}

/// [`A_TEXT`], with what goes wrong.
#[must_use]
pub fn alpha(faults: impl IntoIterator<Item = backstop_simulator::Fault>) -> Behaviour {
    faults.into_iter().fold(Behaviour::from(Answer::text(A_TEXT)), Behaviour::with)
}
