//! Reading and writing JSON without building documents.

mod read;
mod scan;
mod write;

pub(crate) use self::{
    read::{Error, Fields, Path, fragment, is_null, items, json, string, text},
    scan::{Scan, check, list_of, object_of, parts_of, scan, skip},
    write::{Array, Object, object, object_json, write_object, write_string},
};

use backstop_core::{Extra, Json, Text};

/// Holds the place of a field whose value is in the unified vocabulary under another name than this one: a null in
/// `extra` says that the document spelled it so. Must be called before explicit nulls of the document are merged in.
pub(crate) fn hold_place(extra: &mut Extra, name: &'static str) {
    extra.insert(name, Json::trusted(Text::from_static("null")));
}

/// Which of `names` the document spelled: the first in `extra` that a null holds.
pub(crate) fn held_place(extra: &Extra, names: &[&'static str]) -> Option<&'static str> {
    extra.iter().find_map(|(name, value)| {
        let name = names.iter().find(|known| **known == name.as_str())?;
        value.is_null().then_some(*name)
    })
}
