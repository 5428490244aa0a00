//! A whole answer.

use serde_json::{Value, json};

use super::{
    shapes::{blocked, call, candidate, finished, has_ids, is_blocked, response, signs_calls, thinks},
    signature::sign,
};
use crate::reply::{Part, Reply};

pub(super) fn whole(reply: &Reply) -> String {
    if is_blocked(reply) {
        return refused(reply);
    }
    let candidates =
        (0..reply.answers).map(|index| finished(reply, candidate(index, parts(reply)))).collect();
    serde_json::to_string(&response(reply, candidates, reply.usage)).unwrap_or_default()
}

/// An answer to a prompt that is blocked: no candidate.
pub(super) fn refused(reply: &Reply) -> String {
    let mut response = response(reply, Vec::new(), reply.usage);
    response.prompt_feedback = Some(blocked());
    serde_json::to_string(&response).unwrap_or_default()
}

/// An answer without a candidate, and without a word why.
pub(super) fn empty(reply: &Reply) -> String {
    serde_json::to_string(&response(reply, Vec::new(), reply.usage)).unwrap_or_default()
}

fn parts(reply: &Reply) -> Vec<Value> {
    let mut parts = Vec::new();
    let mut unsigned = signs_calls(reply);
    for part in &reply.parts {
        match part {
            Part::Text(text) => parts.push(json!({"text": text})),
            Part::Reasoning(text) if !reply.omit_reasoning => {
                parts.push(json!({"text": text, "thought": true}));
            }
            Part::Call { id, name, arguments } => {
                parts.push(call(reply, *id, name, arguments, std::mem::take(&mut unsigned)));
            }
            Part::Reasoning(_) | Part::Refusal(_) => {}
        }
    }
    // A text bears the signature on its last part.
    if (has_ids(&reply.model) || thinks(reply))
        && let Some(Part::Text(text)) = reply.parts.last()
        && let Some(last) = parts.last_mut()
    {
        last["thoughtSignature"] = json!(sign(text));
    }
    parts
}
