//! A small instance of a JSON schema.

use std::cell::Cell;

use serde_json::{Map, Value, json};

/// The smallest instance of `schema` that is easy to make: only what is required, the first of what is offered, the least
/// of what is counted. The same schema always gives the same instance.
///
/// Understood are `const`, `enum`, `default`, `type`, `properties`, `required`, `items`, `prefixItems`, `minItems`,
/// `minLength`, `format`, `minimum`, `exclusiveMinimum`, `multipleOf`, `anyOf`, `oneOf`, `allOf` and local `$ref`.
/// `pattern` is not. A schema that never ends is followed so far and no further: `null` stands for the rest.
pub(crate) fn instance(schema: &Value) -> Value {
    Maker { root: schema, left: Cell::new(MOST_VALUES) }.of(schema, 0)
}

struct Maker<'a> {
    root: &'a Value,
    /// How many more values may be made: a schema may branch into itself.
    left: Cell<usize>,
}

impl Maker<'_> {
    fn of(&self, schema: &Value, depth: usize) -> Value {
        if depth > DEEPEST || self.left.get() == 0 {
            return Value::Null;
        }
        self.left.set(self.left.get() - 1);
        made(schema, self.root, depth, &|schema| self.of(schema, depth + 1))
    }
}

fn made(schema: &Value, root: &Value, depth: usize, below: &dyn Fn(&Value) -> Value) -> Value {
    if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
        return target.strip_prefix('#').and_then(|at| root.pointer(at)).map_or(Value::Null, below);
    }
    for given in ["const", "default"] {
        if let Some(value) = schema.get(given) {
            return value.clone();
        }
    }
    if let Some(value) = first(schema, "enum") {
        return value.clone();
    }
    if let Some(option) = offered(schema, "anyOf", depth).or_else(|| offered(schema, "oneOf", depth)) {
        return below(option);
    }
    if let Some(all) = schema.get("allOf").and_then(Value::as_array) {
        let parts = all.iter().map(below).chain(schema.get("properties").map(|_| object(schema, below)));
        return parts.fold(Value::Null, merged);
    }
    match kind(schema) {
        "object" => object(schema, below),
        "array" => array(schema, below),
        "string" => Value::String(string(schema)),
        "integer" | "number" => number(schema),
        "boolean" => Value::Bool(true),
        _ => Value::Null,
    }
}

fn first<'a>(schema: &'a Value, field: &str) -> Option<&'a Value> {
    schema.get(field)?.as_array()?.first()
}

/// The first of what is offered; far down the last, which is where recursive schemas put what ends them.
fn offered<'a>(schema: &'a Value, field: &str, depth: usize) -> Option<&'a Value> {
    let options = schema.get(field)?.as_array()?;
    if depth > DEEP { options.last() } else { options.first() }
}

fn kind(schema: &Value) -> &str {
    match schema.get("type") {
        Some(Value::String(kind)) => kind,
        Some(Value::Array(kinds)) => kinds.first().and_then(Value::as_str).unwrap_or("null"),
        _ if schema.get("properties").is_some() => "object",
        _ if schema.get("items").is_some() => "array",
        _ => "string",
    }
}

fn object(schema: &Value, below: &dyn Fn(&Value) -> Value) -> Value {
    let required = schema.get("required").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let properties = schema.get("properties");
    let fields = required.iter().filter_map(Value::as_str).map(|name| {
        let value = properties.and_then(|all| all.get(name)).map_or(Value::Null, below);
        (name.to_owned(), value)
    });
    Value::Object(fields.collect::<Map<_, _>>())
}

fn array(schema: &Value, below: &dyn Fn(&Value) -> Value) -> Value {
    let mut items: Vec<Value> = match schema.get("prefixItems").and_then(Value::as_array) {
        Some(prefix) => prefix.iter().map(below).collect(),
        None => Vec::new(),
    };
    let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0).min(MOST_ITEMS);
    while (items.len() as u64) < least {
        items.push(schema.get("items").map_or(Value::Null, below));
    }
    Value::Array(items)
}

fn string(schema: &Value) -> String {
    let format = schema.get("format").and_then(Value::as_str).unwrap_or_default();
    let mut text = match format {
        "date-time" => "2026-01-01T00:00:00Z",
        "date" => "2026-01-01",
        "time" => "00:00:00Z",
        "duration" => "PT1S",
        "email" => "someone@example.com",
        "hostname" => "example.com",
        "ipv4" => "192.0.2.1",
        "ipv6" => "2001:db8::1",
        "uuid" => "00000000-0000-4000-8000-000000000000",
        "uri" => "https://example.com/",
        _ => "text",
    }
    .to_owned();
    let least = schema.get("minLength").and_then(Value::as_u64).unwrap_or(0).min(MOST_CHARS);
    let missing = usize::try_from(least).unwrap_or(0).saturating_sub(text.chars().count());
    text.extend(std::iter::repeat_n('x', missing));
    if let Some(most) = schema.get("maxLength").and_then(Value::as_u64) {
        text = text.chars().take(usize::try_from(most).unwrap_or(usize::MAX)).collect();
    }
    text
}

fn number(schema: &Value) -> Value {
    let whole = kind(schema) == "integer";
    let field = |name: &str| schema.get(name).and_then(Value::as_f64);
    let mut least = field("minimum").unwrap_or(1.0);
    if let Some(above) = field("exclusiveMinimum") {
        least = if whole { above.floor() + 1.0 } else { above + 0.5 };
    }
    if let Some(most) = field("maximum") {
        least = least.min(most);
    }
    if let Some(step) = field("multipleOf").filter(|step| *step > 0.0) {
        least = (least / step).ceil() * step;
    }
    let least = if whole { least.ceil() } else { least };
    // A whole number is written without a fraction: validators of integers insist.
    if least.fract() == 0.0 {
        format!("{least:.0}").parse::<i64>().map_or_else(|_| json!(least), Value::from)
    } else {
        json!(least)
    }
}

fn merged(mut left: Value, right: Value) -> Value {
    match (&mut left, right) {
        (Value::Object(fields), Value::Object(more)) => fields.extend(more),
        (_, right) => left = right,
    }
    left
}

/// How deep a schema is followed before it should come to an end.
const DEEP: usize = 8;
/// How many values an instance has at most.
const MOST_VALUES: usize = 10_000;
/// How deep a schema is followed.
const DEEPEST: usize = 32;
/// The most items that a `minItems` is obeyed for.
const MOST_ITEMS: u64 = 64;
/// The most characters that a `minLength` is obeyed for.
const MOST_CHARS: u64 = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_holds_what_is_required() {
        let schema = json!({
            "type": "object",
            "properties": {
                "city": {"type": "string"},
                "unit": {"enum": ["celsius", "fahrenheit"]},
                "days": {"type": "integer", "minimum": 3},
                "ratio": {"type": "number", "exclusiveMinimum": 0},
                "tags": {"type": "array", "minItems": 2, "items": {"type": "boolean"}},
                "place": {"$ref": "#/$defs/place"},
                "left_out": {"type": "string"},
            },
            "required": ["city", "unit", "days", "ratio", "tags", "place"],
            "$defs": {"place": {"type": "object", "properties": {"id": {"type": "string", "format": "uuid"}}, "required": ["id"]}},
        });
        let expected = json!({
            "city": "text", "unit": "celsius", "days": 3, "ratio": 0.5, "tags": [true, true],
            "place": {"id": "00000000-0000-4000-8000-000000000000"},
        });
        assert_eq!(instance(&schema), expected);
    }

    #[test]
    fn choices_take_the_first_and_endless_schemas_end() {
        assert_eq!(instance(&json!({"anyOf": [{"type": "null"}, {"type": "string"}]})), Value::Null);
        assert_eq!(instance(&json!({"type": ["integer", "null"]})), json!(1));
        assert_eq!(instance(&json!({"type": "string", "minLength": 6, "maxLength": 6})), json!("textxx"));
        let all = json!({"allOf": [
            {"type": "object", "properties": {"a": {"const": 1}}, "required": ["a"]},
            {"type": "object", "properties": {"b": {"const": 2}}, "required": ["b"]},
        ]});
        assert_eq!(instance(&all), json!({"a": 1, "b": 2}));
        let endless = json!({"type": "object", "properties": {"next": {"$ref": "#"}}, "required": ["next"]});
        assert!(instance(&endless).is_object());
        let node = json!({"$ref": "#/$defs/node"});
        let branching = json!({"$ref": "#/$defs/node", "$defs": {
            "node": {"type": "object", "properties": {"left": node, "right": node}, "required": ["left", "right"]},
        }});
        assert!(instance(&branching).to_string().len() < 1 << 20);
        let wide = (0..20).fold(
            json!({"type": "null"}),
            |items, _| json!({"type": "array", "minItems": 64, "items": items}),
        );
        assert!(instance(&wide).to_string().len() < 1 << 20);
        let list = json!({"type": "object", "properties": {"next": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}}, "required": ["next"]});
        assert!(instance(&list).to_string().len() < 200);
        assert_eq!(instance(&json!(true)), json!("text"));
    }
}
