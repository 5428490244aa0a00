//! The order of the turns: calls and what answers them.

use serde_json::Value;

use super::{
    Complaint, Rule, family,
    view::{either, items, parts},
};
use crate::rules::{rule::Asked, view::text};

pub(super) const RULES: &[Rule<Complaint>] = &[
    Rule {
        name: "function-response-without-call",
        refuses: "a function response that does not follow a function call",
        source: "the answer quoted in github.com/GoogleCloudPlatform/generative-ai/pull/368: Please ensure that function response turn comes immediately after a function call turn",
        check: response_alone,
    },
    Rule {
        name: "function-call-first",
        refuses: "a function call that follows neither a user's turn nor a function response",
        source: "the answer quoted in github.com/google-gemini/gemini-cli/issues/11814: Please ensure that function call turn comes immediately after a user turn or after a function response turn",
        check: call_first,
    },
    Rule {
        name: "function-responses-count",
        refuses: "fewer or more function responses than there are calls",
        source: "the answer quoted in github.com/google-gemini/gemini-cli/issues/16984: the number of function response parts is equal to the number of function call parts",
        check: count,
    },
    Rule {
        name: "thought-signature-missing",
        refuses: "the first function call of a step of the current turn without its signature, from Gemini 3 on",
        source: "Gemini API guide, Thought signatures; the answer quoted in github.com/nanbingxyz/5ire/issues/405",
        check: unsigned,
    },
];

/// A turn: neighbouring ones of one role are one.
struct Turn<'r> {
    model: bool,
    parts: Vec<&'r Value>,
}

impl Turn<'_> {
    fn count(&self, camel: &str, snake: &str) -> usize {
        self.parts.iter().filter(|part| !either(part, camel, snake).is_null()).count()
    }

    fn calls(&self) -> usize {
        self.count("functionCall", "function_call")
    }

    fn responses(&self) -> usize {
        self.count("functionResponse", "function_response")
    }
}

fn turns<'r>(asked: &Asked<'r>) -> Vec<Turn<'r>> {
    let mut turns: Vec<Turn<'r>> = Vec::new();
    for content in items(asked.body, "contents", "contents") {
        let model = text(content, "role") == "model";
        match turns.last_mut().filter(|last| last.model == model) {
            Some(last) => last.parts.extend(parts(content)),
            None => turns.push(Turn { model, parts: parts(content).iter().collect() }),
        }
    }
    turns
}

fn response_alone(asked: &Asked<'_>) -> Option<Complaint> {
    let turns = turns(asked);
    let is_alone = |at: usize| turns[at].responses() > 0 && (at == 0 || turns[at - 1].calls() == 0);
    (0..turns.len()).any(is_alone).then(|| {
        Complaint::new(
            "Please ensure that function response turn comes immediately after a function call turn.",
        )
    })?
}

fn call_first(asked: &Asked<'_>) -> Option<Complaint> {
    turns(asked).first().filter(|first| first.calls() > 0)?;
    Complaint::new(
        "Please ensure that function call turn comes immediately after a user turn or after a function response turn.",
    )
}

fn count(asked: &Asked<'_>) -> Option<Complaint> {
    let turns = turns(asked);
    let mut pairs = turns.windows(2).filter(|pair| pair[0].model);
    pairs.find(|pair| pair[0].calls() != pair[1].responses())?;
    Complaint::new(
        "Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.",
    )
}

fn unsigned(asked: &Asked<'_>) -> Option<Complaint> {
    family::of(asked).filter(|family| family.wants_signatures)?;
    let turns = turns(asked);
    // The current turn begins with the user's last words that answer no call.
    let begun = turns.iter().rposition(|turn| !turn.model && turn.responses() == 0).unwrap_or(0);
    turns.iter().enumerate().skip(begun).find_map(|(at, turn)| {
        let mut calls = turn.parts.iter().filter(|part| !either(part, "functionCall", "function_call").is_null());
        let first = calls.next()?;
        let signature = either(first, "thoughtSignature", "thought_signature");
        if signature.as_str().is_some_and(|signature| !signature.is_empty()) {
            return None;
        }
        let name = text(either(first, "functionCall", "function_call"), "name");
        Complaint::new(format!(
            "Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly, and missing thought_signature may lead to degraded model performance. Additional data, function call `default_api:{name}` , position {}. Please refer to https://ai.google.dev/gemini-api/docs/thought-signatures for more details.",
            at + 1
        ))
    })
}
