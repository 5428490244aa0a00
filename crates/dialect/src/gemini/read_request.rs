//! Requests, in.
//!
//! The model and whether to stream stand in the path, not in the document: whoever reads it sets them.

use backstop_core::{
    Content, Dialect, Extra, Failure, Json, Message, Part, PartKind, Request, Role, Text, Tool, ToolCall,
    ToolChoice, ToolDefinition, ToolKind, ToolResult,
};
use bytes::Bytes;
use serde_json::value::RawValue;

use super::{
    names::{absent, either, note},
    read_config,
    read_part::{self, Kind},
    schema::as_json_schema,
};
use crate::{
    json::{self, Error, Fields, Path, check},
    seal,
};

pub(crate) fn decode_request(body: &Bytes) -> Result<Request, Failure> {
    check(body)?;
    Ok(read(body)?)
}

fn read(wire: &Bytes) -> Result<Request, Error> {
    let mut fields = Fields::root(wire)?;
    let mut request = Request::new(Dialect::GeminiGenerate, Text::default());
    let mut talk = Talk { wire, open: Vec::new(), calls: 0 };
    if let Some(raw) = either(&mut fields, "systemInstruction", "system_instruction") {
        let path = Path::Root.field("systemInstruction");
        let mut message = talk.message(raw, path, Some(Role::System))?;
        message.role = Role::System;
        request.messages.push(message);
    }
    let path = Path::Root.field("contents");
    let contents = fields.list("contents")?.filter(|contents| !contents.is_empty());
    let contents = contents.ok_or_else(|| path.expected("a list of at least one content"))?;
    for (index, raw) in contents.into_iter().enumerate() {
        request.messages.push(talk.message(raw, path.item(index), None)?);
    }
    if let Some(raw) = fields.value("tools") {
        let path = Path::Root.field("tools");
        let all = json::items(raw).ok_or_else(|| path.expected("a list"))?;
        if all.is_empty() {
            request.extra.insert("tools", Json::trusted(Text::from_static("[]")));
        }
        for (index, raw) in all.into_iter().enumerate() {
            tools(wire, raw, path.item(index), index, &mut request.tools)?;
        }
    }
    if let Some(raw) = either(&mut fields, "toolConfig", "tool_config") {
        request.tool_choice = tool_choice(wire, raw);
        // Kept as it is: its modes are more than the choices that others know.
        note(&mut request.extra, "toolConfig", json::json(wire, raw));
    }
    if let Some(raw) = either(&mut fields, "generationConfig", "generation_config") {
        read_config::read(wire, raw, &mut request)?;
    }
    request.extra.merge(fields.rest());
    Ok(request)
}

/// What is known of the talk so far.
struct Talk<'w> {
    wire: &'w Bytes,
    /// Calls that no result has answered, by name and id: results need not repeat the id.
    open: Vec<(Text, Text)>,
    calls: usize,
}

impl Talk<'_> {
    fn message(&mut self, raw: &RawValue, path: Path<'_>, instructs: Option<Role>) -> Result<Message, Error> {
        let mut fields = Fields::open(self.wire, raw, path)?;
        let mut extra = Extra::new();
        let word = fields.text("role")?;
        let role = match (instructs, word.as_deref()) {
            (Some(role), _) => role,
            (None, Some("model")) => Role::Assistant,
            (None, Some("user" | "function") | None) => Role::User,
            (None, Some(_)) => return Err(path.field("role").expected("`user` or `model`")),
        };
        match word {
            None if instructs.is_none() => note(&mut extra, "role", absent()),
            Some(word) if instructs.is_some() || word == "function" => {
                note(&mut extra, "role", Json::string(&word))
            }
            _ => {}
        }
        let at = path.field("parts");
        let list = fields.list("parts")?.ok_or_else(|| at.expected("a list of parts"))?;
        let mut parts = Vec::with_capacity(list.len());
        for (index, raw) in list.into_iter().enumerate() {
            self.part(raw, at.item(index), &mut parts)?;
        }
        extra.merge(fields.rest());
        Ok(Message { role, content: Content::list(parts), name: None, extra })
    }

    fn part(&mut self, raw: &RawValue, path: Path<'_>, parts: &mut Vec<Part>) -> Result<(), Error> {
        let read = read_part::read(self.wire, raw, path)?;
        let (mut extra, seal) = (read.extra, read.seal);
        let sealed = seal.is_some();
        let kind = match read.kind {
            Kind::Thought(text) => {
                // Another maker's seal comes behind the text that it seals.
                if let Some(seal) = seal.as_ref().filter(|seal| seal::is_anthropics(seal))
                    && text.is_empty()
                    && let Some(Part { kind: PartKind::Reasoning { signature: open @ None, .. }, .. }) =
                        parts.last_mut()
                {
                    *open = Some(seal.clone());
                    return Ok(());
                }
                PartKind::Reasoning { text, signature: seal }
            }
            Kind::Redacted(data) => PartKind::RedactedReasoning { data },
            kind => {
                // A seal on anything else stands before it.
                if sealed {
                    parts.push(Part::new(PartKind::Reasoning { text: Text::default(), signature: seal }));
                }
                self.said(kind, &mut extra)
            }
        };
        parts.push(Part { kind, cache: None, extra });
        Ok(())
    }

    fn said(&mut self, kind: Kind, extra: &mut Extra) -> PartKind {
        match kind {
            Kind::Call { id, name, arguments } => {
                self.calls += 1;
                let id = id.unwrap_or_else(|| {
                    note(extra, "id", absent());
                    made_up_id(self.calls)
                });
                self.open.push((name.clone(), id.clone()));
                PartKind::ToolCall(ToolCall { id, name, arguments, kind: ToolKind::Function })
            }
            Kind::Result { id, name, response } => {
                let at = self.open.iter().position(|(open, known)| match &id {
                    Some(id) => known == id,
                    None => *open == name,
                });
                let open = at.map(|at| self.open.remove(at).1);
                let id = id.unwrap_or_else(|| {
                    note(extra, "id", absent());
                    open.unwrap_or_default()
                });
                let (content, is_error) = result_content(&response);
                note(extra, "response", response);
                PartKind::ToolResult(ToolResult { id, name: Some(name), content, is_error })
            }
            Kind::Text(text) => PartKind::Text { text, citations: Vec::new() },
            Kind::Thought(text) => PartKind::Reasoning { text, signature: None },
            Kind::Redacted(data) => PartKind::RedactedReasoning { data },
            Kind::Whole(kind) => kind,
        }
    }
}

/// What a tool gave: the text of `{"result": …}` or `{"output": …}`, as Gemini's documentation writes results, the failure of
/// `{"error": …}`, any other object as it is.
fn result_content(response: &Json) -> (Content, Option<bool>) {
    let wire = Text::from(response.as_str()).into_bytes();
    let only = Fields::root(&wire).ok().map(Fields::rest).and_then(|fields| {
        let mut fields = fields.iter();
        match (fields.next(), fields.next()) {
            (Some((name, value)), None) => Some((name.clone(), value.to_text()?)),
            _ => None,
        }
    });
    match only {
        Some((name, text)) if matches!(name.as_str(), "result" | "output") => (Content::text(text), None),
        Some((name, text)) if name == "error" => (Content::text(text), Some(true)),
        _ => (Content::text(response.as_str()), None),
    }
}

/// The id of the `number`th call of a talk whose provider gave it none.
pub(super) fn made_up_id(number: usize) -> Text {
    format!("{MADE_UP}{number}").into()
}

/// How ids begin that no provider gave.
pub(super) const MADE_UP: &str = "gemini_call_";

/// The tools of one item of the list: its function declarations one by one, or the whole of it.
fn tools(
    wire: &Bytes,
    raw: &RawValue,
    path: Path<'_>,
    group: usize,
    all: &mut Vec<Tool>,
) -> Result<(), Error> {
    let mut fields = Fields::open(wire, raw, path)?;
    let declarations = either(&mut fields, "functionDeclarations", "function_declarations");
    let declarations = match declarations.map(json::items) {
        Some(Some(declarations)) if fields.is_empty() && !declarations.is_empty() => declarations,
        _ => {
            let definition =
                ToolDefinition::Opaque { dialect: Dialect::GeminiGenerate, json: json::json(wire, raw) };
            all.push(Tool { definition, cache: None, extra: Extra::new() });
            return Ok(());
        }
    };
    let at = path.field("functionDeclarations");
    for (index, raw) in declarations.into_iter().enumerate() {
        let mut fields = Fields::open(wire, raw, at.item(index))?;
        let mut extra = Extra::new();
        note(&mut extra, "group", Json::from(group as u64));
        let newer = either(&mut fields, "parametersJsonSchema", "parameters_json_schema")
            .map(|raw| json::json(wire, raw));
        let older = fields.json("parameters");
        let schema = match (newer, older) {
            (Some(newer), _) => Some(newer),
            (None, Some(older)) => {
                let schema = as_json_schema(&older);
                note(&mut extra, "parameters", older);
                Some(schema)
            }
            (None, None) => None,
        };
        let definition = ToolDefinition::Client {
            kind: ToolKind::Function,
            name: fields.required_text("name")?,
            description: fields.text("description")?,
            schema,
            strict: None,
        };
        extra.merge(fields.rest());
        all.push(Tool { definition, cache: None, extra });
    }
    Ok(())
}

fn tool_choice(wire: &Bytes, raw: &RawValue) -> Option<ToolChoice> {
    let opaque = || ToolChoice::Opaque { dialect: Dialect::GeminiGenerate, json: json::json(wire, raw) };
    let mut top = Fields::open(wire, raw, Path::Root).ok()?;
    let config = either(&mut top, "functionCallingConfig", "function_calling_config")?;
    let mut config = Fields::open(wire, config, Path::Root).ok()?;
    let mode = config.take("mode").and_then(json::string);
    let names: Vec<Text> = either(&mut config, "allowedFunctionNames", "allowed_function_names")
        .and_then(json::items)
        .into_iter()
        .flatten()
        .filter_map(|raw| json::text(wire, raw))
        .collect();
    let only = |names: &[Text]| match names {
        [] => Some(None),
        [name] => Some(Some(name.clone())),
        _ => None,
    };
    Some(match (mode.as_deref(), only(&names)) {
        (None | Some("MODE_UNSPECIFIED"), Some(None)) => return None,
        (Some("AUTO" | "VALIDATED"), Some(None)) => ToolChoice::Auto,
        (Some("NONE"), _) => ToolChoice::None,
        (Some("ANY"), Some(None)) => ToolChoice::Required,
        (Some("ANY"), Some(Some(name))) => ToolChoice::Tool { kind: ToolKind::Function, name },
        _ => opaque(),
    })
}
