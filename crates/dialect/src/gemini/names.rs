//! Names of fields. The API reads both spellings of protocol buffers' JSON, `inlineData` and `inline_data`, and writes the
//! first.

use backstop_core::{Extra, Json, Text};
use serde_json::value::RawValue;

use crate::json::{Fields, Object};

/// Takes out a field in either spelling.
pub(super) fn either<'a>(fields: &mut Fields<'a, '_>, camel: &str, snake: &str) -> Option<&'a RawValue> {
    fields.value(camel).or_else(|| fields.value(snake))
}

/// Whether a field among the extra ones is a note of this dialect's readers, of how the document was spelled, and so
/// nothing that another dialect could lose.
pub(crate) fn is_ours(name: &str) -> bool {
    name.starts_with(OURS)
}

/// Notes how a field was spelled, for the way back.
pub(super) fn note(extra: &mut Extra, name: &str, value: Json) {
    extra.insert(format!("{OURS}{name}"), value);
}

/// What was noted of a field.
pub(super) fn noted<'e>(extra: &'e Extra, name: &str) -> Option<&'e Json> {
    extra.iter().find(|(known, _)| known.strip_prefix(OURS) == Some(name)).map(|(_, value)| value)
}

/// A note that a field was not there.
pub(super) const fn absent() -> Json {
    Json::trusted(Text::from_static("null"))
}

/// All fields that are no notes.
pub(super) fn write_extra(object: &mut Object<'_>, extra: &Extra) {
    for (name, value) in extra.iter().filter(|(name, _)| !is_ours(name)) {
        object.json(name, value);
    }
}

const OURS: &str = "gemini-generate:";
