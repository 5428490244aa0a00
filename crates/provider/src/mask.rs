//! Keys that a provider quotes inside an answer.

use bytes::{Bytes, BytesMut};

use crate::credential::Keys;

/// Overwrites keys with asterisks in a body that comes piece by piece. The length stays what it is.
///
/// An error inside a 200 may quote the key as well as an error status can, and only this crate knows the keys. What goes
/// through costs one search a key; bytes are held back only where a piece ends in what may be the beginning of a key,
/// which no event of a stream does.
#[derive(Debug, Default)]
pub(crate) struct Mask {
    held: BytesMut,
}

impl Mask {
    /// What may be passed on of what came before and `piece`.
    pub(crate) fn push(&mut self, piece: Bytes, keys: &Keys) -> Bytes {
        if self.held.is_empty() {
            let begins = keys.begins_at_end_of(&piece);
            if begins == 0 && !keys.any_in(&piece) {
                return piece;
            }
        }
        self.held.extend_from_slice(&piece);
        keys.overwrite(&mut self.held);
        let ready = self.held.len() - keys.begins_at_end_of(&self.held);
        self.held.split_to(ready).freeze()
    }

    /// What is held back, at the end.
    pub(crate) fn end(&mut self) -> Bytes {
        self.held.split().freeze()
    }

    pub(crate) fn held(&self) -> usize {
        self.held.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Credential, ProviderConfig};

    fn masked(keys: &[&str], text: &str, piece: usize) -> String {
        let config =
            ProviderConfig::new("http://localhost").with_keys(Credential::Bearer, keys.iter().copied());
        let keys = Keys::new(&config).expect("good keys");
        let (mut mask, mut all) = (Mask::default(), Vec::new());
        for piece in text.as_bytes().chunks(piece) {
            all.extend_from_slice(&mask.push(Bytes::copy_from_slice(piece), &keys));
        }
        all.extend_from_slice(&mask.end());
        String::from_utf8(all).expect("text")
    }

    #[test]
    fn keys_are_overwritten_however_they_are_cut() {
        for piece in [1, 2, 3, 5, 100] {
            let text = r#"{"error":"abcabcabd or abc or abc\/defgh"} abcabca"#;
            assert_eq!(
                masked(&["abcabcabd", "abc/defgh"], text, piece),
                r#"{"error":"********* or abc or **********"} abcabca"#,
                "{piece}"
            );
            assert_eq!(masked(&[], text, piece), text);
            assert_eq!(masked(&["abc"], text, piece), text, "a word that a local server takes for a key");
        }
    }

    #[test]
    fn what_holds_no_key_is_passed_on_uncopied_and_at_once() {
        let config = ProviderConfig::new("http://localhost").with_keys(Credential::Bearer, ["data-key"]);
        let keys = Keys::new(&config).expect("a good key");
        let event = Bytes::from_static(b"data: {}\n\n");
        let passed = Mask::default().push(event.clone(), &keys);
        assert_eq!((passed.as_ptr(), passed.len()), (event.as_ptr(), event.len()));
    }
}
