//! One pass over a document that keeps nothing of it: for `peek`.

use std::{fmt, str};

use bytes::Bytes;
use memchr::memchr2;
use serde::{
    Deserializer,
    de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{Error, Path, read::Key};

/// How deep a request may be nested: at this depth it is refused. JSON Schemas of tools are the deepest in practice.
pub(crate) const MAX_DEPTH: usize = 128;

/// Something that looks at the fields of an object as they pass.
///
/// Each call must read the value of its field: with `next_value`, [`object_of`], [`list_of`] or [`skip`]. An error made
/// of a sentence (`Error::custom`) reaches the caller, with line and column behind it.
pub(crate) trait Scan {
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error>;

    /// Called for a value that is a string where an object or a list of objects could stand.
    fn string(&mut self, _text: &str) {}
}

/// UTF-8 that is not nested too deeply. Both cannot be said of the syntax: [`scan`] checks that.
pub(crate) fn check(body: &Bytes) -> Result<&str, Error> {
    let text = str::from_utf8(body)
        .map_err(|error| Error::new(format!("the body is not UTF-8 (at byte {})", error.valid_up_to())))?;
    let (bytes, mut at, mut depth) = (text.as_bytes(), 0, 0_usize);
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'{' | b'[' => {
                depth += 1;
                if depth >= MAX_DEPTH {
                    return Err(Error::new(format!(
                        "the body is nested {MAX_DEPTH} levels deep or more (at byte {at}): flatten it"
                    )));
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => {
                while let Some(found) = memchr2(b'"', b'\\', &bytes[at.min(bytes.len())..]) {
                    at += found + 1;
                    if bytes[at - 1] == b'"' {
                        break;
                    }
                    at += 1;
                }
            }
            _ => {}
        }
    }
    Ok(text)
}

/// Shows the fields of the document to `scan`, in one pass.
pub(crate) fn scan<S: Scan>(text: &str, scan: &mut S) -> Result<(), Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    ObjectSeed(scan).deserialize(&mut deserializer).and_then(|()| deserializer.end()).map_err(|error| {
        match error.to_string() {
            text if error.is_data() && text.starts_with("invalid type") => {
                Path::Root.expected("a JSON object")
            }
            // Said by the scan itself.
            text if error.is_data() => Error::new(text),
            text => Error::new(format!("the body is not valid JSON: {text}")),
        }
    })
}

/// Shows the fields of the object that comes next. Anything else than an object is passed over; gives whether it was
/// one.
pub(crate) fn object_of<'de, A: MapAccess<'de>, S: Scan>(
    map: &mut A,
    scan: &mut S,
) -> Result<bool, A::Error> {
    map.next_value_seed(ValueSeed { scan, seen: |_: &mut S| {} }).map(|shape| shape == Shape::Object)
}

/// Shows the fields of all objects of the list that comes next; `item` is called before each item. Gives how many
/// items the list has; `None` where it is no list.
pub(crate) fn list_of<'de, A: MapAccess<'de>, S: Scan>(
    map: &mut A,
    scan: &mut S,
    item: fn(&mut S),
) -> Result<Option<usize>, A::Error> {
    map.next_value_seed(ValueSeed { scan, seen: item }).map(|shape| match shape {
        Shape::List(items) => Some(items),
        Shape::Object | Shape::Other => None,
    })
}

/// Shows the fields of all objects of the list that comes next. A string there is passed over without being unescaped,
/// which for prompts is most of the work; a list is gone through twice.
pub(crate) fn parts_of<'de, A: MapAccess<'de>, S: Scan>(map: &mut A, scan: &mut S) -> Result<(), A::Error> {
    let raw: &RawValue = map.next_value()?;
    if raw.get().starts_with('[') {
        let mut deserializer = serde_json::Deserializer::from_str(raw.get());
        let seed = ValueSeed { scan, seen: |_: &mut S| {} };
        return seed.deserialize(&mut deserializer).map(|_| ()).map_err(A::Error::custom);
    }
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Object,
    List(usize),
    Other,
}

struct ObjectSeed<'s, S>(&'s mut S);

impl<'de, S: Scan> DeserializeSeed<'de> for ObjectSeed<'_, S> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, S: Scan> Visitor<'de> for ObjectSeed<'_, S> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        fields(map, self.0)
    }
}

struct ValueSeed<'s, S> {
    scan: &'s mut S,
    seen: fn(&mut S),
}

impl<'de, S: Scan> DeserializeSeed<'de> for ValueSeed<'_, S> {
    type Value = Shape;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Shape, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, S: Scan> Visitor<'de> for ValueSeed<'_, S> {
    type Value = Shape;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Shape, A::Error> {
        fields(map, self.scan).map(|()| Shape::Object)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Shape, A::Error> {
        let mut items = 0;
        loop {
            // Said before the item is read, so that a scan can tell one item's fields from the next one's.
            let scan = &mut *self.scan;
            let seed = ItemSeed { scan, seen: self.seen };
            if list.next_element_seed(seed)?.is_none() {
                return Ok(Shape::List(items));
            }
            items += 1;
        }
    }

    fn visit_str<E>(self, text: &str) -> Result<Shape, E> {
        self.scan.string(text);
        Ok(Shape::Other)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_unit<E>(self) -> Result<Shape, E> {
        Ok(Shape::Other)
    }
}

struct ItemSeed<'s, S> {
    scan: &'s mut S,
    seen: fn(&mut S),
}

impl<'de, S: Scan> DeserializeSeed<'de> for ItemSeed<'_, S> {
    type Value = Shape;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Shape, D::Error> {
        (self.seen)(self.scan);
        ValueSeed { scan: self.scan, seen: |_: &mut S| {} }.deserialize(deserializer)
    }
}

fn fields<'de, A: MapAccess<'de>, S: Scan>(mut map: A, scan: &mut S) -> Result<(), A::Error> {
    while let Some(Key(name)) = map.next_key::<Key<'de>>()? {
        scan.field(&name, &mut map)?;
    }
    Ok(())
}

/// Passes over the value that comes next, whatever its size and depth, without keeping it.
pub(crate) fn skip<'de, A: MapAccess<'de>>(map: &mut A) -> Result<(), A::Error> {
    map.next_value::<IgnoredAny>().map(|_| ())
}
