//! Reading a payload as protocol buffers do, and everything that it breaks on the way.

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use serde_json::Value;

use super::descriptor::{Field, Kind, Message, snake};

/// One thing that the reader finds wrong.
#[derive(Debug)]
pub(super) struct Violation {
    pub(super) what: What,
    /// The path of the message that it is found in, or of the field.
    pub(super) field: String,
    pub(super) description: String,
}

/// What kind of thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    UnknownName,
    List,
    Type,
    Enum,
    OneOf,
    Base64,
}

/// Everything that is wrong with `value`, which is to be a `message`.
pub(super) fn all(message: &Message, value: &Value) -> Vec<Violation> {
    let mut reader = Reader { found: Vec::new() };
    reader.message(message, value, "");
    reader.found
}

struct Reader {
    found: Vec<Violation>,
}

impl Reader {
    fn message(&mut self, message: &Message, value: &Value, path: &str) {
        let Some(object) = value.as_object() else {
            return self.wrong(
                What::Type,
                path,
                &format!("type.googleapis.com/{PACKAGE}.{}", message.name),
                value,
            );
        };
        let mut chosen = None;
        for (name, value) in object.iter().filter(|(_, value)| !value.is_null()) {
            let Some(field) = message.field(name) else {
                self.unknown(name, path, "Cannot find field.");
                continue;
            };
            let one_of = message.one_of.filter(|(_, names)| names.contains(&field.name));
            if let Some((one_of, names)) = one_of
                && chosen.replace(names).is_some()
            {
                let description = format!(
                    "Invalid value at '{path}' (oneof), oneof field '{one_of}' is already set. Cannot set '{name}'"
                );
                self.found.push(Violation { what: What::OneOf, field: path.to_owned(), description });
            }
            self.field(field, value, name, path);
        }
    }

    fn field(&mut self, field: &Field, value: &Value, name: &str, path: &str) {
        let below = join(path, &snake(field.name));
        match (field.repeated, value) {
            // A single value stands for a list of one.
            (true, Value::Array(items)) => {
                for (at, item) in items.iter().enumerate() {
                    self.value(&field.kind, item, &format!("{below}[{at}]"));
                }
            }
            (false, Value::Array(_)) if !matches!(field.kind, Kind::Any) => {
                self.unknown(name, path, "Proto field is not repeating, cannot start list.");
                if let Some(last) = self.found.last_mut() {
                    last.what = What::List;
                }
            }
            (true, single) => self.value(&field.kind, single, &format!("{below}[0]")),
            (false, value) => self.value(&field.kind, value, &below),
        }
    }

    fn value(&mut self, kind: &Kind, value: &Value, path: &str) {
        match kind {
            Kind::Any => {}
            Kind::Message(message) => self.message(message, value, path),
            Kind::Map(message) => match value.as_object() {
                Some(object) => {
                    for (at, (_, value)) in object.iter().enumerate() {
                        self.message(message, value, &format!("{path}[{at}].value"));
                    }
                }
                None => self.wrong(What::Type, path, "Map", value),
            },
            Kind::Struct if value.is_object() => {}
            Kind::Struct => self.wrong(What::Type, path, "type.googleapis.com/google.protobuf.Struct", value),
            Kind::Enum(_, words) if is_one_of(words, value) => {}
            Kind::Enum(name, _) => {
                self.wrong(What::Enum, path, &format!("type.googleapis.com/{PACKAGE}.{name}"), value);
            }
            Kind::Text if value.is_string() => {}
            Kind::Text => self.wrong(What::Type, path, "TYPE_STRING", value),
            Kind::Bool if value.is_boolean() => {}
            Kind::Bool => self.wrong(What::Type, path, "TYPE_BOOL", value),
            Kind::Float if number(value).is_some() => {}
            Kind::Float => self.wrong(What::Type, path, "TYPE_FLOAT", value),
            Kind::Int32 if integer(value).is_some_and(|number| i32::try_from(number).is_ok()) => {}
            Kind::Int32 => self.wrong(What::Type, path, "TYPE_INT32", value),
            Kind::Int64 if integer(value).is_some() => {}
            Kind::Int64 => self.wrong(What::Type, path, "TYPE_INT64", value),
            Kind::Bytes => match value.as_str() {
                Some(text) if is_base64(text) => {}
                Some(text) => {
                    let description = format!(
                        "Invalid value at '{path}' (TYPE_BYTES), Base64 decoding failed for \"{text}\""
                    );
                    self.found.push(Violation { what: What::Base64, field: path.to_owned(), description });
                }
                None => self.wrong(What::Type, path, "TYPE_BYTES", value),
            },
        }
    }

    fn unknown(&mut self, name: &str, path: &str, why: &str) {
        let at = if path.is_empty() { String::new() } else { format!(" at '{path}'") };
        let description = format!("Invalid JSON payload received. Unknown name \"{name}\"{at}: {why}");
        self.found.push(Violation { what: What::UnknownName, field: path.to_owned(), description });
    }

    fn wrong(&mut self, what: What, path: &str, kind: &str, value: &Value) {
        let description = if path.is_empty() {
            "Invalid JSON payload received. Root element must be a message.".to_owned()
        } else {
            format!("Invalid value at '{path}' ({kind}), {value}")
        };
        self.found.push(Violation { what, field: path.to_owned(), description });
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// Words are read whatever their case, and by their numbers.
fn is_one_of(words: &[&str], value: &Value) -> bool {
    match value {
        Value::String(word) => words.iter().any(|known| known.eq_ignore_ascii_case(word)),
        value => value.as_u64().is_some_and(|number| number < words.len() as u64),
    }
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}

fn integer(value: &Value) -> Option<i64> {
    let whole = |number: f64| (number.fract() == 0.0 && number.abs() < 1e15).then_some(number as i64);
    value.as_i64().or_else(|| whole(value.as_f64()?)).or_else(|| value.as_str()?.parse().ok())
}

/// Either alphabet, with or without padding.
fn is_base64(text: &str) -> bool {
    let lenient = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    [alphabet::STANDARD, alphabet::URL_SAFE]
        .iter()
        .any(|alphabet| GeneralPurpose::new(alphabet, lenient).decode(text).is_ok())
}

const PACKAGE: &str = "google.ai.generativelanguage.v1beta";
