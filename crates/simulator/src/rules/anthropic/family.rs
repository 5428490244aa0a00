//! What the models can do, by how their names begin.

use crate::rules::{rule::Asked, view::text};

/// What a kind of model does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Family {
    /// The longest answer, in tokens.
    pub(super) max_output: u64,
    /// Whether it goes on from a last turn of its own.
    pub(super) prefill: bool,
    /// Which sampling parameters it takes.
    pub(super) sampling: Sampling,
    /// How it is told to think.
    pub(super) thinking: Thinking,
    /// Whether system messages may stand inside of the talk.
    pub(super) system_messages: bool,
}

/// Which sampling parameters a model takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sampling {
    /// All.
    Free,
    /// `temperature` or `top_p`, not both.
    One,
    /// None.
    Gone,
}

/// How a model is told to think.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Thinking {
    /// Not at all.
    No,
    /// By a number of tokens.
    Budget,
    /// Both ways.
    Either,
    /// As it sees fit.
    Adaptive,
}

/// The family of the model that is asked for; `None` where nothing is known of it.
pub(super) fn of(asked: &Asked<'_>) -> Option<&'static Family> {
    let model = text(asked.body, "model");
    FAMILIES.iter().find(|(start, _)| model.starts_with(start)).map(|(_, family)| family)
}

const fn family(max_output: u64, prefill: bool, sampling: Sampling, thinking: Thinking) -> Family {
    Family { max_output, prefill, sampling, thinking, system_messages: false }
}

/// The fifth generation.
const FIFTH: Family =
    Family { system_messages: true, ..family(128_000, false, Sampling::Gone, Thinking::Adaptive) };

/// The first that fits counts, so the longer of two beginnings stands first. From Anthropic's pages Models overview,
/// Extended thinking, Adaptive thinking and its migration guides; that 4.5 and 4.6 take one sampling parameter at a
/// time was measured at the API, 2026-09-29.
const FAMILIES: &[(&str, Family)] = &[
    ("claude-3-7", family(64_000, true, Sampling::Free, Thinking::Budget)),
    ("claude-3-5", family(8_192, true, Sampling::Free, Thinking::No)),
    ("claude-3", family(4_096, true, Sampling::Free, Thinking::No)),
    ("claude-opus-4-1", family(32_000, true, Sampling::One, Thinking::Budget)),
    ("claude-opus-4-5", family(64_000, true, Sampling::One, Thinking::Budget)),
    ("claude-opus-4-6", family(128_000, false, Sampling::One, Thinking::Either)),
    ("claude-opus-4-7", family(128_000, false, Sampling::Gone, Thinking::Adaptive)),
    ("claude-opus-4-8", family(128_000, false, Sampling::Gone, Thinking::Adaptive)),
    ("claude-opus-4", family(32_000, true, Sampling::Free, Thinking::Budget)),
    ("claude-sonnet-4-5", family(64_000, true, Sampling::One, Thinking::Budget)),
    ("claude-sonnet-4-6", family(128_000, false, Sampling::One, Thinking::Either)),
    ("claude-sonnet-4", family(64_000, true, Sampling::Free, Thinking::Budget)),
    ("claude-haiku-4-5", family(64_000, true, Sampling::One, Thinking::Budget)),
    ("claude-opus-5", FIFTH),
    ("claude-sonnet-5", FIFTH),
    ("claude-haiku-5", FIFTH),
    ("claude-fable-5", FIFTH),
    ("claude-mythos-5", FIFTH),
];
