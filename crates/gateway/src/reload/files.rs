//! What stands in the files, in one number.

use std::{
    fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::PathBuf,
};

/// A number that is another one when the content of any of `files` is another one. A file that cannot be read counts by
/// the kind of its error, so that its going and coming are changes, too.
#[must_use]
pub fn fingerprint(files: &[PathBuf]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for file in files {
        match fs::read(file) {
            Ok(content) => content.hash(&mut hasher),
            Err(error) => error.kind().hash(&mut hasher),
        }
    }
    hasher.finish()
}
