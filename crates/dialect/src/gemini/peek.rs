//! What decisions need of a request, in one pass. Model and stream stand in the path.

use backstop_core::{Failure, Needs, Peek};
use bytes::Bytes;
use serde::de::{Error as _, MapAccess};
use serde_json::value::RawValue;

use crate::json::{Path, Scan, check, list_of, object_of, scan, skip, string};

pub(crate) fn peek(body: &Bytes) -> Result<Peek, Failure> {
    let text = check(body)?;
    let mut top = Top::default();
    scan(text, &mut top)?;
    if top.contents == 0 {
        return Err(Path::Root.field("contents").expected("a list of at least one content").into());
    }
    let Top { config, turns, tools, .. } = top;
    let parts = turns.parts;
    Ok(Peek {
        prompt_tokens: (text.len().saturating_sub(parts.inline) / 4) as u64,
        max_tokens: config.max_tokens,
        choices: config.choices.unwrap_or(1).max(1),
        reasoning: config.reasoning,
        needs: Needs {
            tools,
            images: parts.images,
            documents: parts.documents,
            audio: parts.audio,
            json_schema: config.schema,
            prefill: turns.last_is_model,
        },
        ..Peek::default()
    })
}

#[derive(Default)]
struct Top {
    contents: usize,
    turns: Turns,
    config: Config,
    tools: bool,
}

impl Scan for Top {
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "contents" => {
                self.turns = Turns::default();
                let seen = list_of(map, &mut self.turns, |turns| turns.last_is_model = false)?;
                let Some(seen) = seen else {
                    return Err(A::Error::custom(Path::Root.field(name).expected("a list of contents")));
                };
                self.contents = seen;
            }
            "systemInstruction" | "system_instruction" => {
                object_of(map, &mut self.turns)?;
            }
            "generationConfig" | "generation_config" => {
                object_of(map, &mut self.config)?;
            }
            "tools" => {
                let mut any = AnyTool(false);
                list_of(map, &mut any, |_| {})?;
                self.tools = any.0;
            }
            _ => skip(map)?,
        }
        Ok(())
    }
}

struct AnyTool(bool);

impl Scan for AnyTool {
    fn field<'de, A: MapAccess<'de>>(&mut self, _: &str, map: &mut A) -> Result<(), A::Error> {
        self.0 = true;
        skip(map)
    }
}

#[derive(Default)]
struct Turns {
    last_is_model: bool,
    parts: Parts,
}

impl Scan for Turns {
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "role" => self.last_is_model = map.next_value::<&RawValue>()?.get() == "\"model\"",
            "parts" => {
                list_of(map, &mut self.parts, |_| {})?;
            }
            _ => skip(map)?,
        }
        Ok(())
    }
}

#[derive(Default)]
struct Parts {
    images: bool,
    documents: bool,
    audio: bool,
    inline: usize,
}

impl Scan for Parts {
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        if !matches!(name, "inlineData" | "inline_data" | "fileData" | "file_data") {
            return skip(map);
        }
        let mut media = Media::default();
        object_of(map, &mut media)?;
        self.inline += media.inline;
        match media.kind {
            MediaKind::Image => self.images = true,
            MediaKind::Audio => self.audio = true,
            MediaKind::Other => self.documents = true,
        }
        Ok(())
    }
}

#[derive(Default)]
struct Media {
    kind: MediaKind,
    inline: usize,
}

#[derive(Default)]
enum MediaKind {
    Image,
    Audio,
    #[default]
    Other,
}

impl Scan for Media {
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        let raw: &RawValue = map.next_value()?;
        match name {
            "mimeType" | "mime_type" => {
                let kind = string(raw).unwrap_or_default();
                self.kind = match kind.split('/').next() {
                    Some("image") => MediaKind::Image,
                    Some("audio") => MediaKind::Audio,
                    _ => MediaKind::Other,
                };
            }
            "data" => self.inline = raw.get().len(),
            _ => {}
        }
        Ok(())
    }
}

#[derive(Default)]
struct Config {
    max_tokens: Option<u64>,
    choices: Option<u32>,
    schema: bool,
    reasoning: bool,
}

impl Scan for Config {
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        let raw: &RawValue = map.next_value()?;
        match name {
            "maxOutputTokens" | "max_output_tokens" => self.max_tokens = raw.get().parse().ok(),
            "candidateCount" | "candidate_count" => self.choices = raw.get().parse().ok(),
            "responseSchema" | "response_schema" | "responseJsonSchema" | "response_json_schema" => {
                self.schema = raw.get() != "null";
            }
            "thinkingConfig" | "thinking_config" => {
                let text: String = raw.get().chars().filter(|char| !char.is_whitespace()).collect();
                let off = ["Budget\":0}", "Budget\":0,", "budget\":0}", "budget\":0,"]
                    .iter()
                    .any(|off| text.contains(off));
                self.reasoning = !off
                    && (text.contains("Budget\"") || text.contains("Level\"") || text.contains("thinking_"));
            }
            _ => {}
        }
        Ok(())
    }
}
