//! What a translation must keep of an answer.

use backstop_core::{Completion, Dialect, FinishReason, PartKind};
use serde_json::Value;

/// What a translation must keep of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Essence {
    text: String,
    reasoning: String,
    refusal: bool,
    calls: Vec<(String, String, Option<Value>)>,
    usage: Option<(u64, u64, u64, u64)>,
}

pub(crate) fn essence(answer: &Completion) -> Essence {
    let mut kept = Essence {
        text: String::new(),
        reasoning: String::new(),
        refusal: false,
        calls: Vec::new(),
        usage: answer.usage.as_ref().map(|usage| {
            let written = usage.cache_write + usage.cache_write_hour;
            (usage.total_input(), usage.total_output(), usage.cache_read, written)
        }),
    };
    for part in answer.choices.first().map(|choice| choice.parts.as_slice()).unwrap_or_default() {
        match &part.kind {
            PartKind::Text { text, .. } | PartKind::Refusal { text } => kept.text.push_str(text),
            PartKind::Reasoning { text, .. } => kept.reasoning.push_str(text),
            PartKind::ToolCall(call) => {
                let arguments = if call.arguments.is_empty() { "{}" } else { &call.arguments };
                let arguments = serde_json::from_str(arguments).ok();
                kept.calls.push((call.id.to_string(), call.name.to_string(), arguments));
            }
            _ => {}
        }
    }
    kept
}

pub(crate) fn assert_same_end(file: &str, before: &Completion, after: &Completion) {
    use FinishReason::{ContentFilter, Error, Length, Other, Pause, Refusal, Stop, StopSequence, ToolCalls};

    let reason = |answer: &Completion| {
        answer.choices.first().and_then(|choice| choice.finish.as_ref()).map(|finish| finish.reason)
    };
    let same = match (reason(before), reason(after)) {
        (None, None) => true,
        (Some(Stop | StopSequence), Some(after)) => matches!(after, Stop | StopSequence),
        // A call that only its own dialect can say is reported, and its end is no success.
        (Some(ToolCalls), Some(Error | Other)) => essence(before).calls.is_empty(),
        (Some(ToolCalls), Some(after)) => after == ToolCalls,
        (Some(Length), Some(after)) => after == Length,
        (Some(ContentFilter | Refusal), Some(after)) => matches!(after, ContentFilter | Refusal),
        (Some(Pause | Error | Other), Some(after)) => !matches!(after, Stop | StopSequence | ToolCalls),
        _ => false,
    };
    assert!(same, "{file}: {:?} became {:?}", reason(before), reason(after));
}

/// What is left of an answer after a translation, with usage only where the original had it: Anthropic's shape requires
/// the object. What was written to a cache is a part of the input that Gemini does not tell.
pub(crate) fn essence_after(after: &Completion, before: &Completion) -> Essence {
    let native = after.usage.as_ref().and_then(|usage| usage.native.as_ref()).map(|(dialect, _)| *dialect);
    let known = essence(before).usage;
    let usage = known.and_then(|known| {
        let (input, output, read, written) = essence(after).usage?;
        let written = if native == Some(Dialect::GeminiGenerate) { known.3 } else { written };
        Some((input, output, read, written))
    });
    Essence { usage, ..essence(after) }
}
