//! Whole answers, in.

use backstop_core::{Delta, Failure, Finish, FinishReason, Json, Kind, Start, Text};
use bytes::Bytes;

use super::{candidate::Candidate, error, names::note, words::read_usage};
use crate::json::{Error, Fields, Path};

pub(crate) fn decode_answer(body: &Bytes) -> Result<Vec<Delta>, Failure> {
    if body.trim_ascii_start().starts_with(b"[") {
        // An error of a stream that was not asked for as events comes in a list.
        return Err(error::in_answer(body));
    }
    let mut top = Fields::root(body).map_err(Error::malformed)?;
    if top.value("error").is_some() {
        return Err(error::in_answer(body));
    }
    let candidates = top.list("candidates").map_err(Error::malformed)?.unwrap_or_default();
    let start = start(&mut top).map_err(Error::malformed)?;
    let used = top.get("usageMetadata").and_then(|raw| read_usage(body, raw));
    if used.is_some() {
        top.take("usageMetadata");
    }
    let answer = start.id.clone();
    let mut deltas = vec![Delta::Start(start)];
    let blocked = blocked(body, &top);
    let extra = top.rest();
    if !extra.is_empty() {
        deltas.push(Delta::Extra { choice: None, extra });
    }
    if candidates.is_empty() {
        let Some(word) = blocked else {
            return Err(Failure::new(Kind::Malformed, "the provider's answer has no candidates"));
        };
        block(word, &mut deltas);
    }
    for (position, raw) in candidates.into_iter().enumerate() {
        let list = Path::Root.field("candidates");
        let read = |deltas: &mut Vec<Delta>| -> Result<bool, Error> {
            let fields = Fields::open(body, raw, list.item(position))?;
            let index = fields.get("index").and_then(|raw| raw.get().parse().ok());
            let mut candidate =
                Candidate::new(index.unwrap_or_else(|| u32::try_from(position).unwrap_or(u32::MAX)), true);
            candidate.read(body, fields, &answer, deltas)?;
            Ok(candidate.finished)
        };
        if !read(&mut deltas).map_err(Error::malformed)? {
            return Err(Failure::new(Kind::Malformed, "the provider's answer has no finish reason"));
        }
    }
    deltas.extend(used.map(Delta::Usage));
    deltas.push(Delta::End);
    Ok(deltas)
}

/// How the answer begins.
pub(super) fn start(top: &mut Fields<'_, '_>) -> Result<Start, Error> {
    let (id, model) = (top.text("responseId")?, top.text("modelVersion")?);
    Ok(Start { id: id.unwrap_or_default(), model: model.unwrap_or_default(), created: None })
}

/// Why the prompt was blocked, if it was.
pub(super) fn blocked(wire: &Bytes, top: &Fields<'_, '_>) -> Option<Text> {
    let feedback = Fields::open(wire, top.get("promptFeedback")?, Path::Root).ok()?;
    let word = feedback.get_text("blockReason")?;
    Some(Text::from(word.as_ref()))
}

/// The one end of an answer whose prompt was blocked: there is no candidate.
pub(super) fn block(word: Text, deltas: &mut Vec<Delta>) {
    let mut extra = backstop_core::Extra::new();
    note(&mut extra, BLOCKED, Json::from(true));
    deltas.push(Delta::Extra { choice: Some(0), extra });
    deltas.push(Delta::Finish { choice: 0, finish: Finish::new(FinishReason::ContentFilter, word) });
}

/// The note of an answer without a candidate.
pub(super) const BLOCKED: &str = "blocked";
