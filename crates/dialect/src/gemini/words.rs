//! The words of this dialect: finish reasons and usage.

use backstop_core::{Dialect, Finish, FinishReason, Usage};
use bytes::Bytes;
use serde_json::value::RawValue;

use crate::json::{self, Fields, Object, Path};

/// What the provider's word for the end means. `calls`: a function is called, at which the API says `STOP` too.
pub(super) fn finish_reason(native: &str, calls: bool) -> FinishReason {
    match native {
        "STOP" if calls => FinishReason::ToolCalls,
        "STOP" => FinishReason::Stop,
        "MAX_TOKENS" => FinishReason::Length,
        word if FILTERS.contains(&word) => FinishReason::ContentFilter,
        word if ERRORS.contains(&word) => FinishReason::Error,
        _ => FinishReason::Other,
    }
}

/// Whether this dialect wrote `finish`.
pub(super) fn is_native(finish: &Finish) -> bool {
    let word = finish.native.as_str();
    matches!(word, "STOP" | "MAX_TOKENS") || FILTERS.contains(&word) || ERRORS.contains(&word)
}

/// The word for the end of an answer, and the original where this dialect has no twin of it. An answer that ends with a call
/// that could not be written is no success.
pub(super) fn finish_word(finish: &Finish, (refuses, calls): (bool, bool)) -> (&str, Option<&str>) {
    if is_native(finish) {
        return (&finish.native, None);
    }
    let original = Some(finish.native.as_str());
    match finish.reason {
        FinishReason::Stop | FinishReason::StopSequence | FinishReason::ToolCalls if refuses => {
            ("SAFETY", original)
        }
        FinishReason::ToolCalls if !calls => ("OTHER", original),
        FinishReason::Stop | FinishReason::ToolCalls => ("STOP", None),
        FinishReason::StopSequence => ("STOP", original),
        FinishReason::Length => ("MAX_TOKENS", None),
        // Send it back to go on, as with an answer that was cut.
        FinishReason::Pause => ("MAX_TOKENS", original),
        FinishReason::ContentFilter | FinishReason::Refusal => ("SAFETY", original),
        FinishReason::Error | FinishReason::Other => ("OTHER", original),
    }
}

/// Reads `usageMetadata`; `None` where it counts nothing.
///
/// Cached tokens are a part of the prompt, thoughts stand beside the candidates, and prompts of tools beside the prompt.
pub(super) fn read_usage(wire: &Bytes, raw: &RawValue) -> Option<Usage> {
    let mut fields = Fields::open(wire, raw, Path::Root).ok()?;
    let native = Some((Dialect::GeminiGenerate, json::json(wire, raw)));
    let mut count = |name: &str| {
        fields.take(name).and_then(|raw| raw.get().parse::<u64>().ok()).map(|count| count.min(MOST))
    };
    let prompt = count("promptTokenCount");
    let (candidates, thoughts) = (count("candidatesTokenCount"), count("thoughtsTokenCount"));
    if prompt.is_none() && candidates.is_none() && thoughts.is_none() {
        return None;
    }
    let cached = count("cachedContentTokenCount").unwrap_or(0);
    let tools = count("toolUsePromptTokenCount").unwrap_or(0);
    let audio = |name: &str| {
        let details = fields.get(name).and_then(json::items).unwrap_or_default();
        let audio = details.into_iter().filter_map(|raw| {
            let detail = Fields::open(wire, raw, Path::Root).ok()?;
            (detail.get_text("modality").as_deref() == Some("AUDIO"))
                .then(|| detail.get("tokenCount")?.get().parse::<u64>().ok())?
        });
        audio.sum::<u64>()
    };
    let prompt = prompt.unwrap_or(0);
    let cache_read = cached.min(prompt);
    let audio_input = audio("promptTokensDetails").min(prompt - cache_read);
    let candidates = candidates.unwrap_or(0);
    let audio_output = audio("candidatesTokensDetails").min(candidates);
    Some(Usage {
        input: prompt - cache_read - audio_input + tools,
        cache_read,
        audio_input,
        output: candidates - audio_output,
        reasoning: thoughts.unwrap_or(0),
        audio_output,
        native,
        ..Usage::default()
    })
}

/// Writes usage as the field `usageMetadata`: the provider's own object where this dialect wrote it, the buckets else.
pub(super) fn write_usage(object: &mut Object<'_>, usage: &Usage) {
    if let Some((Dialect::GeminiGenerate, native)) = &usage.native {
        return object.json("usageMetadata", native);
    }
    object.object("usageMetadata", |object| {
        object.number("promptTokenCount", usage.total_input());
        object.number("candidatesTokenCount", usage.output + usage.audio_output);
        object.number("totalTokenCount", usage.total());
        if usage.cache_read > 0 {
            object.number("cachedContentTokenCount", usage.cache_read);
        }
        if usage.reasoning > 0 {
            object.number("thoughtsTokenCount", usage.reasoning);
        }
    });
}

/// Words for an answer that a filter cut.
const FILTERS: [&str; 10] = [
    "SAFETY",
    "RECITATION",
    "BLOCKLIST",
    "PROHIBITED_CONTENT",
    "SPII",
    "IMAGE_SAFETY",
    "IMAGE_PROHIBITED_CONTENT",
    "IMAGE_RECITATION",
    "MODEL_ARMOR",
    "JAILBREAK",
];
/// Words for an answer that failed.
const ERRORS: [&str; 9] = [
    "MALFORMED_FUNCTION_CALL",
    "UNEXPECTED_TOOL_CALL",
    "TOO_MANY_TOOL_CALLS",
    "MISSING_THOUGHT_SIGNATURE",
    "MALFORMED_RESPONSE",
    "LANGUAGE",
    "OTHER",
    "NO_IMAGE",
    "IMAGE_OTHER",
];
/// No answer uses more; sums of such figures do not overflow.
const MOST: u64 = 1 << 40;
