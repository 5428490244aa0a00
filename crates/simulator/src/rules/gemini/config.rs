//! `generationConfig`, each field by itself and with the model.

use serde_json::Value;

use super::{
    Complaint, Rule, SPEC, family, schema,
    view::{config, either, items},
};
use crate::rules::rule::Asked;

pub(super) const RULES: &[Rule<Complaint>] = &[
    Rule {
        name: "temperature-range",
        refuses: "a temperature outside of 0 to 2",
        source: SPEC,
        check: temperature,
    },
    Rule {
        name: "top-p-range",
        refuses: "top_p outside of 0 to 1",
        source: "Gemini API reference, ai.google.dev/api/generate-content#generationconfig: the maximum cumulative probability",
        check: top_p,
    },
    Rule {
        name: "top-k-range",
        refuses: "top_k below 1",
        source: "Gemini API reference, ai.google.dev/api/generate-content#generationconfig: the maximum number of tokens to consider",
        check: top_k,
    },
    Rule {
        name: "max-output-tokens-range",
        refuses: "max_output_tokens below 1, or more than the model gives",
        source: "the answers quoted in github.com/stackblitz-labs/bolt.diy/issues/955 and github.com/BerriAI/litellm/pull/10548: the supported range is from 1",
        check: max_output,
    },
    Rule {
        name: "candidate-count-range",
        refuses: "fewer candidates than one or more than eight",
        source: "Google Cloud, Vertex AI, GenerationConfig: candidateCount, 1 to 8",
        check: candidates,
    },
    Rule {
        name: "stop-sequences-too-many",
        refuses: "more than five stop sequences, or an empty one",
        source: "Gemini API reference, ai.google.dev/api/generate-content#generationconfig: stopSequences (up to 5)",
        check: stops,
    },
    Rule {
        name: "penalty-unsupported",
        refuses: "a penalty other than 0 where the model takes none",
        source: "the answers quoted in github.com/google-gemini/cookbook/issues/1290 and github.com/vercel/ai/issues/8943: Penalty is not enabled",
        check: penalty,
    },
    Rule {
        name: "logprobs-without-response-logprobs",
        refuses: "a number of log probabilities without asking for them",
        source: "Gemini API reference, ai.google.dev/api/generate-content#generationconfig: logprobs is only valid if responseLogprobs is true",
        check: logprobs,
    },
    Rule {
        name: "response-mime-type-unknown",
        refuses: "an answer in a form that there is not",
        source: "Gemini API reference, ai.google.dev/api/generate-content#generationconfig: supported MIME types are text/plain, application/json and text/x.enum",
        check: mime_type,
    },
    Rule {
        name: "response-schema-without-json",
        refuses: "a schema for an answer that is plain text",
        source: "Gemini API reference, ai.google.dev/api/generate-content#generationconfig: responseSchema, if set, a compatible responseMimeType must also be set",
        check: schema_of_text,
    },
    Rule {
        name: "response-schema-twice",
        refuses: "a schema in both of the ways that there are",
        source: "Gemini API reference, ai.google.dev/api/generate-content#generationconfig: if responseJsonSchema is set, responseSchema must be omitted",
        check: two_schemas,
    },
    Rule {
        name: "response-schema",
        refuses: "a schema of the answer with an array without items, words that are no strings, or a required property that is none",
        source: "the answer quoted in github.com/cline/cline/issues/7339, of the same message Schema: items: missing field",
        check: response_schema,
    },
];

fn temperature(asked: &Asked<'_>) -> Option<Complaint> {
    let got = number(asked, "temperature", "temperature")?;
    (!(0.0..=2.0).contains(&got))
        .then(|| field("temperature", "temperature must be in the range [0.0, 2.0]."))?
}

fn top_p(asked: &Asked<'_>) -> Option<Complaint> {
    let got = number(asked, "topP", "top_p")?;
    (!(0.0..=1.0).contains(&got)).then(|| field("top_p", "top_p must be in the range [0.0, 1.0]."))?
}

fn top_k(asked: &Asked<'_>) -> Option<Complaint> {
    let got = number(asked, "topK", "top_k")?;
    (got < 1.0).then(|| field("top_k", "top_k must be positive."))?
}

fn max_output(asked: &Asked<'_>) -> Option<Complaint> {
    let got = number(asked, "maxOutputTokens", "max_output_tokens")?;
    let most = family::of(asked).map_or(f64::INFINITY, |family| family.max_output);
    if (1.0..=most).contains(&got) {
        return None;
    }
    let past = most + 1.0;
    Complaint::new(format!(
        "Unable to submit request because it has a maxOutputTokens value of {got} but the supported range is from 1 (inclusive) to {past} (exclusive). Update the value and try again."
    ))
}

fn candidates(asked: &Asked<'_>) -> Option<Complaint> {
    let got = number(asked, "candidateCount", "candidate_count")?;
    (!(1.0..=8.0).contains(&got))
        .then(|| field("candidate_count", "candidate_count must be in the range [1, 8]."))?
}

fn stops(asked: &Asked<'_>) -> Option<Complaint> {
    let stops = items(config(asked.body), "stopSequences", "stop_sequences");
    if stops.len() > 5 {
        return field("stop_sequences", "must not have more than 5 stop sequences.");
    }
    let at = stops.iter().position(|stop| stop == "")?;
    field(&format!("stop_sequences[{at}]"), "must not be empty.")
}

fn penalty(asked: &Asked<'_>) -> Option<Complaint> {
    family::of(asked).filter(|family| !family.penalties)?;
    let fields = [("presencePenalty", "presence_penalty"), ("frequencyPenalty", "frequency_penalty")];
    let is_set = |(camel, snake): &(&str, &str)| number(asked, camel, snake).is_some_and(|got| got != 0.0);
    fields.iter().any(is_set).then(|| Complaint::new("Penalty is not enabled for this model"))?
}

fn logprobs(asked: &Asked<'_>) -> Option<Complaint> {
    number(asked, "logprobs", "logprobs")?;
    let is_asked = *either(config(asked.body), "responseLogprobs", "response_logprobs") == true;
    (!is_asked).then(|| field("logprobs", "logprobs is only valid if response_logprobs is true."))?
}

fn mime_type(asked: &Asked<'_>) -> Option<Complaint> {
    let kind = mime(asked);
    let known = ["", "text/plain", "application/json", "application/xml", "application/yaml", "text/x.enum"];
    (!known.contains(&kind)).then(|| field("response_mime_type", MIME_TYPES))?
}

fn schema_of_text(asked: &Asked<'_>) -> Option<Complaint> {
    let (older, newer) = schemas(asked);
    let name = match (older.is_null(), newer.is_null()) {
        (true, true) => return None,
        (false, _) => "response_schema",
        (true, false) => "response_json_schema",
    };
    ["", "text/plain"]
        .contains(&mime(asked))
        .then(|| field(name, format!("{name} only allowed when response_mime_type is `application/json`.")))?
}

fn two_schemas(asked: &Asked<'_>) -> Option<Complaint> {
    let (older, newer) = schemas(asked);
    (!older.is_null() && !newer.is_null())
        .then(|| field("response_schema", "must be omitted if response_json_schema is set."))?
}

fn response_schema(asked: &Asked<'_>) -> Option<Complaint> {
    let (path, what) = schema::fault(schemas(asked).0, "generation_config.response_schema")?;
    Complaint::of(&path, what)
}

fn mime<'r>(asked: &Asked<'r>) -> &'r str {
    either(config(asked.body), "responseMimeType", "response_mime_type").as_str().unwrap_or_default()
}

fn schemas<'r>(asked: &Asked<'r>) -> (&'r Value, &'r Value) {
    let config = config(asked.body);
    (
        either(config, "responseSchema", "response_schema"),
        either(config, "responseJsonSchema", "response_json_schema"),
    )
}

fn number(asked: &Asked<'_>, camel: &str, snake: &str) -> Option<f64> {
    let value = either(config(asked.body), camel, snake);
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}

fn field(name: &str, what: impl AsRef<str>) -> Option<Complaint> {
    Complaint::of(&format!("generation_config.{name}"), what)
}

const MIME_TYPES: &str = "allowed mimetypes are `text/plain`, `application/json`, `application/xml`, `application/yaml` \
    and `text/x.enum`.";
