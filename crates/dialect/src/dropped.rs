//! What a stream could not say, told in it as comments.

use std::fmt;

/// Tells each thing that is left out of a stream once, in an SSE comment, which every client passes over.
///
/// A whole answer has a header for this; a stream's headers are gone by then.
#[derive(Debug, Default)]
pub(crate) struct Dropped(Vec<String>);

impl Dropped {
    /// Tells that `field` was left out, and why.
    pub(crate) fn tell(&mut self, out: &mut Vec<u8>, field: impl fmt::Display, reason: &str) {
        let field: String =
            field.to_string().chars().filter(|char| !char.is_control()).take(LONGEST).collect();
        if self.0.len() < MOST && !self.0.contains(&field) {
            out.extend_from_slice(format!(": backstop dropped {field}: {reason}\n\n").as_bytes());
            self.0.push(field);
        }
    }
}

/// The longest name of a field that is told.
const LONGEST: usize = 100;
/// The most things that are told of one stream.
const MOST: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thing_is_told_once_and_on_one_line() {
        let (mut dropped, mut out) = (Dropped::default(), Vec::new());
        dropped.tell(&mut out, "a\nb", "no twin");
        dropped.tell(&mut out, "a\nb", "no twin");
        assert_eq!(out, b": backstop dropped ab: no twin\n\n");
    }
}
