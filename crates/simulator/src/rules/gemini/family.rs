//! What the models can do, by how their names begin.

use crate::rules::rule::Asked;

/// What a kind of model does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Family {
    /// How it is told to think.
    pub(super) thinking: Thinking,
    /// The longest answer, in tokens.
    pub(super) max_output: f64,
    /// Whether it takes penalties.
    pub(super) penalties: bool,
    /// Whether it answers in JSON beside tools, and takes tools of both kinds at once.
    pub(super) combines: bool,
    /// Whether it refuses calls of functions that bear no signature.
    pub(super) wants_signatures: bool,
}

/// How a model is told to think.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Thinking {
    /// Not at all.
    No,
    /// By a number of tokens, from the one to the other; whether it can be told not to.
    Budget(i64, i64, bool),
    /// By a level; a budget is taken too.
    Level,
}

/// The model that is asked for: what stands between `models/` and the method.
pub(super) fn model<'r>(asked: &Asked<'r>) -> &'r str {
    let rest = asked.path.split_once("/models/").map_or("", |(_, rest)| rest);
    rest.rsplit_once(':').map_or(rest, |(model, _)| model)
}

/// The family of the model that is asked for; `None` where nothing is known of it.
pub(super) fn of(asked: &Asked<'_>) -> Option<&'static Family> {
    let model = model(asked);
    FAMILIES.iter().find(|(start, _)| model.starts_with(start)).map(|(_, family)| family)
}

const fn second(thinking: Thinking, penalties: bool) -> Family {
    Family {
        thinking,
        max_output: if penalties { 8_192.0 } else { 65_536.0 },
        penalties,
        combines: false,
        wants_signatures: false,
    }
}

/// The first that fits counts, so the longer of two beginnings stands first. From Google's pages Thinking and Gemini 3;
/// which models take penalties from github.com/vercel/ai/issues/8943.
const FAMILIES: &[(&str, Family)] = &[
    ("gemini-2.0", second(Thinking::No, true)),
    ("gemini-2.5-pro", second(Thinking::Budget(128, 32_768, false), false)),
    ("gemini-2.5-flash-lite", second(Thinking::Budget(512, 24_576, true), false)),
    ("gemini-2.5-flash", second(Thinking::Budget(1, 24_576, true), false)),
    (
        "gemini-3",
        Family {
            thinking: Thinking::Level,
            max_output: 65_536.0,
            penalties: false,
            combines: true,
            wants_signatures: true,
        },
    ),
];
