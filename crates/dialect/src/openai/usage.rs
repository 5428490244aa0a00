//! Usage: OpenAI counts cached tokens inside the input and reasoning inside the output; the buckets are disjoint.

use backstop_core::{Dialect, Usage};
use bytes::Bytes;
use serde_json::value::RawValue;

use crate::json::{self, Fields, Object, Path};

/// Reads a usage object; `None` where it counts nothing.
pub(super) fn read(wire: &Bytes, raw: &RawValue) -> Option<Usage> {
    let top = Fields::open(wire, raw, Path::Root).ok()?;
    let inner = |name: &str| top.get(name).and_then(|raw| Fields::open(wire, raw, Path::Root).ok());
    let (input_details, output_details) =
        (inner("prompt_tokens_details"), inner("completion_tokens_details"));
    let creation = inner("cache_creation").or_else(|| {
        let details = input_details.as_ref()?.get("cache_creation")?;
        Fields::open(wire, details, Path::Root).ok()
    });
    let (prompt, completion) = (number(&top, "prompt_tokens"), number(&top, "completion_tokens"));
    if prompt.is_none() && completion.is_none() {
        return None;
    }
    let (prompt, completion) = (prompt.unwrap_or(0), completion.unwrap_or(0));
    let total = number(&top, "total_tokens");
    // The first place that says anything; providers that repeat a figure repeat it in full.
    let first = |places: &[(Option<&Fields<'_, '_>>, &str)]| {
        let mut figures = places.iter().filter_map(|(fields, name)| number((*fields)?, name));
        figures.find(|figure| *figure > 0).unwrap_or(0)
    };
    let (top, input, output) = (Some(&top), input_details.as_ref(), output_details.as_ref());
    let cached = first(&[
        (input, "cached_tokens"),
        (top, "prompt_cache_hit_tokens"),
        (top, "cached_tokens"),
        (top, "num_cached_tokens"),
        (top, "cache_read_input_tokens"),
    ]);
    let written = first(&[
        (input, "cache_write_tokens"),
        (input, "cache_creation_input_tokens"),
        (top, "cache_creation_input_tokens"),
    ]);
    let hour = first(&[(creation.as_ref(), "ephemeral_1h_input_tokens")]);
    let audio_input = first(&[(input, "audio_tokens"), (top, "audio_prompt_tokens")]);
    let reasoning = first(&[(output, "reasoning_tokens")]);
    let audio_output = first(&[(output, "audio_tokens")]);

    let is_total = |sum: u64| total.is_some_and(|total| total == sum && total != prompt + completion);
    // Mistral counts audio, xAI reasoning beside the rest: the total shows it.
    let audio_beside = is_total(prompt + completion + audio_input);
    let reasoning_beside = is_total(prompt + completion + reasoning);
    let mut left = prompt;
    let mut take = |figure: u64| {
        let taken = figure.min(left);
        left -= taken;
        taken
    };
    let cache_read = take(cached);
    let cache_write_hour = take(hour.min(written));
    let cache_write = take(written - hour.min(written));
    let audio_input = if audio_beside { audio_input } else { take(audio_input) };
    let input = left;
    let mut left = completion;
    let mut take = |figure: u64| {
        let taken = figure.min(left);
        left -= taken;
        taken
    };
    let reasoning = if reasoning_beside { reasoning } else { take(reasoning) };
    let audio_output = take(audio_output);
    Some(Usage {
        input,
        cache_read,
        cache_write,
        cache_write_hour,
        audio_input,
        output: left,
        reasoning,
        audio_output,
        estimated: false,
        native: Some((Dialect::OpenaiChat, json::json(wire, raw))),
    })
}

fn number(fields: &Fields<'_, '_>, name: &str) -> Option<u64> {
    let text = fields.get(name)?.get();
    let number = text.parse().ok().or_else(|| {
        let number: f64 = text.parse().ok()?;
        // Some servers write whole numbers as floats.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "saturates, and is not negative"
        )]
        (number >= 0.0).then_some(number as u64)
    });
    number.map(|number: u64| number.min(MOST))
}

/// No answer uses more; sums of such figures do not overflow.
const MOST: u64 = 1 << 40;

/// Writes a usage object, the provider's own where it is of this dialect.
pub(super) fn write(object: &mut Object<'_>, usage: &Usage) {
    if let Some((Dialect::OpenaiChat, native)) = &usage.native {
        return object.json("usage", native);
    }
    object.object("usage", |object| {
        object.number("prompt_tokens", usage.total_input());
        object.number("completion_tokens", usage.total_output());
        object.number("total_tokens", usage.total());
        object.object("prompt_tokens_details", |details| {
            details.number("cached_tokens", usage.cache_read);
            details.number("cache_write_tokens", usage.cache_write + usage.cache_write_hour);
            details.number("audio_tokens", usage.audio_input);
        });
        object.object("completion_tokens_details", |details| {
            details.number("reasoning_tokens", usage.reasoning);
            details.number("audio_tokens", usage.audio_output);
        });
    });
}
