//! JSON Schemas as Anthropic takes them.

use std::borrow::Cow;

use backstop_core::{Extra, Json};

use super::words::{fields_of, object_of};
use crate::json::{self, object_json};

/// `schema` with its objects closed, as structured outputs want them (Anthropic's guide, "JSON Schema limitations"):
/// what is of the closed schema is of the open one as well. `None` where an object is open by its own word, or the
/// schema is none, or deeper than any model follows.
pub(super) fn closed(schema: &Json) -> Option<Json> {
    close(schema, DEEPEST)
}

/// `schema`, which a tool's arguments are of: Anthropic wants to be told that they are an object.
pub(super) fn of_object(schema: &Json) -> Cow<'_, Json> {
    match fields_of(schema) {
        Some(mut fields) if fields.get("type").is_none() => {
            fields.insert("type", Json::string("object"));
            Cow::Owned(object_of(&fields))
        }
        _ => Cow::Borrowed(schema),
    }
}

fn close(schema: &Json, depth: usize) -> Option<Json> {
    let depth = depth.checked_sub(1)?;
    let Some(fields) = fields_of(schema) else {
        // `true`, which is no object.
        return schema.as_bool().map(|_| schema.clone());
    };
    let mut written = Extra::new();
    for (name, value) in fields.iter() {
        let value = match name.as_str() {
            "properties" | "$defs" | "definitions" => each(value, depth)?,
            "items" => close(value, depth)?,
            "anyOf" | "allOf" => list(value, depth)?,
            _ => value.clone(),
        };
        written.insert(name.clone(), value);
    }
    let is_object = fields.get("properties").is_some()
        || fields.get("type").is_some_and(|kind| kind.to_text().as_deref() == Some("object"));
    match fields.get("additionalProperties").map(Json::as_bool) {
        None if is_object => {
            written.insert("additionalProperties", Json::parse("false".into()).ok()?);
        }
        None | Some(Some(false)) => {}
        Some(_) => return None,
    }
    Some(object_of(&written))
}

fn each(schemas: &Json, depth: usize) -> Option<Json> {
    let mut written = Extra::new();
    for (name, schema) in fields_of(schemas)?.iter() {
        written.insert(name.clone(), close(schema, depth)?);
    }
    Some(object_of(&written))
}

fn list(schemas: &Json, depth: usize) -> Option<Json> {
    let raw = serde_json::from_str(schemas.as_str()).ok()?;
    let schemas = json::items(raw)?.into_iter().map(|schema| {
        let schema = Json::parse(schema.get().to_owned().into()).ok()?;
        close(&schema, depth)
    });
    let schemas = schemas.collect::<Option<Vec<_>>>()?;
    let written = object_json(|object| {
        object.array("list", |list| schemas.iter().for_each(|schema| list.json(schema)));
    });
    fields_of(&written)?.remove("list")
}

/// More than any schema that a model was seen to follow, and little enough for the stack.
const DEEPEST: usize = 48;

#[cfg(test)]
mod tests {
    use backstop_core::Text;
    use serde_json::{Value, json};

    use super::*;

    fn json_of(value: &Value) -> Json {
        Json::parse(value.to_string().into()).unwrap()
    }

    #[test]
    fn open_objects_are_closed_wherever_they_stand() {
        let parse = |text: &str| Json::parse(Text::from(text.to_owned())).unwrap();
        let shut = closed(&parse(
            r#"{"type":"object","properties":{"b":{"type":"array","items":{"type":"object"}},"a":{"anyOf":[{"properties":{}},{"type":"null"}]}}}"#,
        ));
        // In the caller's order, which is the order of the answer.
        let expected = r#"{"type":"object","properties":{"b":{"type":"array","items":{"type":"object","additionalProperties":false}},"a":{"anyOf":[{"properties":{},"additionalProperties":false},{"type":"null"}]}},"additionalProperties":false}"#;
        assert_eq!(shut.as_ref().map(Json::as_str), Some(expected));
        assert_eq!(closed(&parse(expected)), shut);
    }

    #[test]
    fn what_is_open_by_its_own_word_is_not_closed() {
        for open in [
            json!({"type": "object", "additionalProperties": true}),
            json!({"additionalProperties": {"type": "string"}}),
        ] {
            assert_eq!(closed(&json_of(&open)), None);
            assert_eq!(closed(&json_of(&json!({"items": open}))), None);
        }
        assert_eq!(closed(&json_of(&json!("no schema"))), None);
        let deep = (0..200).fold(json!({}), |inner, _| json!({"items": inner}));
        assert_eq!(closed(&json_of(&deep)), None);
    }

    #[test]
    fn arguments_are_of_an_object() {
        assert_eq!(of_object(&json_of(&json!({}))).as_str(), r#"{"type":"object"}"#);
        let told = json_of(&json!({"type": "object", "properties": {}}));
        assert!(matches!(of_object(&told), Cow::Borrowed(same) if *same == told));
    }
}
