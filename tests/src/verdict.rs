//! What is wrong with a case, in words: all of it, not the first thing alone.

use std::fmt::Debug;

/// What is wrong with a case so far.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    wrong: Vec<String>,
}

impl Verdict {
    /// `holds`, or else `what` is wrong.
    pub fn that(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.wrong.push(what());
        }
    }

    /// `what` is as it should be.
    #[expect(clippy::needless_pass_by_value, reason = "what is compared is mostly a literal")]
    pub fn equal<T: PartialEq<U> + Debug, U: Debug>(&mut self, what: &str, is: T, should: U) {
        self.that(is == should, || format!("{what} is {is:?} and not {should:?}"));
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.wrong.is_empty()
    }

    /// What is wrong.
    #[must_use]
    pub fn wrong(&self) -> &[String] {
        &self.wrong
    }
}
