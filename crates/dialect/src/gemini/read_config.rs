//! `generationConfig`, in.

use backstop_core::{Dialect, Extra, Json, OutputFormat, Request, Stop, Text};
use bytes::Bytes;
use serde_json::value::RawValue;

use super::{names::either, schema::as_json_schema, thinking};
use crate::json::{self, Error, Fields, Path};

/// Takes apart what has a name in the unified vocabulary; all else stays in `extra` under the object's own name.
pub(super) fn read(wire: &Bytes, raw: &RawValue, request: &mut Request) -> Result<(), Error> {
    let path = Path::Root.field("generationConfig");
    let mut fields = Fields::open(wire, raw, path)?;
    let mut number =
        |camel: &str, snake: &str| either(&mut fields, camel, snake).map(|raw| json::json(wire, raw));
    let parameters = &mut request.parameters;
    parameters.max_tokens = number("maxOutputTokens", "max_output_tokens");
    parameters.temperature = number("temperature", "temperature");
    parameters.top_p = number("topP", "top_p");
    parameters.top_k = number("topK", "top_k");
    parameters.seed = number("seed", "seed");
    parameters.presence_penalty = number("presencePenalty", "presence_penalty");
    parameters.frequency_penalty = number("frequencyPenalty", "frequency_penalty");
    parameters.n = number("candidateCount", "candidate_count");
    parameters.logprobs = number("responseLogprobs", "response_logprobs");
    parameters.top_logprobs = number("logprobs", "logprobs");
    if let Some(raw) = either(&mut fields, "stopSequences", "stop_sequences") {
        let texts =
            json::items(raw).and_then(|items| items.into_iter().map(|item| json::text(wire, item)).collect());
        let sequences: Vec<Text> =
            texts.ok_or_else(|| path.field("stopSequences").expected("a list of strings"))?;
        parameters.stop = Some(Stop { sequences, bare: false });
    }
    if let Some(raw) = either(&mut fields, "thinkingConfig", "thinking_config") {
        request.reasoning = Some(thinking::read(wire, raw, path.field("thinkingConfig"))?);
    }
    request.output = output(wire, &mut fields);
    // Also where nothing is left: an empty object and none are two documents.
    request.extra.insert("generationConfig", super::write_part::object_of(&fields.rest()));
    Ok(())
}

/// The form of the output. The older `responseSchema` stays where it is as well, since it is another language.
fn output(wire: &Bytes, fields: &mut Fields<'_, '_>) -> Option<OutputFormat> {
    let kind = either(fields, "responseMimeType", "response_mime_type").map(|raw| json::json(wire, raw))?;
    let schema =
        |schema: Json| OutputFormat::JsonSchema { name: None, description: None, schema, strict: None };
    Some(match kind.to_text().as_deref() {
        Some("application/json") => {
            let newer =
                either(fields, "responseJsonSchema", "response_json_schema").map(|raw| json::json(wire, raw));
            let older = ["responseSchema", "response_schema"].into_iter().find_map(|name| fields.get(name));
            match (newer, older.filter(|raw| !json::is_null(raw))) {
                (Some(newer), _) => schema(newer),
                (None, Some(older)) => schema(as_json_schema(&json::json(wire, older))),
                (None, None) => OutputFormat::JsonObject,
            }
        }
        Some("text/plain") => OutputFormat::Text,
        _ => OutputFormat::Opaque { dialect: Dialect::GeminiGenerate, json: kind },
    })
}

/// What the reader left of `generationConfig`.
pub(super) fn rest(extra: &Extra) -> Option<Extra> {
    let kept = extra.get("generationConfig")?;
    let wire = Text::from(kept.as_str()).into_bytes();
    Fields::root(&wire).ok().map(Fields::rest)
}
