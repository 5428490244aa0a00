//! Tool-call ids in the charset that Anthropic Messages takes: `[a-zA-Z0-9_-]{1,64}`.
//!
//! Other providers make ids that are not of it (`functions.add:0`, an empty one, longer ones). Such an id is written as
//! `bs_` and its bytes, all but letters, digits and `-` as `_` and two hex digits: injective, and reversible without a
//! table, so an id that went to a caller of this dialect comes back as the provider wrote it. An id whose escaped form is
//! too long is written as `bs_long-N`, the Nth such id of the request: injective too, and the same in every later turn of
//! the same talk, because N counts from the top.
//!
//! Other providers also give one id again in a later turn (`call_0`), which Anthropic refuses. The later call is then
//! written as if its id were too long, and so is its result.

use std::{borrow::Cow, collections::HashMap, fmt::Write as _};

use backstop_core::Text;

/// The ids of one request that are too long even for their escaped form, in the order of first sight.
#[derive(Debug, Default)]
pub(super) struct ToolIds {
    long: Vec<Text>,
    /// The ids of calls so far, and as what the last call of each was written.
    calls: HashMap<Text, String>,
}

impl ToolIds {
    /// The id of a call, which no other call of the request has.
    pub(super) fn call(&mut self, id: &Text) -> String {
        let wire = if self.calls.contains_key(id) {
            // An empty id has a short form, so nobody else asks for this place.
            self.long.push(Text::default());
            format!("{LONG}{}", self.long.len())
        } else {
            self.write(id).into_owned()
        };
        self.calls.insert(id.clone(), wire.clone());
        wire
    }

    /// The id of the call that a result answers: the last one of that id.
    pub(super) fn result(&mut self, id: &Text) -> String {
        match self.calls.get(id) {
            Some(wire) => wire.clone(),
            None => self.write(id).into_owned(),
        }
    }

    /// The id as this dialect takes it. The same id always gives the same, and no two give the same.
    pub(super) fn write<'i>(&mut self, id: &'i Text) -> Cow<'i, str> {
        if let Some(short) = escape(id) {
            return short;
        }
        let at = self.long.iter().position(|known| known == id).unwrap_or_else(|| {
            self.long.push(id.clone());
            self.long.len() - 1
        });
        Cow::Owned(format!("{LONG}{}", at + 1))
    }
}

/// The id as this dialect takes it; `None` where it would be too long.
pub(super) fn escape(id: &str) -> Option<Cow<'_, str>> {
    let legal = id.len() <= MAX && !id.is_empty() && id.bytes().all(|byte| is_plain(byte) || byte == b'_');
    // What looks like one of ours must not be mistaken for it on the way back.
    if legal && !id.starts_with(LONG) && unescape(id).is_none() {
        return Some(Cow::Borrowed(id));
    }
    let mut escaped = String::with_capacity(MAX);
    escaped.push_str(PREFIX);
    for byte in id.bytes() {
        if is_plain(byte) {
            escaped.push(char::from(byte));
        } else {
            // Writing into a string cannot fail.
            let _ = write!(escaped, "_{byte:02x}");
        }
        if escaped.len() > MAX {
            return None;
        }
    }
    Some(Cow::Owned(escaped))
}

/// The id that was escaped to `wire`; `None` where `wire` is as its maker wrote it.
pub(super) fn unescape(wire: &str) -> Option<String> {
    let mut rest = wire.strip_prefix(PREFIX)?;
    let mut bytes = Vec::with_capacity(rest.len());
    let mut plain = !rest.is_empty();
    while let Some(&byte) = rest.as_bytes().first() {
        if byte == b'_' {
            let hex = rest.get(1..3)?;
            let value = u8::from_str_radix(hex, 16).ok()?;
            // The one spelling that `escape` writes, so that two spellings never mean the same.
            if is_plain(value) || hex.bytes().any(|digit| !matches!(digit, b'0'..=b'9' | b'a'..=b'f')) {
                return None;
            }
            bytes.push(value);
            plain = false;
            rest = &rest[3..];
        } else if is_plain(byte) {
            bytes.push(byte);
            rest = &rest[1..];
        } else {
            return None;
        }
    }
    if plain { None } else { String::from_utf8(bytes).ok().filter(|id| must_escape(id)) }
}

/// Whether `escape` changes the id.
fn must_escape(id: &str) -> bool {
    id.is_empty()
        || id.bytes().any(|byte| !is_plain(byte) && byte != b'_')
        || id.starts_with(LONG)
        || unescape(id).is_some()
}

const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}

const MAX: usize = 64;
const PREFIX: &str = "bs_";
const LONG: &str = "bs_long-";

#[cfg(test)]
mod tests {
    use proptest::{collection, prelude::*};

    use super::*;

    #[test]
    fn legal_ids_stay_and_others_come_back() {
        for id in ["toolu_01A-b", "call_9", "bs_", "bs_x", "x"] {
            if id != "bs_" {
                assert_eq!(escape(id).as_deref(), Some(id));
                assert_eq!(unescape(id), None);
            }
        }
        for (id, wire) in [("functions.add:0", "bs_functions_2eadd_3a0"), ("", "bs_"), ("é", "bs__c3_a9")] {
            assert_eq!(escape(id).as_deref(), Some(wire));
            assert_eq!(unescape(wire).as_deref(), Some(id));
        }
    }

    #[test]
    fn long_ids_are_counted() {
        let (mut ids, long, other) =
            (ToolIds::default(), Text::from("a".repeat(65)), Text::from("b".repeat(99)));
        let written: Vec<_> = [&long, &other, &long].map(|id| ids.write(id).into_owned()).into();
        assert_eq!(written, ["bs_long-1", "bs_long-2", "bs_long-1"]);
    }

    #[test]
    fn an_id_that_comes_again_is_another_one() {
        let (mut ids, id, long) = (ToolIds::default(), Text::from("call_0"), Text::from("a".repeat(65)));
        assert_eq!((ids.call(&id), ids.result(&id)), ("call_0".to_owned(), "call_0".to_owned()));
        assert_eq!((ids.call(&id), ids.result(&id)), ("bs_long-1".to_owned(), "bs_long-1".to_owned()));
        assert_eq!((ids.call(&long), ids.call(&long)), ("bs_long-2".to_owned(), "bs_long-3".to_owned()));
        assert_eq!(ids.result(&long), "bs_long-3");
        assert_eq!(ids.result(&Text::from("never called")), "bs_never_20called");
    }

    proptest! {
        #[test]
        fn the_mapping_is_injective_and_reversible(
            ids in collection::vec("(bs_)?(bs_)?(long-)?[a-z_.0-9-]{0,9}(_2e|_5f|é)?", 1..6)
        ) {
            let written: Vec<_> = ids.iter().map(|id| escape(id).expect("short enough").into_owned()).collect();
            for (id, wire) in ids.iter().zip(&written) {
                prop_assert!(wire.len() <= MAX && !wire.is_empty());
                prop_assert!(wire.bytes().all(|byte| is_plain(byte) || byte == b'_'));
                prop_assert_eq!(&unescape(wire).unwrap_or_else(|| wire.clone()), id);
                for (other, other_wire) in ids.iter().zip(&written) {
                    prop_assert_eq!(id == other, wire == other_wire);
                }
            }
        }
    }
}
