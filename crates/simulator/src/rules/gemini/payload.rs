//! What the reader of the payload refuses: Google's APIs read JSON as protocol buffers.

use super::{
    Complaint, Rule, SPEC, messages,
    violation::{self, What},
};
use crate::rules::rule::Asked;

pub(super) const RULES: &[Rule<Complaint>] = &[
    Rule {
        name: "body-not-an-object",
        refuses: "a body that is no object",
        source: "Protocol Buffers guide, ProtoJSON format: a message is a JSON object",
        check: |asked| (!asked.body.is_object()).then(|| found(asked)).flatten(),
    },
    Rule {
        name: "field-unknown",
        refuses: "a field that its message does not have, wherever it stands",
        source: "the answer quoted in github.com/zed-industries/zed/issues/44875: Unknown name, Cannot find field",
        check: |asked| first_is(asked, What::UnknownName),
    },
    Rule {
        name: "field-not-repeated",
        refuses: "a list where a field holds one value",
        source: "the answer quoted in github.com/zed-industries/zed/issues/53919: Proto field is not repeating, cannot start list",
        check: |asked| first_is(asked, What::List),
    },
    Rule {
        name: "field-type",
        refuses: "a value of another type than its field's",
        source: SPEC,
        check: |asked| first_is(asked, What::Type),
    },
    Rule {
        name: "enum-unknown",
        refuses: "a word that is none of its field's",
        source: SPEC,
        check: |asked| first_is(asked, What::Enum),
    },
    Rule {
        name: "part-has-two",
        refuses: "a part that holds two things, of which it may hold one",
        source: "Gemini API reference, ai.google.dev/api/caching#Part: data is a union, it can be only one of its fields",
        check: |asked| first_is(asked, What::OneOf),
    },
    Rule {
        name: "bytes-not-base64",
        refuses: "bytes that are no base64",
        source: "the answer quoted in github.com/musistudio/claude-code-router/issues/845: Base64 decoding failed",
        check: |asked| first_is(asked, What::Base64),
    },
];

fn first_is(asked: &Asked<'_>, what: What) -> Option<Complaint> {
    let all = violation::all(&messages::REQUEST, asked.body);
    all.first().filter(|first| first.what == what)?;
    Complaint::violations(&all)
}

fn found(asked: &Asked<'_>) -> Option<Complaint> {
    Complaint::violations(&violation::all(&messages::REQUEST, asked.body))
}
