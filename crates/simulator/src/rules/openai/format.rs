//! The response format.

use serde_json::Value;

use super::{Complaint, MEASURED, Rule, schema};
use crate::rules::{
    rule::Asked,
    view::{given, is, is_word, list, text, texts},
};

pub(super) const RULES: &[Rule<Complaint>] = &[
    Rule {
        name: "response-format-type",
        refuses: "a response format without a type, or with one that is not in the API",
        source: MEASURED,
        check: kind,
    },
    Rule {
        name: "json-schema-missing",
        refuses: "a response format by schema without the schema's name",
        source: MEASURED,
        check: nameless,
    },
    Rule {
        name: "json-schema-name-pattern",
        refuses: "a schema's name with other characters than letters, digits, _ and -, or with more than 64",
        source: "OpenAI API reference, Create chat completion: response_format.json_schema.name",
        check: name,
    },
    Rule {
        name: "json-schema-strict",
        refuses: "a strict schema that is open or has optional properties",
        source: schema::SOURCE,
        check: strict,
    },
    Rule {
        name: "json-object-without-the-word",
        refuses: "the response format json_object in a talk that does not say json",
        source: "OpenAI guide, JSON mode: the API fails if the string JSON does not appear somewhere in the context",
        check: unsaid,
    },
];

fn kind(asked: &Asked<'_>) -> Option<Complaint> {
    let format = given(asked.body, "response_format")?;
    if given(format, "type").is_none() {
        return Complaint::missing("response_format.type");
    }
    let kind = text(format, "type");
    if ["json_object", "json_schema", "text"].contains(&kind) {
        return None;
    }
    Complaint::wrong_value("response_format.type", kind, "'json_object', 'json_schema', and 'text'")
}

fn nameless(asked: &Asked<'_>) -> Option<Complaint> {
    let format = given(asked.body, "response_format").filter(|format| is(format, "type", "json_schema"))?;
    let Some(schema) = given(format, "json_schema") else {
        return Complaint::missing("response_format.json_schema");
    };
    if given(schema, "name").is_some() {
        return None;
    }
    Complaint::missing("response_format.json_schema.name")
}

fn name(asked: &Asked<'_>) -> Option<Complaint> {
    let name = asked.body.get("response_format")?.get("json_schema")?.get("name")?.as_str()?;
    let param = "response_format.json_schema.name";
    if !is_word(name) {
        let message = format!(
            "Invalid '{param}': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'."
        );
        return Complaint::new(param, "invalid_value", message);
    }
    (name.len() > MAX_NAME).then(|| Complaint::long_string(param, MAX_NAME, name.len())).flatten()
}

fn strict(asked: &Asked<'_>) -> Option<Complaint> {
    let format = asked.body.get("response_format")?.get("json_schema")?;
    if format.get("strict") != Some(&Value::Bool(true)) {
        return None;
    }
    let fault = schema::fault(format.get("schema")?)?;
    let name = text(format, "name");
    Complaint::of("response_format", format!("Invalid schema for response_format '{name}': {fault}"))
}

fn unsaid(asked: &Asked<'_>) -> Option<Complaint> {
    given(asked.body, "response_format").filter(|format| is(format, "type", "json_object"))?;
    let mut contents = list(asked.body, "messages").iter().filter_map(|message| message.get("content"));
    let is_said = contents.any(|content| texts(content).any(|text| text.to_lowercase().contains("json")));
    if is_said {
        return None;
    }
    Complaint::of(
        "messages",
        "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
    )
}

const MAX_NAME: usize = 64;
