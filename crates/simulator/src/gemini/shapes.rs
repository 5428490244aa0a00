//! The documents of `generateContent`, with their fields in the order in which Google writes them.

use serde::Serialize;
use serde_json::{Value, json};

use super::signature::sign;
use crate::{
    reply::{Part, Reply, Stop},
    usage::Usage,
};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Response<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) candidates: Vec<Candidate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) prompt_feedback: Option<Value>,
    pub(super) usage_metadata: Counts,
    pub(super) model_version: &'a str,
    pub(super) response_id: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Candidate {
    /// Absent where the candidate says nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content: Option<Content>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) finish_reason: Option<&'static str>,
    pub(super) index: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) finish_message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) safety_ratings: Option<Value>,
}

#[derive(Debug, Serialize)]
pub(super) struct Content {
    pub(super) parts: Vec<Value>,
    pub(super) role: &'static str,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Counts {
    prompt_token_count: u64,
    #[serde(skip_serializing_if = "is_zero")]
    candidates_token_count: u64,
    total_token_count: u64,
    #[serde(skip_serializing_if = "is_zero")]
    cached_content_token_count: u64,
    prompt_tokens_details: Vec<Detail>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cache_tokens_details: Vec<Detail>,
    #[serde(skip_serializing_if = "is_zero")]
    thoughts_token_count: u64,
    service_tier: &'static str,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Detail {
    modality: &'static str,
    token_count: u64,
}

impl Counts {
    /// Candidates do not count thoughts; the sum is of all (as recorded: 4511 + 17 + 34 = 4562).
    pub(super) fn new(usage: Usage) -> Self {
        let detail = |token_count| Detail { modality: "TEXT", token_count };
        Self {
            prompt_token_count: usage.input,
            candidates_token_count: usage.output - usage.reasoning,
            total_token_count: usage.input + usage.output,
            cached_content_token_count: usage.cache_read,
            prompt_tokens_details: vec![detail(usage.input)],
            cache_tokens_details: (usage.cache_read > 0)
                .then(|| detail(usage.cache_read))
                .into_iter()
                .collect(),
            thoughts_token_count: usage.reasoning,
            service_tier: "standard",
        }
    }
}

/// An answer with these candidates.
pub(super) fn response(reply: &Reply, candidates: Vec<Candidate>, usage: Usage) -> Response<'_> {
    Response {
        candidates,
        prompt_feedback: None,
        usage_metadata: Counts::new(usage),
        model_version: &reply.model,
        response_id: reply.ids.letters("", "response", 23),
    }
}

/// A candidate that says `parts` and goes on.
pub(super) fn candidate(index: u64, parts: Vec<Value>) -> Candidate {
    Candidate {
        content: (!parts.is_empty()).then_some(Content { parts, role: "model" }),
        finish_reason: None,
        index,
        finish_message: None,
        safety_ratings: None,
    }
}

/// The same at its end.
pub(super) fn finished(reply: &Reply, mut candidate: Candidate) -> Candidate {
    candidate.finish_reason = Some(finish_reason(&reply.stop));
    candidate.finish_message = finish_message(reply);
    if matches!(reply.stop, Stop::Refused | Stop::Filtered) {
        let rating = json!({"category": CATEGORY, "probability": "HIGH", "blocked": true});
        candidate.safety_ratings = Some(json!([rating]));
    }
    candidate
}

/// What a prompt is told that is not answered at all.
pub(super) fn blocked() -> Value {
    json!({"blockReason": "SAFETY", "safetyRatings": [{"category": CATEGORY, "probability": "HIGH", "blocked": true}]})
}

/// Whether nothing is said but that nothing will be: then the prompt is blocked, and there is no candidate.
pub(super) fn is_blocked(reply: &Reply) -> bool {
    reply.stop == Stop::Refused && reply.parts.iter().all(|part| matches!(part, Part::Refusal(_)))
}

/// A call, whole, with the signature of what was thought before it.
pub(super) fn call(reply: &Reply, call: u64, name: &str, arguments: &str, signed: bool) -> Value {
    // Arguments that the limit cut off in the middle are no object any more.
    let args: Value = serde_json::from_str(arguments).unwrap_or_else(|_| json!({}));
    let mut part = json!({"functionCall": {"name": name, "args": args}});
    if has_ids(&reply.model) {
        // Eight small letters and digits, as recorded.
        part["functionCall"]["id"] = json!(call_id(reply, call));
    }
    if signed {
        part["thoughtSignature"] = json!(sign(&format!("{name} {arguments}")));
    }
    part
}

/// Gemini 3 signs always and gives calls an id; the models before it sign what they thought about, and name no calls.
pub(super) fn has_ids(model: &str) -> bool {
    !["gemini-1", "gemini-2"].iter().any(|before| model.starts_with(before))
}

/// Whether the first call of an answer bears a signature.
pub(super) fn signs_calls(reply: &Reply) -> bool {
    has_ids(&reply.model) || thinks(reply)
}

pub(super) fn thinks(reply: &Reply) -> bool {
    reply.parts.iter().any(|part| matches!(part, Part::Reasoning(_)))
}

fn call_id(reply: &Reply, call: u64) -> String {
    reply.ids.letters("", &call.to_string(), 8).to_ascii_lowercase()
}

fn finish_reason(stop: &Stop) -> &'static str {
    match stop {
        // Calls are told by the parts; the reason is an ordinary one.
        Stop::End | Stop::Sequence(_) | Stop::Calls => "STOP",
        Stop::Length => "MAX_TOKENS",
        Stop::Refused | Stop::Filtered => "SAFETY",
    }
}

fn finish_message(reply: &Reply) -> Option<String> {
    match reply.stop {
        Stop::Calls => Some("Model generated function call(s).".to_owned()),
        Stop::Refused => reply.parts.iter().find_map(|part| match part {
            Part::Refusal(reason) => Some(reason.clone()),
            _ => None,
        }),
        _ => None,
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// What a simulated prompt is blocked for.
const CATEGORY: &str = "HARM_CATEGORY_DANGEROUS_CONTENT";
