//! Blocks of content, each by itself.

use serde_json::Value;

use super::{Complaint, MEASURED, Rule, SPEC};
use crate::rules::{
    image,
    rule::Asked,
    view::{given, is, is_word, list, names, text},
};

pub(super) const RULES: &[Rule<Complaint>] = &[
    Rule { name: "block-type-missing", refuses: "a block without a type", source: MEASURED, check: no_type },
    Rule {
        name: "block-type-unknown",
        refuses: "a block whose type is not in the API, as another dialect's parts are",
        source: SPEC,
        check: unknown,
    },
    Rule {
        name: "block-field-missing",
        refuses: "a block without a field that its type needs",
        source: SPEC,
        check: missing,
    },
    Rule {
        name: "block-field-unknown",
        refuses: "a field of a block that its type does not have",
        source: SPEC,
        check: extra,
    },
    Rule {
        name: "tool-use-in-user-message",
        refuses: "a tool_use block of the user's",
        source: "Anthropic guide, Tool use: tool_use blocks are the assistant's",
        check: user_calls,
    },
    Rule {
        name: "tool-result-in-assistant-message",
        refuses: "a tool_result block of the assistant's",
        source: "the answer quoted in github.com/tghamm/Anthropic.SDK/issues/128",
        check: assistant_answers,
    },
    Rule {
        name: "tool-use-id-pattern",
        refuses: "the id of a tool use with other characters than letters, digits, _ and -",
        source: "the answer quoted in github.com/HKUDS/nanobot/pull/4356",
        check: id,
    },
    Rule {
        name: "tool-use-input-not-an-object",
        refuses: "the input of a tool use that is no object, as JSON text is",
        source: SPEC,
        check: input,
    },
    Rule {
        name: "image-media-type",
        refuses: "an image of another type than JPEG, PNG, GIF and WEBP",
        source: SPEC,
        check: media_type,
    },
    Rule {
        name: "image-bytes",
        refuses: "an image whose bytes are of another type than it says",
        source: "the answer quoted in github.com/vybestack/llxprt-code/issues/2130",
        check: bytes,
    },
];

fn no_type(asked: &Asked<'_>) -> Option<Complaint> {
    let (path, _) = all(asked).find(|(_, block)| given(block, "type").is_none())?;
    Complaint::missing(&format!("{path}.type"))
}

fn unknown(asked: &Asked<'_>) -> Option<Complaint> {
    let is_known = |kind: &str| {
        BLOCKS.iter().any(|(name, ..)| *name == kind)
            || OTHERS.contains(&kind)
            || kind.ends_with("_tool_result")
            || kind.ends_with("_tool_use")
    };
    let (path, block) = all(asked).find(|(_, block)| !is_known(text(block, "type")))?;
    let expected: Vec<String> = BLOCKS.iter().map(|(name, ..)| format!("'{name}'")).collect();
    Complaint::new(format!(
        "{path}: Input tag '{}' found using 'type' does not match any of the expected tags: {}",
        text(block, "type"),
        expected.join(", ")
    ))
}

fn missing(asked: &Asked<'_>) -> Option<Complaint> {
    all(asked).find_map(|(path, block)| {
        let (kind, needed, _) = BLOCKS.iter().find(|(kind, ..)| is(block, "type", kind))?;
        let field = needed.iter().find(|field| block.get(**field).is_none())?;
        Complaint::missing(&format!("{path}.{kind}.{field}"))
    })
}

fn extra(asked: &Asked<'_>) -> Option<Complaint> {
    all(asked).find_map(|(path, block)| {
        let (kind, needed, known) = BLOCKS.iter().find(|(kind, ..)| is(block, "type", kind))?;
        let mut fields = names(block).filter(|name| *name != "type");
        let field = fields.find(|name| !needed.contains(name) && !known.contains(name))?;
        Complaint::extra(&format!("{path}.{kind}.{field}"))
    })
}

fn user_calls(asked: &Asked<'_>) -> Option<Complaint> {
    let at = with_block(asked, "user", "tool_use")?;
    Complaint::new(format!("messages.{at}: `tool_use` blocks can only be in `assistant` messages"))
}

fn assistant_answers(asked: &Asked<'_>) -> Option<Complaint> {
    let at = with_block(asked, "assistant", "tool_result")?;
    Complaint::new(format!("messages.{at}: `tool_result` blocks can only be in `user` messages"))
}

fn id(asked: &Asked<'_>) -> Option<Complaint> {
    all(asked).find_map(|(path, block)| {
        let (kind, field) = match text(block, "type") {
            "tool_use" => ("tool_use", "id"),
            "tool_result" => ("tool_result", "tool_use_id"),
            _ => return None,
        };
        (!is_word(text(block, field)))
            .then(|| {
                Complaint::new(format!(
                    "{path}.{kind}.{field}: String should match pattern '^[a-zA-Z0-9_-]+$'"
                ))
            })
            .flatten()
    })
}

fn input(asked: &Asked<'_>) -> Option<Complaint> {
    let is_other = |block: &Value| block.get("input").is_some_and(|input| !input.is_object());
    let (path, _) = all(asked).find(|(_, block)| is(block, "type", "tool_use") && is_other(block))?;
    Complaint::should_be(&format!("{path}.tool_use.input"), "an object")
}

fn media_type(asked: &Asked<'_>) -> Option<Complaint> {
    let taken = ["image/jpeg", "image/png", "image/gif", "image/webp"];
    let (path, _) = images(asked).find(|(_, source)| !taken.contains(&text(source, "media_type")))?;
    Complaint::should_be(
        &format!("{path}.media_type"),
        "'image/jpeg', 'image/png', 'image/gif' or 'image/webp'",
    )
}

fn bytes(asked: &Asked<'_>) -> Option<Complaint> {
    images(asked).find_map(|(path, source)| {
        let said = text(source, "media_type");
        let Some(bytes) = image::decode(text(source, "data")) else {
            return Complaint::new(format!("{path}: invalid base64 data"));
        };
        match image::media_type(&bytes) {
            Some(real) if real == said => None,
            Some(real) => Complaint::new(format!(
                "{path}: The image was specified using the {said} media type, but the image appears to be a {real} image"
            )),
            None => Complaint::new("Could not process image"),
        }
    })
}

/// Every block of every message, those inside of tool results included, and the path to it.
pub(super) fn all<'r>(asked: &Asked<'r>) -> impl Iterator<Item = (String, &'r Value)> {
    list(asked.body, "messages").iter().enumerate().flat_map(|(at, message)| {
        list(message, "content").iter().enumerate().flat_map(move |(block_at, block)| {
            let path = format!("messages.{at}.content.{block_at}");
            let below = format!("{path}.tool_result.content");
            let inner = list(block, "content").iter().enumerate();
            let inner = inner.filter(|_| is(block, "type", "tool_result"));
            let inner = inner.map(move |(inner_at, inner)| (format!("{below}.{inner_at}"), inner));
            std::iter::once((path, block)).chain(inner)
        })
    })
}

/// The base64 sources of images, and the paths to them.
fn images<'r>(asked: &Asked<'r>) -> impl Iterator<Item = (String, &'r Value)> {
    let images = all(asked).filter(|(_, block)| is(block, "type", "image"));
    let sources = images
        .filter_map(|(path, block)| Some((format!("{path}.image.source.base64"), block.get("source")?)));
    sources.filter(|(_, source)| is(source, "type", "base64"))
}

fn with_block(asked: &Asked<'_>, role: &str, kind: &str) -> Option<usize> {
    list(asked.body, "messages").iter().position(|message| {
        is(message, "role", role) && list(message, "content").iter().any(|block| is(block, "type", kind))
    })
}

type Fields = &'static [&'static str];

/// The blocks that callers write, the fields that each needs, and those that it may have.
const BLOCKS: &[(&str, Fields, Fields)] = &[
    ("text", &["text"], &["cache_control", "citations"]),
    ("image", &["source"], &["cache_control"]),
    ("document", &["source"], &["cache_control", "citations", "context", "title"]),
    ("tool_use", &["id", "name", "input"], &["cache_control", "caller"]),
    ("tool_result", &["tool_use_id"], &["cache_control", "content", "is_error"]),
    ("thinking", &["thinking", "signature"], &[]),
    ("redacted_thinking", &["data"], &[]),
    ("search_result", &["content", "source", "title"], &["cache_control", "citations"]),
];
/// Blocks of tools that run at the provider, whose fields are not looked at.
const OTHERS: &[&str] =
    &["container_upload", "server_tool_use", "tool_addition", "tool_reference", "tool_removal"];
