//! Shared UTF-8 text and raw JSON, both slices of the bytes that they came in.

use std::{fmt, ops::Deref, str};

use bytes::Bytes;
use bytestring::ByteString;

/// UTF-8 text in a [`Bytes`]: cloning shares, and a piece of a wire event need not be copied out of it.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Text(ByteString);

impl Text {
    /// Text that lives as long as the program.
    #[must_use]
    pub const fn from_static(text: &'static str) -> Self {
        Self(ByteString::from_static(text))
    }

    /// The part of `wire` that `piece` borrows, shared and not copied; copied where it is not a part of it.
    #[must_use]
    pub fn slice_of(wire: &Bytes, piece: &str) -> Self {
        let (start, inner) = (wire.as_ptr() as usize, piece.as_ptr() as usize);
        if inner >= start && inner + piece.len() <= start + wire.len() && !piece.is_empty() {
            Self(ByteString::try_from(wire.slice_ref(piece.as_bytes())).unwrap_or_default())
        } else {
            Self(ByteString::from(piece))
        }
    }

    /// The text, if the bytes are valid UTF-8.
    ///
    /// # Errors
    ///
    /// Where and how the bytes fail to be UTF-8.
    pub fn from_utf8(bytes: Bytes) -> Result<Self, str::Utf8Error> {
        ByteString::try_from(bytes).map(Self)
    }

    /// The text as a string slice.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The bytes, without a copy.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        self.0.into_bytes()
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(ByteString::from(text))
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(ByteString::from(text))
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

/// One JSON value as the text that it was written in, so that nothing of it is lost: number spellings, key order,
/// escapes. Public APIs carry this and no JSON library's type.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Json(Text);

impl Json {
    /// The value, if the text is one valid JSON document.
    ///
    /// # Errors
    ///
    /// What the JSON parser says, with line and column.
    pub fn parse(text: Text) -> Result<Self, JsonError> {
        match serde_json::from_str::<serde::de::IgnoredAny>(&text) {
            Ok(_) => Ok(Self(text)),
            Err(error) => Err(JsonError(error.to_string())),
        }
    }

    /// The value `text`, which the caller knows to be valid JSON because a parser or a writer gave it.
    #[must_use]
    pub const fn trusted(text: Text) -> Self {
        Self(text)
    }

    /// A JSON string of `text`.
    #[must_use]
    pub fn string(text: &str) -> Self {
        Self(Text::from(serde_json::Value::from(text).to_string()))
    }

    /// The JSON text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the value is `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.0.trim() == "null"
    }

    /// The value as a number, if it is one.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        serde_json::from_str(&self.0).ok()
    }

    /// The value as a whole number that is not negative, if it is one.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        serde_json::from_str(&self.0).ok()
    }

    /// The value as a boolean, if it is one.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        serde_json::from_str(&self.0).ok()
    }

    /// The unescaped text of a JSON string, if the value is one.
    #[must_use]
    pub fn to_text(&self) -> Option<String> {
        serde_json::from_str(&self.0).ok()
    }
}

impl From<u64> for Json {
    fn from(value: u64) -> Self {
        Self(Text::from(value.to_string()))
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Self(Text::from_static(if value { "true" } else { "false" }))
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that is not JSON.
#[derive(Clone, Debug)]
pub struct JsonError(String);

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not valid JSON: {}", self.0)
    }
}

impl std::error::Error for JsonError {}

/// Fields of an object that the unified vocabulary has no name for, in the order in which they stood.
///
/// They survive where both sides speak the same dialect, and are reported where the other side does not know them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extra(Vec<(Text, Json)>);

impl Extra {
    /// No fields. Allocates nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a field at the end; a second one of the same name replaces the first.
    pub fn insert(&mut self, name: impl Into<Text>, value: Json) {
        let name = name.into();
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name, value)),
        }
    }

    /// The field's value.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.0.iter().find(|(known, _)| known.as_str() == name).map(|(_, value)| value)
    }

    /// Takes the field out.
    pub fn remove(&mut self, name: &str) -> Option<Json> {
        let at = self.0.iter().position(|(known, _)| known.as_str() == name)?;
        Some(self.0.remove(at).1)
    }

    /// All fields in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Text, &Json)> {
        self.0.iter().map(|(name, value)| (name, value))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes over all fields of `other`; its values win.
    pub fn merge(&mut self, other: Self) {
        for (name, value) in other.0 {
            self.insert(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_shares_the_wire_bytes() {
        let wire = Bytes::from_static(b"{\"a\":\"hello\"}");
        let piece = str::from_utf8(&wire[6..11]).expect("ascii");
        let text = Text::slice_of(&wire, piece);
        assert_eq!(text, "hello");
        assert_eq!(text.clone().into_bytes().as_ptr(), wire[6..].as_ptr());
        assert_eq!(Text::slice_of(&wire, "elsewhere"), "elsewhere");
        assert_eq!(Text::slice_of(&wire, ""), "");
    }

    #[test]
    fn json_keeps_its_spelling() {
        let one = Json::parse(Text::from_static("1.0")).expect("a number");
        assert_eq!((one.as_str(), one.as_f64(), one.as_u64()), ("1.0", Some(1.0), None));
        assert!(Json::parse(Text::from_static("{")).is_err());
        assert_eq!(Json::string("a\"b").to_text().as_deref(), Some("a\"b"));
    }

    #[test]
    fn extra_replaces_and_keeps_order() {
        let mut extra = Extra::new();
        extra.insert("b", Json::from(1));
        extra.insert("a", Json::from(2));
        extra.insert("b", Json::from(3));
        let names: Vec<_> = extra.iter().map(|(name, value)| format!("{name}{value}")).collect();
        assert_eq!(names, ["b3", "a2"]);
        assert_eq!(extra.remove("b"), Some(Json::from(3)));
        assert_eq!(extra.get("b"), None);
    }
}
