//! Reasoning among the caller's own bytes that another provider made.
//!
//! A talk may have been answered by several providers. Their reasoning is in its turns, in the shape of the caller's
//! dialect, and a provider refuses what it did not make itself: Anthropic a thinking block without its own signature,
//! OpenAI any reasoning at all in a message.

use backstop_core::{Dialect, Flavour, Json, Text};
use bytes::Bytes;
use memchr::memmem;
use serde_json::value::RawValue;

use crate::{
    json::{Fields, Path, items, object_json},
    seal,
};

/// `messages` without such reasoning, and where it stood; `None` where there is none. Most talks have none: these are
/// looked through once for a word, and not read.
pub(super) fn without_foreign_reasoning(
    dialect: Dialect,
    flavour: Flavour,
    messages: &str,
) -> Option<(Json, Vec<String>)> {
    let (sign, strip): (&[u8], fn(&RawValue, Flavour) -> Option<Json>) = match dialect {
        Dialect::AnthropicMessages => (b"\"thinking\"", anthropic_message),
        Dialect::GeminiGenerate => (b"\"thoughtSignature\"", gemini_content),
        Dialect::OpenaiChat if flavour != Flavour::Openrouter => (b"\"reasoning", openai_message),
        _ => return None,
    };
    memmem::find(messages.as_bytes(), sign)?;
    let all = items(serde_json::from_str(messages).ok()?)?;
    let mut places = Vec::new();
    let kept: Vec<Text> = all
        .iter()
        .enumerate()
        .filter_map(|(index, raw)| {
            let stripped = memmem::find(raw.get().as_bytes(), sign).and_then(|_| strip(raw, flavour));
            match stripped {
                None => Some(Text::from(raw.get())),
                Some(message) => {
                    places.push(format!("messages[{index}].content"));
                    // A turn of nothing else says nothing.
                    (!message.as_str().is_empty()).then(|| Text::from(message.as_str()))
                }
            }
        })
        .collect();
    if places.is_empty() {
        return None;
    }
    let kept: Vec<&str> = kept.iter().map(Text::as_str).collect();
    Some((Json::trusted(Text::from(format!("[{}]", kept.join(",")))), places))
}

/// The message without thinking that Anthropic has not signed; empty where nothing is left, `None` where all of it stays.
fn anthropic_message(raw: &RawValue, _: Flavour) -> Option<Json> {
    let wire = Bytes::new();
    let fields = Fields::open(&wire, raw, Path::Root).ok()?;
    if fields.get_text("role").as_deref() != Some("assistant") {
        return None;
    }
    let blocks = items(fields.get("content")?)?;
    let foreign = |block: &&RawValue| {
        let Ok(fields) = Fields::open(&wire, block, Path::Root) else { return false };
        let signature = fields.get_text("signature").unwrap_or_default();
        fields.get_text("type").as_deref() == Some("thinking") && !seal::is_anthropics(&signature)
    };
    let kept: Vec<&str> = blocks.iter().filter(|block| !foreign(block)).map(|block| block.get()).collect();
    if kept.len() == blocks.len() {
        return None;
    }
    if kept.is_empty() {
        return Some(Json::default());
    }
    Some(replaced(fields, "content", &format!("[{}]", kept.join(","))))
}

/// The content without thoughts that another provider sealed; `None` where all of it stays.
fn gemini_content(raw: &RawValue, _: Flavour) -> Option<Json> {
    let wire = Bytes::new();
    let fields = Fields::open(&wire, raw, Path::Root).ok()?;
    let parts = items(fields.get("parts")?)?;
    let foreign = |part: &&RawValue| {
        let Ok(fields) = Fields::open(&wire, part, Path::Root) else { return false };
        let seal =
            fields.get_text("thoughtSignature").and_then(|signature| seal::from_gemini_wire(&signature));
        seal.is_some_and(|seal| seal::gemini(&seal).is_none())
    };
    let kept: Vec<&str> = parts.iter().filter(|part| !foreign(part)).map(|part| part.get()).collect();
    if kept.len() == parts.len() {
        return None;
    }
    if kept.is_empty() {
        return Some(Json::default());
    }
    Some(replaced(fields, "parts", &format!("[{}]", kept.join(","))))
}

/// The message without reasoning that the server does not take back; `None` where all of it stays.
fn openai_message(raw: &RawValue, flavour: Flavour) -> Option<Json> {
    let wire = Bytes::new();
    let mut fields = Fields::open(&wire, raw, Path::Root).ok()?;
    if fields.get_text("role").as_deref() != Some("assistant") {
        return None;
    }
    let names: &[&str] = match flavour {
        Flavour::Openai | Flavour::Mistral => &["reasoning_content", "reasoning", "reasoning_details"],
        // These want the text of their own reasoning back, and know no seals.
        Flavour::Deepseek | Flavour::Qwen => &["reasoning", "reasoning_details"],
        _ => &[],
    };
    let taken = names.iter().filter(|name| fields.take(name).is_some()).count();
    if taken > 0 {
        return Some(written(fields));
    }
    // A server of which nothing is known may be an aggregator: what it sealed itself goes back, others' seals do not.
    let details = fields.get("reasoning_details").and_then(items)?;
    let known = |detail: &&RawValue| {
        let format = Fields::open(&wire, detail, Path::Root).ok()?.get_text("format")?.into_owned();
        seal::is_known_format(&format).then_some(())
    };
    let kept: Vec<&str> =
        details.iter().filter(|detail| known(detail).is_none()).map(|raw| raw.get()).collect();
    if kept.len() == details.len() {
        return None;
    }
    if kept.is_empty() {
        fields.take("reasoning_details");
        return Some(written(fields));
    }
    Some(replaced(fields, "reasoning_details", &format!("[{}]", kept.join(","))))
}

fn replaced(fields: Fields<'_, '_>, name: &str, json: &str) -> Json {
    let fields = fields.rest();
    object_json(|object| {
        for (known, value) in fields.iter() {
            object.raw(known, if known.as_str() == name { json } else { value.as_str() });
        }
    })
}

fn written(fields: Fields<'_, '_>) -> Json {
    let fields = fields.rest();
    object_json(|object| object.extra(&fields))
}
