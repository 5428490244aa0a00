//! The turns of the talk and their parts, each by itself.

use serde_json::Value;

use super::{
    Complaint, Rule, SPEC,
    messages::PART_DATA,
    view::{either, items, parts},
};
use crate::rules::{image, rule::Asked, view::text};

pub(super) const RULES: &[Rule<Complaint>] = &[
    Rule {
        name: "contents-missing",
        refuses: "no contents, or an empty list of them",
        source: "the answer quoted in github.com/ikechan8370/chatgpt-plugin/issues/733: contents is not specified",
        check: missing,
    },
    Rule {
        name: "role-unknown",
        refuses: "a role other than user and model",
        source: "Gemini API reference, ai.google.dev/api/caching#Content: role must be either user or model",
        check: role,
    },
    Rule {
        name: "parts-empty",
        refuses: "a turn without parts",
        source: "the answer quoted in github.com/egoist/chatwise-releases/issues/250: contents.parts must not be empty",
        check: no_parts,
    },
    Rule {
        name: "part-empty",
        refuses: "a part that holds nothing",
        source: "the answer quoted in github.com/boldsoftware/sketch/issues/68: required oneof field 'data' must have one initialized field",
        check: empty_part,
    },
    Rule {
        name: "function-call-name-missing",
        refuses: "a function call without a name",
        source: "Gemini API reference, ai.google.dev/api/caching#FunctionCall: name is required",
        check: |asked| no_name(asked, "functionCall", "function_call"),
    },
    Rule {
        name: "function-response-name-missing",
        refuses: "a function response without a name",
        source: "Gemini API reference, ai.google.dev/api/caching#FunctionResponse: name is required",
        check: |asked| no_name(asked, "functionResponse", "function_response"),
    },
    Rule {
        name: "inline-data-mime-type",
        refuses: "inline data without a media type, or with one that no model reads",
        source: "Gemini API guide, Image understanding: supported image formats; Blob.mimeType, ai.google.dev/api/caching#Blob",
        check: media_type,
    },
    Rule {
        name: "image-bytes",
        refuses: "an image whose bytes are none",
        source: "the answer quoted in github.com/google-gemini/gemini-cli/issues/5064: Unable to process input image",
        check: bytes,
    },
    Rule {
        name: "file-uri-unreachable",
        refuses: "a file by a URL that nothing is found at",
        source: "recorded traffic: github.com/braintrustdata/lingua, payloads/snapshots/imageUrlMimeTypeFallbackParam/google/error.json",
        check: unreachable,
    },
    Rule {
        name: "system-instruction-parts",
        refuses: "an empty system instruction",
        source: SPEC,
        check: system,
    },
];

fn missing(asked: &Asked<'_>) -> Option<Complaint> {
    items(asked.body, "contents", "contents")
        .is_empty()
        .then(|| Complaint::of("contents", "contents is not specified"))?
}

fn role(asked: &Asked<'_>) -> Option<Complaint> {
    let is_known = |turn: &Value| ["", "user", "model"].contains(&text(turn, "role"));
    (!items(asked.body, "contents", "contents").iter().all(is_known))
        .then(|| Complaint::new("Please use a valid role: user, model."))?
}

fn no_parts(asked: &Asked<'_>) -> Option<Complaint> {
    let turns = items(asked.body, "contents", "contents");
    let at = turns.iter().position(|turn| parts(turn).is_empty())?;
    Complaint::of(&format!("contents[{at}].parts"), "contents.parts must not be empty.")
}

fn empty_part(asked: &Asked<'_>) -> Option<Complaint> {
    let (path, _) = all(asked).find(|(_, part)| PART_DATA.iter().all(|name| field(part, name).is_null()))?;
    Complaint::of(&format!("{path}.data"), "required oneof field 'data' must have one initialized field")
}

fn no_name(asked: &Asked<'_>, camel: &str, snake: &str) -> Option<Complaint> {
    let (path, _) = all(asked).find(|(_, part)| {
        let inner = either(part, camel, snake);
        !inner.is_null() && text(inner, "name").is_empty()
    })?;
    Complaint::of(&format!("{path}.{snake}.name"), "Name cannot be empty.")
}

fn media_type(asked: &Asked<'_>) -> Option<Complaint> {
    inline(asked).find_map(|(path, kind, _)| {
        if kind.is_empty() {
            return Complaint::of(&format!("{path}.inline_data.mime_type"), "mime type cannot be empty.");
        }
        let is_read = ["image/", "audio/", "video/", "text/", "application/pdf", "application/json"]
            .iter()
            .any(|start| kind.starts_with(start))
            && !["image/gif", "image/svg+xml", "image/tiff"].contains(&kind);
        (!is_read).then(|| Complaint::new(format!("Unsupported MIME type: {kind}")))?
    })
}

fn bytes(asked: &Asked<'_>) -> Option<Complaint> {
    inline(asked).find_map(|(_, kind, data)| {
        let is_told = ["image/png", "image/jpeg", "image/webp"].contains(&kind);
        // Protocol buffers read both alphabets, with or without padding.
        let mut data = data.replace('-', "+").replace('_', "/");
        data.extend(std::iter::repeat_n('=', data.len().wrapping_neg() % 4));
        let is_image = image::decode(&data).is_some_and(|bytes| image::media_type(&bytes).is_some());
        (is_told && !is_image).then(|| Complaint::new(BAD_IMAGE))?
    })
}

fn unreachable(asked: &Asked<'_>) -> Option<Complaint> {
    let (_, file) = all(asked)
        .map(|(path, part)| (path, either(part, "fileData", "file_data")))
        .find(|(_, file)| is_nowhere(either(file, "fileUri", "file_uri")))?;
    let uri = either(file, "fileUri", "file_uri").as_str().unwrap_or_default();
    if uri.contains("://") {
        Complaint::new("Cannot fetch content from the provided URL.")
    } else {
        Complaint::new(format!("Invalid or unsupported file uri: {uri}"))
    }
}

/// No URL at all, or one of the name that is promised to lead nowhere (RFC 2606).
fn is_nowhere(uri: &Value) -> bool {
    uri.as_str().is_some_and(|uri| {
        let host = uri.split_once("://").map(|(_, rest)| rest.split('/').next().unwrap_or_default());
        host.is_none_or(|host| host.ends_with(".invalid"))
    })
}

fn system(asked: &Asked<'_>) -> Option<Complaint> {
    let system = either(asked.body, "systemInstruction", "system_instruction");
    (!system.is_null() && parts(system).is_empty())
        .then(|| Complaint::of("system_instruction.parts", "contents.parts must not be empty."))?
}

/// Every part of every turn, and the path to it.
pub(super) fn all<'r>(asked: &Asked<'r>) -> impl Iterator<Item = (String, &'r Value)> {
    items(asked.body, "contents", "contents").iter().enumerate().flat_map(|(turn, content)| {
        let parts = parts(content).iter().enumerate();
        parts.map(move |(at, part)| (format!("contents[{turn}].parts[{at}]"), part))
    })
}

/// The media types and the base64 of inline data, and the paths to them.
fn inline<'r>(asked: &Asked<'r>) -> impl Iterator<Item = (String, &'r str, &'r str)> {
    let all = all(asked).map(|(path, part)| (path, either(part, "inlineData", "inline_data")));
    all.filter(|(_, data)| !data.is_null()).map(|(path, data)| {
        (path, either(data, "mimeType", "mime_type").as_str().unwrap_or_default(), text(data, "data"))
    })
}

fn field<'v>(part: &'v Value, name: &str) -> &'v Value {
    either(part, name, &super::descriptor::snake(name))
}

const BAD_IMAGE: &str = "Unable to process input image. Please retry or report in \
    https://developers.generativeai.google/guide/troubleshooting";
