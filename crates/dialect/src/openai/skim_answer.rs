//! Whole answers that are passed on as they are.

use std::str;

use backstop_core::{Delta, Start};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    piece::{ChoiceState, Piece},
    usage,
};
use crate::json;

/// The deltas of an answer without what only writing it anew would need, in one pass over the document. `None` where
/// anything is out of the ordinary: then the answer must be read in full.
pub(crate) fn skim_answer(body: &Bytes) -> Option<Vec<Delta>> {
    let answer: Answer<'_> = serde_json::from_str(str::from_utf8(body).ok()?).ok()?;
    if answer.error.is_some() || answer.choices.is_empty() {
        return None;
    }
    let text = |raw: Option<&RawValue>| raw.and_then(|raw| json::text(body, raw)).unwrap_or_default();
    let created = answer.created.and_then(|raw| raw.get().parse().ok());
    let start = Start { id: text(answer.id), model: text(answer.model), created };
    let id = start.id.clone();
    let mut deltas = Vec::with_capacity(4 + answer.choices.len());
    deltas.push(Delta::Start(start));
    for (position, choice) in (0_u32..).zip(answer.choices) {
        let (message, None) = (choice.message?, choice.error) else { return None };
        let word = choice.finish_reason.and_then(|raw| json::text(body, raw));
        let word = word.filter(|word| !word.is_empty())?;
        let mut state = ChoiceState::whole(choice.index.unwrap_or(position));
        state.read(body, &message, &id, &mut deltas);
        state.finish(word, &mut deltas);
    }
    deltas.extend(answer.usage.and_then(|raw| usage::read(body, raw)).map(Delta::Usage));
    deltas.push(Delta::End);
    Some(deltas)
}

/// What decisions look at; the rest of the document is checked and left alone.
#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    model: Option<&'a RawValue>,
    #[serde(borrow, default)]
    created: Option<&'a RawValue>,
    #[serde(borrow)]
    choices: Vec<Choice<'a>>,
    #[serde(borrow, default)]
    usage: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(default)]
    index: Option<u32>,
    #[serde(borrow, default)]
    message: Option<Piece<'a>>,
    #[serde(borrow, default)]
    finish_reason: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openai::decode_answer;

    fn both(document: &'static str) -> (Option<Vec<Delta>>, Vec<Delta>) {
        let body = Bytes::from_static(document.as_bytes());
        let mut whole = decode_answer(&body).expect("an answer");
        whole.retain(|delta| !matches!(delta, Delta::Extra { .. }));
        (skim_answer(&body), whole)
    }

    #[test]
    fn says_what_the_whole_decoder_says() {
        for document in [
            r#"{"id":"a","model":"m","created":7,"choices":[{"index":0,"message":{"role":"assistant","content":"Hi \"you\"","refusal":null},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5},"x":{"y":[1]}}"#,
            r#"{"id":"a","choices":[{"message":{"reasoning_content":"hm","content":"x"},"finish_reason":"length"},{"message":{"refusal":"no"},"finish_reason":"stop"}]}"#,
            r#"{"id":"a","choices":[{"index":0,"message":{"content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}},{"id":"d","type":"function","function":{"name":"g","arguments":"{\"a\":1}"}}]},"finish_reason":"tool_calls"}],"usage":null}"#,
        ] {
            let (skimmed, whole) = both(document);
            assert_eq!(skimmed.expect("ordinary"), whole, "{document}");
        }
    }

    #[test]
    fn leaves_the_extraordinary_to_the_whole_decoder() {
        for document in [
            r#"{"choices":[]}"#,
            r#"{"error":{"message":"x"},"choices":[{"message":{"content":"x"},"finish_reason":"stop"}]}"#,
            r#"{"choices":[{"message":{"content":"x"}}]}"#,
            r#"{"choices":[{"message":{"content":"x"},"finish_reason":""}]}"#,
            r#"{"choices":[{"message":{"content":"x"},"finish_reason":"stop","error":{"message":"x"}}]}"#,
            r#"{"choices":[{"finish_reason":"stop"}]}"#,
            r#"{"choices":[{"message":{"content":"x"},"finish_reason":"stop"}]"#,
            r#"{"id":"a","id":"b","choices":[{"message":{"content":"x"},"finish_reason":"stop"}]}"#,
            "[]",
            "",
        ] {
            assert_eq!(skim_answer(&Bytes::from_static(document.as_bytes())), None, "{document}");
        }
    }
}
