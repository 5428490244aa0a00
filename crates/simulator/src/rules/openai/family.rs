//! What the models can do, by how their names begin.

use crate::rules::{
    rule::Asked,
    view::{given, text},
};

/// A kind of model. A name that none of them has is taken at its word: nothing is known that it refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// Nothing is known.
    Unknown,
    /// It does not reason; its longest answer, in tokens.
    Plain(u64),
    /// It always reasons; the efforts that it takes.
    Reasoning(&'static [&'static str]),
    /// It reasons if an effort says so.
    Reserved(&'static [&'static str]),
    /// It reasons unless the effort `none` says otherwise.
    Eager(&'static [&'static str]),
}

impl Family {
    /// Whether it reasons at all.
    pub(super) const fn can_reason(self) -> bool {
        matches!(self, Self::Reasoning(_) | Self::Reserved(_) | Self::Eager(_))
    }

    /// Whether it reasons over `asked`.
    pub(super) fn reasons(self, asked: &Asked<'_>) -> bool {
        let effort = given(asked.body, "reasoning_effort");
        match self {
            Self::Unknown | Self::Plain(_) => false,
            Self::Reasoning(_) => true,
            Self::Reserved(_) => effort.is_some_and(|effort| effort != "none"),
            Self::Eager(_) => effort.is_none_or(|effort| effort != "none"),
        }
    }

    /// The efforts that it takes; none where it does not reason or nothing is known.
    pub(super) const fn efforts(self) -> &'static [&'static str] {
        match self {
            Self::Unknown | Self::Plain(_) => &[],
            Self::Reasoning(efforts) | Self::Reserved(efforts) | Self::Eager(efforts) => efforts,
        }
    }
}

/// The family of the model that is asked for.
pub(super) fn of(asked: &Asked<'_>) -> Family {
    let model = text(asked.body, "model");
    FAMILIES.iter().find(|(start, _)| model.starts_with(start)).map_or(Family::Unknown, |(_, family)| *family)
}

/// The first that fits counts, so the longer of two beginnings stands first. From OpenAI's pages of the models and
/// its guides to reasoning and to GPT-5.1 and later; the efforts of 5.6 and 6 from its answers.
const FAMILIES: &[(&str, Family)] = &[
    ("gpt-3.5-turbo", Family::Plain(4_096)),
    ("gpt-4o-2024-05-13", Family::Plain(4_096)),
    ("gpt-4o", Family::Plain(16_384)),
    ("gpt-4.1", Family::Plain(32_768)),
    ("gpt-4-turbo", Family::Plain(4_096)),
    ("gpt-5-chat", Family::Plain(16_384)),
    ("gpt-5.1", Family::Reserved(&["none", "low", "medium", "high"])),
    ("gpt-5.2", Family::Reserved(FROM_NONE)),
    ("gpt-5.4", Family::Reserved(FROM_NONE)),
    ("gpt-5.5", Family::Eager(FROM_NONE)),
    ("gpt-5.6", Family::Eager(FROM_NONE)),
    ("gpt-6-astra", Family::Eager(FROM_LOW)),
    ("gpt-6", Family::Eager(FROM_NONE)),
    ("gpt-5.", Family::Unknown),
    ("gpt-5", Family::Reasoning(&["minimal", "low", "medium", "high"])),
    ("o1", Family::Reasoning(&["low", "medium", "high"])),
    ("o3", Family::Reasoning(&["low", "medium", "high"])),
    ("o4-mini", Family::Reasoning(&["low", "medium", "high"])),
];
const FROM_NONE: &[&str] = &["none", "low", "medium", "high", "xhigh"];
const FROM_LOW: &[&str] = &["low", "medium", "high", "xhigh"];
