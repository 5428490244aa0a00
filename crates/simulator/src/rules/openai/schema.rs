//! What a strict JSON Schema must say of each of its objects.

use serde_json::Value;

use crate::rules::view::list;

/// The first fault of a schema, in OpenAI's words. The document came through a parser of bounded depth.
pub(super) fn fault(schema: &Value) -> Option<String> {
    at(schema, &mut Vec::new())
}

fn at<'s>(schema: &'s Value, path: &mut Vec<&'s str>) -> Option<String> {
    let properties = schema.get("properties").and_then(Value::as_object);
    let is_object = properties.is_some() || schema.get("type").is_some_and(names_object);
    if is_object {
        if schema.get("additionalProperties") != Some(&Value::Bool(false)) {
            let what = "'additionalProperties' is required to be supplied and to be false.";
            return Some(format!("In context={}, {what}", tuple(path)));
        }
        let required = list(schema, "required");
        let optional = properties.into_iter().flat_map(|properties| properties.keys());
        if let Some(name) =
            optional.into_iter().find(|name| !required.iter().any(|field| field == name.as_str()))
        {
            let what = format!(
                "'required' is required to be supplied and to be an array including every key in properties. Missing '{name}'."
            );
            return Some(format!("In context={}, {what}", tuple(path)));
        }
    }
    let named = ["properties", "$defs", "definitions"]
        .into_iter()
        .filter_map(|group| Some((group, schema.get(group)?.as_object()?)));
    for (group, members) in named {
        for (name, member) in members {
            let fault = below(member, path, &[group, name]);
            if fault.is_some() {
                return fault;
            }
        }
    }
    for (place, member) in list(schema, "anyOf").iter().enumerate() {
        let fault = below(member, path, &["anyOf", PLACES.get(place).copied().unwrap_or("n")]);
        if fault.is_some() {
            return fault;
        }
    }
    below(schema.get("items")?, path, &["items"])
}

fn below<'s>(schema: &'s Value, path: &mut Vec<&'s str>, steps: &[&'s str]) -> Option<String> {
    path.extend_from_slice(steps);
    let fault = at(schema, path);
    path.truncate(path.len() - steps.len());
    fault
}

fn names_object(kind: &Value) -> bool {
    kind == "object" || kind.as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == "object"))
}

/// A path as a tuple in Python's spelling, which is how the API spells it.
fn tuple(path: &[&str]) -> String {
    match path {
        [] => String::from("()"),
        [only] => format!("('{only}',)"),
        steps => {
            let steps: Vec<String> = steps.iter().map(|step| format!("'{step}'")).collect();
            format!("({})", steps.join(", "))
        }
    }
}

const PLACES: &[&str] = &["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
/// Where the demands are from.
pub(super) const SOURCE: &str = "OpenAI guide, Structured outputs, Supported schemas: all fields must be required, additionalProperties must be false; recorded requests of the OpenAI SDK's parse helper keep to it";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_path_to_a_fault_is_a_tuple() {
        let closed = |properties: Value| {
            let names: Vec<String> = properties.as_object().unwrap().keys().cloned().collect();
            json!({"type": "object", "properties": properties, "required": names, "additionalProperties": false})
        };
        assert_eq!(fault(&closed(json!({"a": {"type": "string"}}))), None);
        let open = json!({"type": "object"});
        let told = |schema: &Value| fault(schema).unwrap();
        assert!(told(&open).starts_with("In context=(), 'additionalProperties' is required"));
        let nested = closed(json!({"findings": {"type": "array", "items": open}}));
        assert!(told(&nested).starts_with("In context=('properties', 'findings', 'items'), "));
        let listed = json!({"items": {"type": ["object", "null"]}});
        assert!(told(&listed).starts_with("In context=('items',), "));
        let optional =
            json!({"type": "object", "properties": {"a": {}}, "required": [], "additionalProperties": false});
        assert!(told(&optional).ends_with("Missing 'a'."));
    }
}
