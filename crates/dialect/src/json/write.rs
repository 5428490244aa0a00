//! A JSON writer whose objects and lists close by themselves.

use backstop_core::{Extra, Json, Text};
use bytes::Bytes;

/// An object that is being written.
#[derive(Debug)]
pub(crate) struct Object<'w> {
    out: &'w mut Vec<u8>,
    empty: bool,
}

/// A list that is being written.
#[derive(Debug)]
pub(crate) struct Array<'w> {
    out: &'w mut Vec<u8>,
    empty: bool,
}

/// The document of one object, for which `capacity` bytes should do.
pub(crate) fn object(capacity: usize, fill: impl FnOnce(&mut Object<'_>)) -> Bytes {
    let mut out = Vec::with_capacity(capacity);
    write_object(&mut out, fill);
    Bytes::from(out)
}

/// A JSON value of one object, to be kept as [`Json`].
pub(crate) fn object_json(fill: impl FnOnce(&mut Object<'_>)) -> Json {
    // A writer of ours gives valid JSON, and JSON is UTF-8.
    Json::trusted(Text::from_utf8(object(64, fill)).unwrap_or_default())
}

/// Writes one object behind what is in `out`.
pub(crate) fn write_object(out: &mut Vec<u8>, fill: impl FnOnce(&mut Object<'_>)) {
    out.push(b'{');
    fill(&mut Object { out, empty: true });
    out.push(b'}');
}

impl Object<'_> {
    /// A string.
    pub(crate) fn string(&mut self, name: &str, value: &str) {
        self.name(name);
        write_string(self.out, value);
    }

    /// A string, if there is one.
    pub(crate) fn maybe_string(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.string(name, value);
        }
    }

    /// A value as it is written.
    pub(crate) fn json(&mut self, name: &str, value: &Json) {
        self.raw(name, value.as_str());
    }

    /// A value as it is written, if there is one.
    pub(crate) fn maybe_json(&mut self, name: &str, value: Option<&Json>) {
        if let Some(value) = value {
            self.json(name, value);
        }
    }

    /// A text that is JSON already.
    pub(crate) fn raw(&mut self, name: &str, json: &str) {
        self.name(name);
        self.out.extend_from_slice(json.as_bytes());
    }

    pub(crate) fn bool(&mut self, name: &str, value: bool) {
        self.raw(name, if value { "true" } else { "false" });
    }

    pub(crate) fn maybe_bool(&mut self, name: &str, value: Option<bool>) {
        if let Some(value) = value {
            self.bool(name, value);
        }
    }

    pub(crate) fn number(&mut self, name: &str, value: u64) {
        self.raw(name, &value.to_string());
    }

    pub(crate) fn null(&mut self, name: &str) {
        self.raw(name, "null");
    }

    pub(crate) fn object(&mut self, name: &str, fill: impl FnOnce(&mut Object<'_>)) {
        self.name(name);
        write_object(self.out, fill);
    }

    pub(crate) fn array(&mut self, name: &str, fill: impl FnOnce(&mut Array<'_>)) {
        self.name(name);
        write_array(self.out, fill);
    }

    /// All fields of `extra`.
    pub(crate) fn extra(&mut self, extra: &Extra) {
        for (name, value) in extra.iter() {
            self.json(name, value);
        }
    }

    /// All fields of `extra` but those that are called as in `but`.
    pub(crate) fn extra_but(&mut self, extra: &Extra, but: &[&str]) {
        for (name, value) in extra.iter().filter(|(name, _)| !but.contains(&name.as_str())) {
            self.json(name, value);
        }
    }

    /// The fields of the object `json` among this object's. Does nothing for anything else than an object.
    pub(crate) fn fields_of(&mut self, json: &Json) {
        let inner = json.as_str().trim().strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        let Some(inner) = inner.map(str::trim).filter(|inner| !inner.is_empty()) else { return };
        if !self.empty {
            self.out.push(b',');
        }
        self.empty = false;
        self.out.extend_from_slice(inner.as_bytes());
    }

    fn name(&mut self, name: &str) {
        if !self.empty {
            self.out.push(b',');
        }
        self.empty = false;
        write_string(self.out, name);
        self.out.push(b':');
    }
}

impl Array<'_> {
    pub(crate) fn string(&mut self, value: &str) {
        self.next();
        write_string(self.out, value);
    }

    pub(crate) fn json(&mut self, value: &Json) {
        self.next();
        self.out.extend_from_slice(value.as_str().as_bytes());
    }

    pub(crate) fn object(&mut self, fill: impl FnOnce(&mut Object<'_>)) {
        self.next();
        write_object(self.out, fill);
    }

    fn next(&mut self) {
        if !self.empty {
            self.out.push(b',');
        }
        self.empty = false;
    }
}

fn write_array(out: &mut Vec<u8>, fill: impl FnOnce(&mut Array<'_>)) {
    out.push(b'[');
    fill(&mut Array { out, empty: true });
    out.push(b']');
}

pub(crate) fn write_string(out: &mut Vec<u8>, text: &str) {
    // Writing a string into memory cannot fail.
    let _ = serde_json::to_writer(out, text);
}
