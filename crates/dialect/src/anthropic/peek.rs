//! What decisions need of a request, in one pass.

use std::borrow::Cow;

use backstop_core::{Failure, Needs, Peek, Text};
use bytes::Bytes;
use serde::de::{Error as _, MapAccess};
use serde_json::value::RawValue;

use crate::json::{Path, Scan, check, list_of, object_of, scan, skip, string};

/// Reads what decisions need. Base64 inside blocks does not count as prompt.
pub(crate) fn peek(body: &Bytes) -> Result<Peek, Failure> {
    let text = check(body)?;
    let mut top = Top::default();
    scan(text, &mut top)?;
    let Top { model, stream, max_tokens, messages, turns, reasoning, mut needs } = top;
    let Some(model) = model.filter(|model| !model.is_empty()) else {
        return Err(Path::Root.field("model").expected("a string").into());
    };
    if messages == 0 {
        return Err(Path::Root.field("messages").expected("a list of at least one message").into());
    }
    (needs.images, needs.documents) = (turns.blocks.images, turns.blocks.documents);
    needs.prefill = turns.last_is_assistant;
    let prompt = body.len().saturating_sub(turns.blocks.base64);
    Ok(Peek {
        model_at: None,
        model,
        stream,
        include_usage: false,
        prompt_tokens: (prompt / 4) as u64,
        max_tokens,
        choices: 1,
        reasoning,
        needs,
    })
}

#[derive(Default)]
struct Top {
    model: Option<Text>,
    stream: bool,
    max_tokens: Option<u64>,
    messages: usize,
    turns: Turns,
    reasoning: bool,
    needs: Needs,
}

#[derive(Default)]
struct Turns {
    last_is_assistant: bool,
    blocks: Blocks,
}

#[derive(Default)]
struct Blocks {
    images: bool,
    documents: bool,
    base64: usize,
}

#[derive(Default)]
struct Source {
    is_base64: bool,
    length: usize,
}

/// The `type` of an object, and that of its `format`.
#[derive(Default)]
struct Typed {
    kind: Option<String>,
    has_schema: bool,
}

impl Scan for Top {
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "model" => self.model = Some(Text::from(word(map, name)?.as_ref())),
            "stream" => {
                self.stream = match map.next_value::<&'de RawValue>()?.get() {
                    "true" => true,
                    "false" | "null" => false,
                    _ => return Err(A::Error::custom(Path::Root.field(name).expected("true or false"))),
                }
            }
            "max_tokens" => self.max_tokens = map.next_value::<&'de RawValue>()?.get().parse().ok(),
            "messages" => {
                let seen = list_of(map, &mut self.turns, |turns| turns.last_is_assistant = false)?;
                let Some(messages) = seen else {
                    return Err(A::Error::custom(Path::Root.field(name).expected("a list")));
                };
                self.messages = messages;
            }
            "system" => {
                list_of(map, &mut self.turns.blocks, |_| {})?;
            }
            "tools" => {
                let tools = map.next_value::<&'de RawValue>()?.get();
                self.needs.tools = tools.starts_with('[') && !tools[1..].trim_start().starts_with(']');
            }
            "thinking" => {
                let mut thinking = Typed::default();
                object_of(map, &mut thinking)?;
                self.reasoning = matches!(thinking.kind.as_deref(), Some("enabled" | "adaptive"));
            }
            "output_config" => {
                let mut config = Typed::default();
                object_of(map, &mut config)?;
                self.needs.json_schema |= config.has_schema;
            }
            // The older name of `output_config.format`.
            "output_format" => {
                let mut format = Typed::default();
                object_of(map, &mut format)?;
                self.needs.json_schema |= format.kind.as_deref() == Some("json_schema");
            }
            _ => skip(map)?,
        }
        Ok(())
    }
}

impl Scan for Turns {
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "role" => {
                let role = map.next_value::<&'de RawValue>()?;
                self.last_is_assistant = string(role).as_deref() == Some("assistant");
            }
            "content" => {
                list_of(map, &mut self.blocks, |_| {})?;
            }
            _ => skip(map)?,
        }
        Ok(())
    }
}

impl Scan for Blocks {
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "type" => match string(map.next_value::<&'de RawValue>()?).as_deref() {
                Some("image") => self.images = true,
                Some("document") => self.documents = true,
                _ => {}
            },
            "source" => {
                let mut source = Source::default();
                object_of(map, &mut source)?;
                self.base64 += if source.is_base64 { source.length } else { 0 };
            }
            // A tool's result may hold images and documents too.
            "content" => {
                list_of(map, self, |_| {})?;
            }
            _ => skip(map)?,
        }
        Ok(())
    }
}

impl Scan for Source {
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "type" => self.is_base64 = map.next_value::<&'de RawValue>()?.get() == "\"base64\"",
            "data" => self.length = map.next_value::<&'de RawValue>()?.get().len(),
            _ => skip(map)?,
        }
        Ok(())
    }
}

impl Scan for Typed {
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "type" => self.kind = string(map.next_value::<&'de RawValue>()?).map(Cow::into_owned),
            "format" => {
                let mut format = Self::default();
                object_of(map, &mut format)?;
                self.has_schema = format.kind.as_deref() == Some("json_schema");
            }
            _ => skip(map)?,
        }
        Ok(())
    }
}

fn word<'de, A: MapAccess<'de>>(map: &mut A, name: &str) -> Result<Cow<'de, str>, A::Error> {
    string(map.next_value::<&'de RawValue>()?)
        .ok_or_else(|| A::Error::custom(Path::Root.field(name).expected("a string")))
}

#[cfg(test)]
mod tests {
    use backstop_core::Kind;

    use super::*;

    fn peek_of(body: &'static str) -> Result<Peek, Failure> {
        peek(&Bytes::from_static(body.as_bytes()))
    }

    #[test]
    fn reads_what_decisions_need() {
        let seen = peek_of(
            r#"{"model":"m","max_tokens":9,"stream":true,"thinking":{"type":"adaptive"},"tools":[{"name":"f"}],
            "output_config":{"format":{"type":"json_schema","schema":{}}},"system":"s","messages":[
            {"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"image",
            "source":{"type":"base64","media_type":"image/png","data":"AAAA"}}]}]},{"role":"assistant","content":"x"}]}"#,
        );
        let seen = seen.expect("a request");
        assert_eq!(
            (seen.model.as_str(), seen.stream, seen.max_tokens, seen.choices),
            ("m", true, Some(9), 1)
        );
        assert!(seen.reasoning);
        let needs = Needs { tools: true, images: true, json_schema: true, prefill: true, ..Needs::default() };
        assert_eq!(seen.needs, needs);
    }

    #[test]
    fn base64_is_no_prompt() {
        let data = "A".repeat(4000);
        let body = format!(
            r#"{{"model":"m","messages":[{{"role":"user","content":[{{"type":"document","source":{{"data":"{data}","type":"base64"}}}}]}}]}}"#
        );
        let seen = peek(&Bytes::from(body)).expect("a request");
        assert!(seen.prompt_tokens < 50 && seen.needs.documents, "{}", seen.prompt_tokens);
    }

    #[test]
    fn refuses_with_a_sentence() {
        for (body, says) in [
            ("", "the body is not valid JSON: EOF while parsing a value at line 1 column 0"),
            ("[]", "the body must be a JSON object"),
            ("{\"messages\":[{}]}", "`model` must be a string"),
            ("{\"model\":1}", "`model` must be a string"),
            ("{\"model\":\"\",\"messages\":[{}]}", "`model` must be a string"),
            ("{\"model\":\"m\"}", "`messages` must be a list of at least one message"),
            ("{\"model\":\"m\",\"messages\":[]}", "`messages` must be a list of at least one message"),
            ("{\"model\":\"m\",\"messages\":{}}", "`messages` must be a list"),
            ("{\"model\":\"m\",\"messages\":[{}],\"stream\":1}", "`stream` must be true or false"),
        ] {
            let failure = peek_of(body).expect_err(body);
            assert_eq!(failure.kind(), Kind::InvalidRequest, "{body}");
            assert!(failure.message().starts_with(says), "{body}: {failure}");
        }
    }
}
