//! Tool-call ids as OpenAI takes them: of any charset, but of 40 characters at most ("string too long. Expected a string
//! with maximum length 40", the API's own words).
//!
//! A longer id of another dialect is written as `bs_long-N`, the Nth such id of the request: injective, and the same in
//! every later turn of the same talk, because N counts from the top. A model's answer names no earlier id, so the way back
//! needs no table.

use std::borrow::Cow;

use backstop_core::Text;

/// The ids of one request that are too long, in the order of first sight.
#[derive(Debug, Default)]
pub(super) struct ToolIds {
    long: Vec<Text>,
}

impl ToolIds {
    /// The id as OpenAI takes it. The same id always gives the same, and no two give the same.
    pub(super) fn write<'i>(&mut self, id: &'i Text) -> Cow<'i, str> {
        // What looks like one of ours must not be mistaken for it.
        if id.len() <= MAX && !id.starts_with(LONG) {
            return Cow::Borrowed(id);
        }
        let at = self.long.iter().position(|known| known == id).unwrap_or_else(|| {
            self.long.push(id.clone());
            self.long.len() - 1
        });
        Cow::Owned(format!("{LONG}{}", at + 1))
    }
}

const MAX: usize = 40;
const LONG: &str = "bs_long-";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_ids_are_counted_and_none_is_mistaken() {
        let mut ids = ToolIds::default();
        let all = ["short", "bs_long-1", &"a".repeat(41), &"b".repeat(64), "bs_long-1", &"a".repeat(40)];
        let written: Vec<_> = all.map(|id| ids.write(&Text::from(id)).into_owned()).into();
        assert_eq!(written[..5], ["short", "bs_long-1", "bs_long-2", "bs_long-3", "bs_long-1"]);
        assert_eq!(written[5].len(), 40);
    }
}
