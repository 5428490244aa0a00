//! Edits on the caller's own bytes.

mod foreign;
mod speak;
mod system;

use std::{borrow::Cow, str};

use backstop_core::{Dialect, Edit, Failure, Flavour, Json, Parameter, Text};
use bytes::Bytes;
use serde_json::value::RawValue;

use self::{
    foreign::without_foreign_reasoning,
    system::{System, anthropic_system, gemini_system, openai_messages, without_instructions},
};
use crate::{
    Encoded, Loss, accent,
    apply::FORBIDDEN,
    json::{self, Fields, object_json},
    shortcut,
};

/// What to change in a document that stays in its dialect.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "a plain record")]
pub struct Splice<'a> {
    /// Edits, in order.
    pub edits: &'a [Edit],
    /// Whether to ask for usage at the end of a stream, where the dialect must be asked.
    pub ask_for_usage: bool,
    /// Whose OpenAI Chat Completions the target speaks, where it speaks that dialect.
    pub flavour: Flavour,
    /// What [`Peek::model_at`](backstop_core::Peek) said of the body, or `None` to have all of it read.
    pub model_at: Option<(usize, usize)>,
}

/// Applies `splice` to the top level of `body`, and takes out what must never go up (`api_key`, `base_url`,
/// `extra_headers`, `extra_body`, `extra_query`). All other bytes stay as they are; a body that needs no change is
/// returned as it is, uncopied. Of a field that stands twice only the last one, which counts, is left.
///
/// Reasoning in earlier turns that another provider made is withheld, and told as a loss: a talk may have been answered by
/// several providers, and each refuses the others' seals.
///
/// # Errors
///
/// [`Kind::InvalidRequest`](backstop_core::Kind::InvalidRequest) where `body` is no JSON object.
pub fn splice(dialect: Dialect, body: &Bytes, splice: &Splice<'_>) -> Result<Encoded, Failure> {
    if let Some(body) = shortcut::take(body, splice) {
        return Ok(Encoded { body, losses: Vec::new() });
    }
    let mut document = Document::open(body)?;
    for name in FORBIDDEN {
        document.remove(name);
    }
    for edit in splice.edits {
        document.edit(dialect, edit);
    }
    if splice.ask_for_usage && dialect == Dialect::OpenaiChat && document.get("stream") == Some("true") {
        document.set_within("stream_options", "include_usage", &Json::from(true));
    }
    let mut losses = document.withhold(dialect, splice.flavour);
    if dialect == Dialect::OpenaiChat
        && let Some(accent) = accent::of(splice.flavour)
    {
        losses.extend(document.speak(accent));
    }
    Ok(Encoded { body: document.write(), losses })
}

/// Writes a document of OpenAI's dialect again in the accent of `flavour`.
pub(crate) fn speak(flavour: Flavour, mut encoded: Encoded) -> Result<Encoded, Failure> {
    if let Some(accent) = accent::of(flavour) {
        let mut document = Document::open(&encoded.body)?;
        let losses = document.speak(accent);
        let body = document.write();
        encoded.body = body;
        encoded.losses.extend(losses);
    }
    Ok(encoded)
}

/// The top level of a document: where its fields are, and what becomes of them.
struct Document<'a> {
    body: &'a Bytes,
    text: &'a str,
    fields: Vec<Field<'a>>,
    /// Whether anything differs from the bytes.
    changed: bool,
    /// How many of `fields` are in the bytes.
    original: usize,
}

struct Field<'a> {
    name: Cow<'a, str>,
    /// Where the name's first quote is.
    start: usize,
    /// Where the value begins and ends.
    value: (usize, usize),
    /// What stands in the value's place.
    new: Option<Text>,
    gone: bool,
}

impl<'a> Document<'a> {
    fn open(body: &'a Bytes) -> Result<Self, Failure> {
        let entries = Fields::every(body)?;
        // Checked by the reader above.
        let text = str::from_utf8(body).unwrap_or_default();
        let offset = |raw: &RawValue| raw.get().as_ptr() as usize - text.as_ptr() as usize;
        let mut from = text.find('{').map_or(0, |brace| brace + 1);
        let mut fields: Vec<Field<'a>> = Vec::with_capacity(entries.len() + 2);
        let mut changed = false;
        for (name, raw) in entries {
            let value = (offset(raw), offset(raw) + raw.get().len());
            // Between two values stand a comma, white space, the name and a colon.
            let start = text[from..].find('"').map_or(from, |quote| from + quote);
            from = value.1;
            if let Some(earlier) = fields.iter_mut().find(|field| field.name == name && !field.gone) {
                (earlier.gone, changed) = (true, true);
            }
            fields.push(Field { name, start, value, new: None, gone: false });
        }
        let original = fields.len();
        Ok(Self { body, text, fields, changed, original })
    }

    fn get(&self, name: &str) -> Option<&str> {
        let field = self.fields.iter().find(|field| field.name == name && !field.gone)?;
        Some(field.new.as_deref().unwrap_or_else(|| &self.text[field.value.0..field.value.1]))
    }

    /// The value, unless it is missing or null.
    fn given(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| *value != "null")
    }

    fn set(&mut self, name: &str, value: &Json) {
        if self.get(name) == Some(value.as_str()) {
            return;
        }
        self.changed = true;
        let new = Some(Text::from(value.as_str()));
        match self.fields.iter_mut().find(|field| field.name == name && !field.gone) {
            Some(field) => field.new = new,
            None => self.fields.push(Field {
                name: Cow::Owned(name.to_owned()),
                start: 0,
                value: (0, 0),
                new,
                gone: false,
            }),
        }
    }

    fn remove(&mut self, name: &str) {
        if let Some(field) = self.fields.iter_mut().find(|field| field.name == name && !field.gone) {
            (field.gone, self.changed) = (true, true);
        }
    }

    /// Sets a field of an object that is a field; the object is made where there is none.
    fn set_within(&mut self, outer: &str, inner: &str, value: &Json) {
        let fields = self.given(outer).and_then(entries).unwrap_or_default();
        if fields.iter().any(|(name, known)| name == inner && known == value) {
            return;
        }
        let object = object_json(|object| {
            for (name, known) in fields.iter().filter(|(name, _)| name != inner) {
                object.json(name, known);
            }
            object.json(inner, value);
        });
        self.set(outer, &object);
    }

    fn get_within(&self, outer: &str, inner: &str) -> Option<Json> {
        let fields = entries(self.given(outer)?)?;
        fields.into_iter().find(|(name, value)| name == inner && !value.is_null()).map(|(_, value)| value)
    }

    fn remove_within(&mut self, outer: &str, inner: &str) {
        let Some(fields) = self.given(outer).and_then(entries) else { return };
        if !fields.iter().any(|(name, _)| name == inner) {
            return;
        }
        if fields.len() == 1 {
            return self.remove(outer);
        }
        let object = object_json(|object| {
            for (name, known) in fields.iter().filter(|(name, _)| name != inner) {
                object.json(name, known);
            }
        });
        self.set(outer, &object);
    }

    fn edit(&mut self, dialect: Dialect, edit: &Edit) {
        match edit {
            // Gemini's model stands in the path.
            Edit::Model(_) if dialect == Dialect::GeminiGenerate => {}
            Edit::Model(model) => self.set("model", &Json::string(model)),
            Edit::Set(parameter, value) => self.set_parameter(dialect, parameter, value),
            Edit::Default(parameter, value) if self.parameter(dialect, parameter).is_none() => {
                self.set_parameter(dialect, parameter, value);
            }
            Edit::Cap(parameter, most) => {
                let known = self.parameter(dialect, parameter).and_then(|known| known.as_f64());
                if known.zip(most.as_f64()).is_some_and(|(known, most)| known > most) {
                    self.set_parameter(dialect, parameter, most);
                }
            }
            Edit::Drop(parameter) => match self.place(dialect, parameter) {
                Some(Place::Top(name)) => {
                    self.remove(&name);
                    // The other spelling, which may stand beside it.
                    if *parameter == Parameter::MaxTokens && dialect == Dialect::OpenaiChat {
                        self.remove("max_tokens");
                    }
                    if *parameter == Parameter::User && dialect == Dialect::OpenaiChat {
                        self.remove("user");
                    }
                }
                Some(Place::Within(outer, inner)) => self.remove_within(outer, inner),
                None => {}
            },
            Edit::PrependSystem(text) => self.system(dialect, text, System::Before),
            Edit::AppendSystem(text) => self.system(dialect, text, System::Behind),
            Edit::ReplaceSystem(text) => self.system(dialect, text, System::Instead),
            _ => {}
        }
    }

    /// Where the dialect writes a parameter; `None` where it has no such.
    fn place(&self, dialect: Dialect, parameter: &Parameter) -> Option<Place> {
        let either = |newer: &'static str, older: &'static str, other: &'static str| {
            let known = [newer, older].into_iter().find(|name| self.given(name).is_some());
            Some(Place::Top(known.unwrap_or(other).to_owned()))
        };
        match (dialect, parameter) {
            (_, Parameter::Field(name)) => Some(Place::Top(name.to_string())),
            (Dialect::GeminiGenerate, parameter) => gemini_place(parameter),
            (Dialect::OpenaiChat, Parameter::MaxTokens) => {
                either("max_completion_tokens", "max_tokens", "max_completion_tokens")
            }
            (Dialect::OpenaiChat, Parameter::User) => either("safety_identifier", "user", "user"),
            (Dialect::AnthropicMessages, Parameter::Stop) => Some(Place::Top("stop_sequences".to_owned())),
            (Dialect::AnthropicMessages, Parameter::User) => Some(Place::Within("metadata", "user_id")),
            (Dialect::AnthropicMessages, Parameter::ReasoningEffort) => {
                Some(Place::Within("output_config", "effort"))
            }
            (Dialect::AnthropicMessages, Parameter::ParallelToolCalls) => {
                Some(Place::Within("tool_choice", "disable_parallel_tool_use"))
            }
            (
                Dialect::AnthropicMessages,
                Parameter::Seed | Parameter::PresencePenalty | Parameter::FrequencyPenalty,
            ) => None,
            (_, parameter) => Some(Place::Top(parameter.as_str().to_owned())),
        }
    }

    fn parameter(&self, dialect: Dialect, parameter: &Parameter) -> Option<Json> {
        match self.place(dialect, parameter)? {
            Place::Top(name) => self.given(&name).map(|value| Json::trusted(Text::from(value))),
            Place::Within(outer, inner) => self.get_within(outer, inner),
        }
    }

    fn set_parameter(&mut self, dialect: Dialect, parameter: &Parameter, value: &Json) {
        match (self.place(dialect, parameter), dialect, parameter) {
            (Some(Place::Within(outer, inner)), Dialect::GeminiGenerate, Parameter::ReasoningEffort) => {
                // A level of thinking, in capitals.
                let level = value.to_text().unwrap_or_default().to_ascii_uppercase();
                let config = object_json(|config| config.string("thinkingLevel", &level));
                self.set_within(outer, inner, &config);
            }
            (Some(Place::Within(outer, inner)), Dialect::GeminiGenerate, Parameter::Stop)
                if value.to_text().is_some() =>
            {
                self.set_within(outer, inner, &Json::trusted(Text::from(format!("[{value}]"))));
            }
            (Some(Place::Within(outer, inner)), _, Parameter::ParallelToolCalls) => {
                // Said in a choice, and by its opposite; without tools there is nothing to choose.
                if self.given("tools").is_some()
                    && let Some(parallel) = value.as_bool()
                {
                    if self.given(outer).is_none() {
                        self.set_within(outer, "type", &Json::string("auto"));
                    }
                    self.set_within(outer, inner, &Json::from(!parallel));
                }
            }
            (Some(Place::Within(outer, inner)), ..) => self.set_within(outer, inner, value),
            (Some(Place::Top(name)), Dialect::AnthropicMessages, Parameter::Stop)
                if value.to_text().is_some() =>
            {
                self.set(&name, &Json::trusted(Text::from(format!("[{value}]"))));
            }
            (Some(Place::Top(name)), ..) => self.set(&name, value),
            (None, ..) => {}
        }
    }

    fn system(&mut self, dialect: Dialect, text: &Text, place: System) {
        match dialect {
            Dialect::GeminiGenerate => {
                let system = gemini_system(self.given("systemInstruction"), text, place);
                self.set("systemInstruction", &system);
            }
            Dialect::AnthropicMessages => {
                let system = anthropic_system(self.given("system"), text, place);
                self.set("system", &system);
                if place == System::Instead
                    && let Some(messages) = self.get("messages").and_then(without_instructions)
                {
                    self.set("messages", &messages);
                }
            }
            _ => {
                if let Some(messages) =
                    self.get("messages").and_then(|known| openai_messages(known, text, place))
                {
                    self.set("messages", &messages);
                }
            }
        }
    }

    /// Takes out what only its maker may see.
    fn withhold(&mut self, dialect: Dialect, flavour: Flavour) -> Vec<Loss> {
        let name = if dialect == Dialect::GeminiGenerate { "contents" } else { "messages" };
        let found = self.get(name).and_then(|known| without_foreign_reasoning(dialect, flavour, known));
        let Some((messages, places)) = found else { return Vec::new() };
        self.set(name, &messages);
        let reason = "reasoning goes back to its own provider only";
        places.into_iter().map(|place| Loss::hint(place, reason)).collect()
    }

    fn write(&self) -> Bytes {
        if !self.changed {
            return self.body.clone();
        }
        let bytes = self.text.as_bytes();
        let value = |field: &Field<'a>| match &field.new {
            Some(new) => new.clone().into_bytes(),
            None => self.body.slice(field.value.0..field.value.1),
        };
        let (originals, added) = self.fields.split_at(self.original);
        let more: usize =
            self.fields.iter().map(|field| field.new.as_ref().map_or(0, |new| new.len() + 32)).sum();
        let mut out = Vec::with_capacity(bytes.len() + more);
        let open = self.text.find('{').map_or(0, |brace| brace + 1);
        let mut before = originals.first().map_or(open, |field| field.start);
        out.extend_from_slice(&bytes[..before]);
        let mut empty = true;
        for field in originals {
            if !field.gone {
                if !empty {
                    out.extend_from_slice(&bytes[before..field.start]);
                }
                empty = false;
                out.extend_from_slice(&bytes[field.start..field.value.0]);
                out.extend_from_slice(&value(field));
            }
            before = field.value.1;
        }
        for field in added.iter().filter(|field| !field.gone) {
            if !empty {
                out.push(b',');
            }
            empty = false;
            json::write_string(&mut out, &field.name);
            out.push(b':');
            out.extend_from_slice(&value(field));
        }
        out.extend_from_slice(&bytes[before..]);
        Bytes::from(out)
    }
}

/// Where Gemini writes a parameter.
const fn gemini_place(parameter: &Parameter) -> Option<Place> {
    let inner = match parameter {
        Parameter::MaxTokens => "maxOutputTokens",
        Parameter::Temperature => "temperature",
        Parameter::TopP => "topP",
        Parameter::TopK => "topK",
        Parameter::Stop => "stopSequences",
        Parameter::Seed => "seed",
        Parameter::PresencePenalty => "presencePenalty",
        Parameter::FrequencyPenalty => "frequencyPenalty",
        Parameter::ReasoningEffort => "thinkingConfig",
        _ => return None,
    };
    Some(Place::Within("generationConfig", inner))
}

enum Place {
    Top(String),
    Within(&'static str, &'static str),
}

fn entries(object: &str) -> Option<Vec<(String, Json)>> {
    let wire = Bytes::copy_from_slice(object.as_bytes());
    let fields = Fields::root(&wire).ok()?.rest();
    Some(fields.iter().map(|(name, value)| (name.to_string(), value.clone())).collect())
}
