//! Reading and writing JSON without building documents.

mod read;
mod scan;
mod write;

pub(crate) use self::{
    read::{Error, Fields, Path, is_null, items, json, string, text},
    scan::{Scan, check, list_of, object_of, scan, skip},
    write::{Array, Object, object, write_object},
};
