//! What Gemini's `Schema` must say of itself.

use serde_json::Value;

use super::view::{either, items};

/// The first fault of a schema: the path to it, and what is wrong. The document came through a parser of bounded depth.
pub(super) fn fault(schema: &Value, path: &str) -> Option<(String, String)> {
    let kind = schema["type"].as_str().unwrap_or_default().to_ascii_uppercase();
    let say = |field: &str, what: &str| Some((format!("{path}.{field}"), what.to_owned()));
    let properties = schema["properties"].as_object();
    if kind == "ARRAY" && schema["items"].is_null() {
        return say("items", "missing field.");
    }
    if !items(schema, "enum", "enum").is_empty() && kind != "STRING" {
        return say("enum", "only allowed for STRING type");
    }
    let required = items(schema, "required", "required").iter().filter_map(Value::as_str);
    for (at, name) in required.enumerate() {
        if !properties.is_some_and(|all| all.contains_key(name)) {
            return say(&format!("required[{at}]"), "property is not defined");
        }
    }
    for (name, below) in properties.into_iter().flatten() {
        let fault = fault(below, &format!("{path}.properties[{name}]"));
        if fault.is_some() {
            return fault;
        }
    }
    for (at, below) in items(schema, "anyOf", "any_of").iter().enumerate() {
        let fault = fault(below, &format!("{path}.any_of[{at}]"));
        if fault.is_some() {
            return fault;
        }
    }
    let below = either(schema, "items", "items");
    if below.is_object() { fault(below, &format!("{path}.items")) } else { None }
}
