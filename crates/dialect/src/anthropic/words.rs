//! The words of this dialect: stop reasons and usage.

use backstop_core::{Dialect, Extra, Finish, FinishReason, Json, Text, Usage};
use bytes::Bytes;
use serde_json::value::RawValue;

use crate::json::{Error, Fields, Object, Path, object_json};

/// What the provider's word for the end means.
pub(super) fn finish_reason(native: &str) -> FinishReason {
    match native {
        "end_turn" => FinishReason::Stop,
        "stop_sequence" => FinishReason::StopSequence,
        "max_tokens" | "model_context_window_exceeded" => FinishReason::Length,
        "tool_use" => FinishReason::ToolCalls,
        "refusal" => FinishReason::Refusal,
        "pause_turn" => FinishReason::Pause,
        // Bedrock's guardrails say these through the same shape.
        "guardrail_intervened" | "content_filtered" => FinishReason::ContentFilter,
        _ => FinishReason::Other,
    }
}

/// Whether this dialect wrote `finish`.
pub(super) fn is_native(finish: &Finish) -> bool {
    NATIVE.contains(&finish.native.as_str())
}

/// The word for the end of an answer, and the original where this dialect has no twin of it.
///
/// A filter is a `refusal`; an error or an unknown end is a `max_tokens`: the answer broke off. The original stands
/// beside it as `native_finish_reason`. An answer that has a refusal in words is a `refusal` and one that has tool calls a
/// `tool_use`, even where its provider called that a plain stop.
pub(super) fn stop_reason(finish: &Finish, refuses: bool, calls: bool) -> (&str, Option<&str>) {
    if is_native(finish) {
        return (&finish.native, None);
    }
    let original = Some(finish.native.as_str());
    match finish.reason {
        FinishReason::Stop | FinishReason::StopSequence | FinishReason::ToolCalls if refuses => {
            ("refusal", original)
        }
        FinishReason::Stop if calls => ("tool_use", None),
        FinishReason::Stop => ("end_turn", None),
        FinishReason::StopSequence => ("stop_sequence", None),
        FinishReason::Length => ("max_tokens", None),
        FinishReason::ToolCalls => ("tool_use", None),
        FinishReason::Refusal => ("refusal", None),
        FinishReason::Pause => ("pause_turn", None),
        FinishReason::ContentFilter => ("refusal", original),
        FinishReason::Error | FinishReason::Other => ("max_tokens", original),
    }
}

/// Reads a `usage` object. `earlier` is what the start of the stream said: the later one's fields win.
pub(super) fn read_usage(
    wire: &Bytes,
    raw: &RawValue,
    earlier: Option<&Extra>,
    path: Path<'_>,
) -> Result<(Usage, Extra), Error> {
    let mut all = earlier.cloned().unwrap_or_default();
    let later = Fields::open(wire, raw, path)?.rest();
    for (name, value) in later.iter() {
        // A `null` says nothing; it must not wipe out a figure.
        if !value.is_null() || all.get(name).is_none() {
            all.insert(name.clone(), value.clone());
        }
    }
    let count = |name: &str| all.get(name).and_then(Json::as_u64).unwrap_or(0);
    let inner = |object: &str, name: &str| all.get(object).and_then(|json| field(json, name)).unwrap_or(0);
    let written = count("cache_creation_input_tokens");
    let hour = inner("cache_creation", "ephemeral_1h_input_tokens");
    let split = inner("cache_creation", "ephemeral_5m_input_tokens") + hour;
    let (total, thinking) = (
        count("output_tokens"),
        inner("output_tokens_details", "thinking_tokens").min(count("output_tokens")),
    );
    let usage = Usage {
        input: count("input_tokens"),
        cache_read: count("cache_read_input_tokens"),
        cache_write: written.max(split).saturating_sub(hour),
        cache_write_hour: hour,
        output: total - thinking,
        reasoning: thinking,
        native: Some((Dialect::AnthropicMessages, object_of(&all))),
        ..Usage::default()
    };
    Ok((usage, all))
}

/// Writes usage as the field `usage`: the provider's own object where this dialect wrote it, the buckets else. Audio
/// tokens count as plain ones.
pub(super) fn write_usage(object: &mut Object<'_>, usage: Option<&Usage>) {
    if let Some(Usage { native: Some((Dialect::AnthropicMessages, json)), .. }) = usage {
        return object.json("usage", json);
    }
    let Some(usage) = usage else {
        // Required, and not known (yet).
        return object.object("usage", |object| {
            object.number("input_tokens", 0);
            object.number("output_tokens", 0);
        });
    };
    object.object("usage", |object| {
        object.number("input_tokens", usage.input + usage.audio_input);
        object.number("cache_creation_input_tokens", usage.cache_write + usage.cache_write_hour);
        object.number("cache_read_input_tokens", usage.cache_read);
        if usage.cache_write_hour > 0 {
            object.object("cache_creation", |object| {
                object.number("ephemeral_5m_input_tokens", usage.cache_write);
                object.number("ephemeral_1h_input_tokens", usage.cache_write_hour);
            });
        }
        object.number("output_tokens", usage.total_output());
        if usage.reasoning > 0 {
            object
                .object("output_tokens_details", |object| object.number("thinking_tokens", usage.reasoning));
        }
    });
}

/// An object of the fields of `extra`.
pub(super) fn object_of(extra: &Extra) -> Json {
    object_json(|object| object.extra(extra))
}

/// The fields of an object; `None` where `json` is none.
pub(super) fn fields_of(json: &Json) -> Option<Extra> {
    let text = Text::from(json.as_str()).into_bytes();
    Fields::root(&text).ok().map(Fields::rest)
}

fn field(json: &Json, name: &str) -> Option<u64> {
    fields_of(json)?.get(name)?.as_u64()
}

const NATIVE: [&str; 9] = [
    "end_turn",
    "stop_sequence",
    "max_tokens",
    "model_context_window_exceeded",
    "tool_use",
    "refusal",
    "pause_turn",
    "guardrail_intervened",
    "content_filtered",
];
