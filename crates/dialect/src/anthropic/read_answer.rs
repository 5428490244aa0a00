//! Whole answers, in.

use backstop_core::{Delta, Dialect, Extra, Failure, Finish, Json, Part, PartKind, Start, Text, ToolKind};
use bytes::Bytes;
use serde_json::value::RawValue;

use super::{
    error::failure_of,
    read_part::tool_id,
    words::{finish_reason, read_usage},
};
use crate::json::{Error, Fields, Path, items, json};

/// Reads a whole answer.
///
/// Fields of a block that no delta can carry (`caller` …) are told as fields of the choice, under the name of their place:
/// `content[2].caller`.
pub(crate) fn decode_answer(body: &Bytes) -> Result<Vec<Delta>, Failure> {
    let fields = Fields::root(body).map_err(Error::malformed)?;
    if fields.get_text("type").as_deref() == Some("error")
        || fields.get("content").is_none() && fields.get("error").is_some()
    {
        return Err(failure_of(None, None, body));
    }
    message(fields).map_err(Error::malformed)
}

/// The deltas of a whole message, from its start to its end.
pub(super) fn message(mut fields: Fields<'_, '_>) -> Result<Vec<Delta>, Error> {
    let wire = fields.wire();
    if !matches!(fields.take("type").map(RawValue::get), None | Some("\"message\"")) {
        return Err(Path::Root.field("type").expected("`message`"));
    }
    fields.take("role");
    let mut deltas = vec![Delta::Start(start(&mut fields)?)];
    let path = Path::Root.field("content");
    let Some(blocks) = fields.list("content")? else { return Err(path.expected("a list")) };
    let (mut content, mut of_choice) = (Vec::new(), Extra::new());
    for (number, raw) in (0_u32..).zip(blocks) {
        block(wire, raw, number, path.item(number as usize), &mut content, &mut of_choice)?;
    }
    let Some(finish) = finish(&mut fields)? else {
        return Err(Path::Root.field("stop_reason").expected("a string: the answer has no end"));
    };
    if let Some(raw) = fields.take("stop_details") {
        of_choice.insert("stop_details", json(wire, raw));
    }
    let usage = fields
        .value("usage")
        .map(|raw| read_usage(wire, raw, None, Path::Root.field("usage")))
        .transpose()?;
    let of_answer = fields.rest();
    if !of_answer.is_empty() {
        deltas.push(Delta::Extra { choice: None, extra: of_answer });
    }
    if !of_choice.is_empty() {
        deltas.push(Delta::Extra { choice: Some(0), extra: of_choice });
    }
    deltas.append(&mut content);
    deltas.push(Delta::Finish { choice: 0, finish });
    deltas.extend(usage.map(|(usage, _)| Delta::Usage(usage)));
    deltas.push(Delta::End);
    Ok(deltas)
}

/// `id` and `model`.
pub(super) fn start(fields: &mut Fields<'_, '_>) -> Result<Start, Error> {
    let id = fields.text("id")?.unwrap_or_default();
    Ok(Start { id, model: fields.text("model")?.unwrap_or_default(), created: None })
}

/// `stop_reason` and `stop_sequence`, where there is a reason.
pub(super) fn finish(fields: &mut Fields<'_, '_>) -> Result<Option<Finish>, Error> {
    let (native, stop_sequence) = (fields.text("stop_reason")?, fields.text("stop_sequence")?);
    fields.take("stop_reason");
    fields.take("stop_sequence");
    Ok(native.map(|native| Finish { reason: finish_reason(&native), native, stop_sequence }))
}

/// Keeps `extra` of the block `number` under the name of its place.
pub(super) fn keep(number: u32, extra: &Extra, of_choice: &mut Extra) {
    for (name, value) in extra.iter() {
        of_choice.insert(format!("content[{number}].{name}"), value.clone());
    }
}

fn block(
    wire: &Bytes,
    raw: &RawValue,
    number: u32,
    path: Path<'_>,
    deltas: &mut Vec<Delta>,
    of_choice: &mut Extra,
) -> Result<(), Error> {
    let mut fields = Fields::open(wire, raw, path)?;
    let (choice, block) = (0, number);
    let Some(kind) = fields.get_text("type") else { return Err(path.field("type").expected("a string")) };
    match kind.as_ref() {
        "text" => {
            deltas.push(Delta::Text { choice, block, text: fields.required_text("text")? });
            let list = fields.get("citations").and_then(items).unwrap_or_default();
            if !list.is_empty() {
                let citations = list.into_iter().map(|raw| json(wire, raw));
                deltas.extend(citations.map(|citation| Delta::Citation { choice, block, citation }));
                fields.take("citations");
            }
        }
        "thinking" => {
            deltas.push(Delta::Reasoning { choice, block, text: fields.required_text("thinking")? });
            let signature = fields.text("signature")?;
            deltas.extend(signature.map(|signature| Delta::Signature { choice, block, signature }));
        }
        "tool_use" => {
            let (id, name) = (tool_id(fields.required_text("id")?), fields.required_text("name")?);
            deltas.push(Delta::ToolCallStart { choice, block, id, name, kind: ToolKind::Function });
            let input = fields.json("input").unwrap_or_else(|| Json::trusted(Text::from_static("{}")));
            let fragment = Text::slice_of(wire, input.as_str());
            deltas.push(Delta::ToolCallArguments { choice, block, fragment });
        }
        "redacted_thinking" => {
            let part = redacted(&mut fields)?;
            deltas.push(Delta::Part { choice, block, part });
        }
        _ => {
            let kind = PartKind::Opaque { dialect: Dialect::AnthropicMessages, json: json(wire, raw) };
            deltas.push(Delta::Part { choice, block, part: Part::new(kind) });
            return Ok(());
        }
    }
    fields.take("type");
    keep(number, &fields.rest(), of_choice);
    Ok(())
}

pub(super) fn redacted(fields: &mut Fields<'_, '_>) -> Result<Part, Error> {
    Ok(Part::new(PartKind::RedactedReasoning { data: fields.required_text("data")? }))
}
