//! What decisions need of a request, in one pass.

use backstop_core::{Failure, Needs, Peek, Text};
use bytes::Bytes;
use serde::de::{Error, MapAccess};
use serde_json::value::RawValue;

use crate::{
    json::{self, Scan, list_of, object_of, parts_of, skip},
    shortcut::Shortcut,
};

pub(crate) fn peek(body: &Bytes) -> Result<Peek, Failure> {
    let text = json::check(body)?;
    let mut top = Top::default();
    json::scan(text, &mut top)?;
    let Some(model) = top.model.filter(|model| !model.is_empty()) else {
        return Err(json::Error::new("`model` is missing: name a model".to_owned()).into());
    };
    if !top.messages {
        return Err(json::Error::new("`messages` is missing: give at least one message".to_owned()).into());
    }
    if top.talk.has_reasoning || (top.has_options && !top.include_usage) {
        top.shortcut.block();
    }
    Ok(Peek {
        model_at: top.shortcut.model_at(text),
        model,
        stream: top.stream,
        include_usage: top.include_usage,
        prompt_tokens: (text.len().saturating_sub(top.talk.inline) / 4) as u64,
        max_tokens: top.max_completion_tokens.or(top.max_tokens),
        choices: top.n.unwrap_or(1).max(1),
        reasoning: top.reasoning,
        needs: Needs {
            prefill: top.talk.last_is_assistant,
            tools: top.tools,
            json_schema: top.json_schema,
            ..top.talk.needs
        },
    })
}

#[derive(Default)]
struct Top {
    model: Option<Text>,
    messages: bool,
    stream: bool,
    include_usage: bool,
    max_tokens: Option<u64>,
    max_completion_tokens: Option<u64>,
    n: Option<u32>,
    reasoning: bool,
    tools: bool,
    json_schema: bool,
    has_options: bool,
    talk: Talk,
    shortcut: Shortcut,
}

impl Scan for Top {
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        self.shortcut.field(name);
        match name {
            "model" => {
                let raw: &RawValue = map.next_value()?;
                self.shortcut.model(raw.get());
                let model = json::string(raw).ok_or_else(|| A::Error::custom("`model` must be a string"))?;
                self.model = Some(Text::from(&*model));
            }
            "messages" => {
                self.talk = Talk::default();
                let messages = list_of(map, &mut self.talk, Talk::next_message)?;
                self.messages = match messages {
                    Some(1..) => true,
                    Some(0) => {
                        return Err(A::Error::custom("`messages` is empty: give at least one message"));
                    }
                    None => return Err(A::Error::custom("`messages` must be a list of messages")),
                };
            }
            "stream" => {
                self.stream = match map.next_value::<&RawValue>()?.get() {
                    "true" => true,
                    "false" | "null" => false,
                    _ => return Err(A::Error::custom("`stream` must be true or false")),
                };
            }
            "stream_options" => {
                let mut options = Flag { name: "include_usage", set: false };
                object_of(map, &mut options)?;
                self.has_options = true;
                self.include_usage = options.set;
            }
            "max_tokens" => self.max_tokens = number(map)?,
            "max_completion_tokens" => self.max_completion_tokens = number(map)?,
            "n" => self.n = number(map)?.map(|n| u32::try_from(n).unwrap_or(u32::MAX)),
            "reasoning_effort" => {
                let effort: &RawValue = map.next_value()?;
                self.reasoning = !matches!(effort.get(), "null" | "\"none\"");
            }
            // DeepSeek, OpenRouter and Qwen.
            "thinking" | "reasoning" | "enable_thinking" => {
                let wish: &RawValue = map.next_value()?;
                let off = ["\"disabled\"", "\"none\""].iter().any(|word| wish.get().contains(word));
                self.reasoning = !off && !matches!(wish.get(), "null" | "false" | "{}");
            }
            "tools" | "functions" => {
                let tools: &RawValue = map.next_value()?;
                self.tools |= tools.get().starts_with('[') && !tools.get()[1..].trim_start().starts_with(']');
            }
            "response_format" => {
                let mut format = Word { name: "type", word: "json_schema", found: false };
                object_of(map, &mut format)?;
                self.json_schema = format.found;
            }
            _ => skip(map)?,
        }
        Ok(())
    }
}

/// What the messages need, and how many bytes of them are no text.
#[derive(Default)]
struct Talk {
    needs: Needs,
    inline: usize,
    last_is_assistant: bool,
    /// Whether a message has fields that another provider's reasoning may be in.
    has_reasoning: bool,
}

impl Talk {
    fn next_message(&mut self) {
        self.last_is_assistant = false;
    }
}

impl Scan for Talk {
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "role" => {
                let role: &RawValue = map.next_value()?;
                self.last_is_assistant = role.get() == "\"assistant\"";
                Ok(())
            }
            "content" => parts_of(map, &mut Parts(self)),
            _ => {
                self.has_reasoning |= name.starts_with("reasoning");
                skip(map)
            }
        }
    }
}

struct Parts<'t>(&'t mut Talk);

impl Scan for Parts<'_> {
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        let needs = &mut self.0.needs;
        match name {
            "image_url" => needs.images = true,
            "input_audio" => needs.audio = true,
            "file" | "document_url" => needs.documents = true,
            _ => return skip(map),
        }
        // A bare URL (Mistral) comes as a string.
        let raw: &RawValue = map.next_value()?;
        self.0.inline += inline_bytes(raw.get());
        Ok(())
    }
}

/// How many bytes of a part's source are base64 in the message: all of a data URL or of `data`.
fn inline_bytes(source: &str) -> usize {
    let is_inline = source.contains("data:") || source.contains("\"data\"");
    if is_inline { source.len() } else { 0 }
}

struct Flag {
    name: &'static str,
    set: bool,
}

impl Scan for Flag {
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        if name == self.name {
            self.set = map.next_value::<&RawValue>()?.get() == "true";
            return Ok(());
        }
        skip(map)
    }
}

struct Word {
    name: &'static str,
    word: &'static str,
    found: bool,
}

impl Scan for Word {
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        if name == self.name {
            self.found = json::string(map.next_value()?).as_deref() == Some(self.word);
            return Ok(());
        }
        skip(map)
    }
}

/// A whole number; anything else is left for the provider to complain about.
fn number<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<u64>, A::Error> {
    Ok(map.next_value::<&RawValue>()?.get().parse().ok())
}
