//! What must be there.

use serde_json::Value;

use super::{Complaint, MEASURED, Rule};
use crate::rules::{rule::Asked, view::list};

pub(super) const RULES: &[Rule<Complaint>] = &[
    Rule {
        name: "version-header-missing",
        refuses: "a request without the header anthropic-version",
        source: "Anthropic API overview, Versioning: the header is required",
        check: version,
    },
    Rule { name: "body-not-an-object", refuses: "a body that is no object", source: MEASURED, check: object },
    Rule { name: "model-missing", refuses: "no model, or an empty one", source: MEASURED, check: model },
    Rule { name: "max-tokens-missing", refuses: "no max_tokens", source: MEASURED, check: max_tokens },
    Rule { name: "messages-missing", refuses: "no messages", source: MEASURED, check: messages },
    Rule { name: "messages-empty", refuses: "an empty array of messages", source: MEASURED, check: empty },
];

fn version(asked: &Asked<'_>) -> Option<Complaint> {
    let is_there = asked.headers.get("anthropic-version").is_some_and(|version| !version.is_empty());
    (!is_there).then(|| Complaint::new("anthropic-version: header is required")).flatten()
}

fn object(asked: &Asked<'_>) -> Option<Complaint> {
    (!asked.body.is_object()).then(|| Complaint::new("Input should be an object")).flatten()
}

fn model(asked: &Asked<'_>) -> Option<Complaint> {
    match asked.body.get("model") {
        None => Complaint::missing("model"),
        Some(Value::String(model)) if model.is_empty() => {
            Complaint::new("model: String should have at least 1 character")
        }
        Some(Value::String(_)) => None,
        Some(_) => Complaint::should_be("model", "a valid string"),
    }
}

fn max_tokens(asked: &Asked<'_>) -> Option<Complaint> {
    match asked.body.get("max_tokens") {
        None => Complaint::missing("max_tokens"),
        Some(_) => None,
    }
}

fn messages(asked: &Asked<'_>) -> Option<Complaint> {
    match asked.body.get("messages") {
        None => Complaint::missing("messages"),
        Some(Value::Array(_)) => None,
        Some(_) => Complaint::should_be("messages", "a valid array"),
    }
}

fn empty(asked: &Asked<'_>) -> Option<Complaint> {
    let is_empty = list(asked.body, "messages").is_empty();
    is_empty.then(|| Complaint::new("messages: at least one message is required")).flatten()
}
