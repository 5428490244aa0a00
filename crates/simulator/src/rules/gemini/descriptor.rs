//! How a message of protocol buffers is described.

/// A message: its fields, and those of which it may have one only.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) name: &'static str,
    pub(super) fields: &'static [Field],
    /// The fields of its `oneof`, and that one's name.
    pub(super) one_of: Option<(&'static str, &'static [&'static str])>,
}

/// A field. Its name is spelt as the API writes it; it reads the other spelling too.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) repeated: bool,
}

/// What a field holds.
#[derive(Debug)]
pub(super) enum Kind {
    Text,
    Float,
    Int32,
    Int64,
    Bool,
    /// Base64.
    Bytes,
    /// An object of any shape.
    Struct,
    /// Any JSON.
    Any,
    /// One of these words, whose type has this name.
    Enum(&'static str, &'static [&'static str]),
    Message(&'static Message),
    /// An object whose fields are all of this message.
    Map(&'static Message),
}

pub(super) const fn message(name: &'static str, fields: &'static [Field]) -> Message {
    Message { name, fields, one_of: None }
}

pub(super) const fn one(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, repeated: false }
}

pub(super) const fn many(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, repeated: true }
}

impl Message {
    /// The field with this name in either spelling.
    pub(super) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name || snake(field.name) == name)
    }
}

/// The name as protocol buffers spell it: `inlineData` as `inline_data`.
pub(super) fn snake(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for char in name.chars() {
        if char.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(char.to_ascii_lowercase());
    }
    out
}
