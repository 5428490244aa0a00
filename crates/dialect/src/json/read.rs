//! Borrowed readers: the fields of an object as raw values, taken one by one, and what is left as [`Extra`].

use std::{borrow::Cow, fmt, str};

use backstop_core::{Extra, Failure, Json, Kind, Text};
use bytes::Bytes;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::write::object_json;

/// The most fields that an object may have which a codec reads field by field. No known one has a tenth of it; without
/// a bound, telling duplicates apart would take quadratic time.
const MAX_FIELDS: usize = 512;

/// Where in a document a value stands. Built on the stack, written out only for an error.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Path<'p> {
    Root,
    Field(&'p Self, &'p str),
    Item(&'p Self, usize),
}

/// A value that is not what it should be, in a sentence that names the field.
#[derive(Debug)]
pub(crate) struct Error(String);

/// The fields of one object. Each reader takes its field out; a field that is `null` counts as not there and stays, so
/// that [`Fields::rest`] keeps it.
#[derive(Debug)]
pub(crate) struct Fields<'a, 'p> {
    wire: &'a Bytes,
    path: Path<'p>,
    entries: Vec<(Cow<'a, str>, &'a RawValue)>,
}

impl<'p> Path<'p> {
    pub(crate) const fn field(&'p self, name: &'p str) -> Self {
        Self::Field(self, name)
    }

    pub(crate) const fn item(&'p self, index: usize) -> Self {
        Self::Item(self, index)
    }

    /// `expected` says what should stand here: "a string".
    pub(crate) fn expected(&self, expected: &str) -> Error {
        match self {
            Self::Root => Error(format!("the body must be {expected}")),
            path => Error(format!("`{path}` must be {expected}")),
        }
    }
}

impl<'a, 'p> Fields<'a, 'p> {
    /// The fields of the document `wire`, which must be one object. Of a field that stands twice the last counts.
    pub(crate) fn root(wire: &'a Bytes) -> Result<Self, Error> {
        let text = str::from_utf8(wire)
            .map_err(|error| Error(format!("the body is not UTF-8 (at byte {})", error.valid_up_to())))?;
        Self::of_text(wire, text, Path::Root)
    }

    /// All fields of the document, in order, those that stand twice included.
    pub(crate) fn every(wire: &'a Bytes) -> Result<Vec<(Cow<'a, str>, &'a RawValue)>, Error> {
        let text = str::from_utf8(wire)
            .map_err(|error| Error(format!("the body is not UTF-8 (at byte {})", error.valid_up_to())))?;
        match serde_json::from_str::<Entries<'a, true>>(text) {
            Ok(Entries(entries)) => Ok(entries),
            Err(error) => Err(Error(format!("the body must be a JSON object: {error}"))),
        }
    }

    /// The fields of the object `raw`, a part of `wire`.
    pub(crate) fn open(wire: &'a Bytes, raw: &'a RawValue, path: Path<'p>) -> Result<Self, Error> {
        Self::of_text(wire, raw.get(), path)
    }

    fn of_text(wire: &'a Bytes, text: &'a str, path: Path<'p>) -> Result<Self, Error> {
        match serde_json::from_str::<Entries<'a, false>>(text) {
            Ok(Entries(entries)) => Ok(Self { wire, path, entries }),
            Err(error) if error.is_data() && !error.to_string().starts_with(TOO_MANY) => {
                Err(path.expected("a JSON object"))
            }
            Err(error) => match path {
                Path::Root => Err(Error(format!("the body is not valid JSON: {error}"))),
                path => Err(Error(format!("`{path}` is not valid: {error}"))),
            },
        }
    }

    /// The bytes that the fields are a part of.
    pub(crate) const fn wire(&self) -> &'a Bytes {
        self.wire
    }

    /// Takes a field out, `null` or not.
    pub(crate) fn take(&mut self, name: &str) -> Option<&'a RawValue> {
        let at = self.entries.iter().position(|(known, _)| known == name)?;
        Some(self.entries.remove(at).1)
    }

    /// Looks at a field, `null` or not, and leaves it.
    pub(crate) fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.entries.iter().find(|(known, _)| known == name).map(|(_, raw)| *raw)
    }

    /// Looks at a text field and leaves it; `None` where it is no string.
    pub(crate) fn get_text(&self, name: &str) -> Option<Cow<'a, str>> {
        self.get(name).and_then(string)
    }

    /// Takes out a field that is there and not `null`.
    pub(crate) fn value(&mut self, name: &str) -> Option<&'a RawValue> {
        if is_null(self.get(name)?) { None } else { self.take(name) }
    }

    /// Takes out a field as it is written.
    pub(crate) fn json(&mut self, name: &str) -> Option<Json> {
        self.value(name).map(|raw| json(self.wire, raw))
    }

    /// Takes out a string.
    pub(crate) fn text(&mut self, name: &str) -> Result<Option<Text>, Error> {
        let Some(raw) = self.value(name) else { return Ok(None) };
        text(self.wire, raw).map(Some).ok_or_else(|| self.path.field(name).expected("a string"))
    }

    /// Takes out a string that must be there.
    pub(crate) fn required_text(&mut self, name: &str) -> Result<Text, Error> {
        self.text(name)?.ok_or_else(|| self.path.field(name).expected("a string"))
    }

    /// Takes out a boolean.
    pub(crate) fn bool(&mut self, name: &str) -> Result<Option<bool>, Error> {
        match self.value(name).map(RawValue::get) {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(_) => Err(self.path.field(name).expected("true or false")),
        }
    }

    /// Takes out the items of a list.
    pub(crate) fn list(&mut self, name: &str) -> Result<Option<Vec<&'a RawValue>>, Error> {
        let Some(raw) = self.value(name) else { return Ok(None) };
        items(raw).map(Some).ok_or_else(|| self.path.field(name).expected("a list"))
    }

    /// All fields that were not taken, in their order.
    pub(crate) fn rest(self) -> Extra {
        let mut extra = Extra::new();
        for (name, raw) in self.entries {
            extra.insert(name.as_ref(), json(self.wire, raw));
        }
        extra
    }

    /// Keeps what was not taken as one object under `name` in `extra`, if anything is left: for objects within objects.
    pub(crate) fn rest_into(self, extra: &mut Extra, name: &str) {
        if !self.entries.is_empty() {
            let rest = self.rest();
            extra.insert(name, object_json(|object| object.extra(&rest)));
        }
    }

    /// Whether all fields were taken.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl Error {
    pub(crate) const fn new(sentence: String) -> Self {
        Self(sentence)
    }

    /// The failure where the document came from a provider.
    pub(crate) fn malformed(self) -> Failure {
        Failure::new(Kind::Malformed, format!("the provider's answer cannot be read: {}", self.0))
    }
}

/// The failure where the document came from the caller.
impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::new(Kind::InvalidRequest, error.0)
    }
}

/// The value as it is written, shared with `wire`.
pub(crate) fn json(wire: &Bytes, raw: &RawValue) -> Json {
    Json::trusted(Text::slice_of(wire, raw.get()))
}

/// The text of a JSON string, shared with `wire` where it has no escapes.
pub(crate) fn text(wire: &Bytes, raw: &RawValue) -> Option<Text> {
    match string(raw)? {
        Cow::Borrowed(piece) => Some(Text::slice_of(wire, piece)),
        Cow::Owned(text) => Some(Text::from(text)),
    }
}

/// The text of a JSON string that is a piece of a longer one.
///
/// Servers that count in UTF-16 may escape the two halves of a character in two pieces. Each alone is no text: the first
/// waits in `half` until the second comes.
pub(crate) fn fragment(wire: &Bytes, raw: &RawValue, half: &mut Option<u16>) -> Option<Text> {
    if half.is_none()
        && let Some(text) = text(wire, raw)
    {
        return Some(text);
    }
    let inner = raw.get().strip_prefix('"')?.strip_suffix('"')?;
    let mut units: Vec<u16> = half.take().into_iter().collect();
    let mut rest = inner.chars();
    while let Some(char) = rest.next() {
        let char = match char {
            '\\' => match rest.next()? {
                'u' => {
                    let hex = rest.as_str().get(..4)?;
                    units.push(u16::from_str_radix(hex, 16).ok()?);
                    rest = rest.as_str()[4..].chars();
                    continue;
                }
                'b' => '\u{8}',
                'f' => '\u{c}',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                same => same,
            },
            char => char,
        };
        units.extend_from_slice(char.encode_utf16(&mut [0; 2]));
    }
    if units.last().is_some_and(|unit| (0xd800..0xdc00).contains(unit)) {
        *half = units.pop();
    }
    Some(Text::from(String::from_utf16_lossy(&units)))
}

/// The text of a JSON string, borrowed where it has no escapes.
pub(crate) fn string(raw: &RawValue) -> Option<Cow<'_, str>> {
    let inner = raw.get().strip_prefix('"')?.strip_suffix('"')?;
    if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
        return Some(Cow::Borrowed(inner));
    }
    serde_json::from_str(raw.get()).ok().map(Cow::Owned)
}

/// The items of a JSON list.
pub(crate) fn items(raw: &RawValue) -> Option<Vec<&RawValue>> {
    serde_json::from_str(raw.get()).ok()
}

pub(crate) fn is_null(raw: &RawValue) -> bool {
    raw.get() == "null"
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Field(Path::Root, name) => f.write_str(name),
            Self::Field(parent, name) => write!(f, "{parent}.{name}"),
            Self::Item(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The fields of an object; `ALL` keeps those that stand twice, else the last one counts.
struct Entries<'a, const ALL: bool>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a, const ALL: bool> Deserialize<'de> for Entries<'a, ALL> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntriesVisitor::<ALL>)
    }
}

struct EntriesVisitor<const ALL: bool>;

impl<'de, const ALL: bool> Visitor<'de> for EntriesVisitor<ALL> {
    type Value = Entries<'de, ALL>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries<'de, ALL>, A::Error> {
        let mut entries: Vec<(Cow<'de, str>, &'de RawValue)> = Vec::with_capacity(8);
        while let Some((Key(name), raw)) = map.next_entry::<Key<'de>, &'de RawValue>()? {
            if let Some((_, last)) = entries.iter_mut().find(|(known, _)| !ALL && *known == name) {
                *last = raw;
            } else if entries.len() == MAX_FIELDS {
                return Err(serde::de::Error::custom(format_args!("{TOO_MANY} {MAX_FIELDS} fields")));
            } else {
                entries.push((name, raw));
            }
        }
        Ok(Entries(entries))
    }
}

const TOO_MANY: &str = "an object of more than";

/// A field's name, borrowed where it has no escapes.
pub(super) struct Key<'a>(pub(super) Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Key<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;

        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a field name")
            }

            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(name)))
            }

            fn visit_str<E>(self, name: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(name.to_owned())))
            }
        }

        deserializer.deserialize_str(KeyVisitor)
    }
}
