//! The way past a document that needs no reading again.
//!
//! A request that stays in its dialect needs its model replaced, and as a rule nothing else. The peek that read it has
//! seen where the model stands and whether anything must be taken out on the way; then the new body is three copies,
//! whatever the prompt's size.

use backstop_core::Edit;
use bytes::Bytes;

use crate::{Splice, accent, apply::FORBIDDEN, json};

/// Gathered while a peek passes over the top level.
#[derive(Debug, Default)]
pub(crate) struct Shortcut {
    /// Where the model's value begins in memory, and how long it is.
    model: Option<(usize, usize)>,
    /// Marks of the fields so far.
    seen: Vec<u64>,
    blocked: bool,
}

impl Shortcut {
    /// A field of the top level. One that stands twice, or must not go up, needs the whole document.
    pub(crate) fn field(&mut self, name: &str) {
        let mark = mark(name);
        self.blocked |= FORBIDDEN.contains(&name) || self.seen.contains(&mark) || self.seen.len() == MOST;
        if !self.blocked {
            self.seen.push(mark);
        }
    }

    /// The model's value, as it is written.
    pub(crate) fn model(&mut self, raw: &str) {
        self.model = Some((raw.as_ptr() as usize, raw.len()));
    }

    /// Something in the document may have to be changed.
    pub(crate) const fn block(&mut self) {
        self.blocked = true;
    }

    /// Where the model's value begins and ends in `text`, if replacing it is all that may be needed.
    pub(crate) fn model_at(&self, text: &str) -> Option<(usize, usize)> {
        let (address, length) = self.model.filter(|_| !self.blocked)?;
        let start = address.checked_sub(text.as_ptr() as usize)?;
        text.get(start..start + length).map(|_| (start, start + length))
    }
}

/// The spliced body, where the way is open and `splice` asks for no more than it allows. A server with an accent may want
/// any field otherwise.
pub(crate) fn take(body: &Bytes, splice: &Splice<'_>) -> Option<Bytes> {
    if accent::of(splice.flavour).is_some() {
        return None;
    }
    let ([Edit::Model(model)], Some((start, end))) = (splice.edits, splice.model_at) else { return None };
    let (before, behind) = (body.get(..start)?, body.get(end..)?.trim_ascii_end().strip_suffix(b"}")?);
    let tail: &[u8] = if splice.ask_for_usage { ASK_FOR_USAGE } else { b"}" };
    let mut name = Vec::with_capacity(model.len() + 2);
    json::write_string(&mut name, model);
    if !splice.ask_for_usage && body[start..end] == *name {
        return Some(body.clone());
    }
    let mut out = Vec::with_capacity(before.len() + name.len() + behind.len() + tail.len());
    out.extend_from_slice(before);
    out.extend_from_slice(&name);
    out.extend_from_slice(behind);
    out.extend_from_slice(tail);
    Some(Bytes::from(out))
}

/// FNV-1a (<http://www.isthe.com/chongo/tech/comp/fnv/>). Two names with one mark cost no more than the long way.
fn mark(name: &str) -> u64 {
    name.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |mark, byte| (mark ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

const ASK_FOR_USAGE: &[u8] = b",\"stream_options\":{\"include_usage\":true}}";
/// Requests have a dozen fields; nobody gets to make the search among them long.
const MOST: usize = 64;

#[cfg(test)]
mod tests {
    use backstop_core::{Dialect, Flavour};

    use super::*;
    use crate::{peek, splice};

    fn both(body: &'static str, ask_for_usage: bool) -> (Option<Bytes>, Bytes) {
        let body = Bytes::from_static(body.as_bytes());
        let model_at = peek(Dialect::OpenaiChat, &body).expect("a request").model_at;
        let edits = [Edit::Model("new \"m\"".into())];
        let long = Splice { edits: &edits, ask_for_usage, flavour: Flavour::Openai, model_at: None };
        let short = Splice { model_at, ..long };
        (take(&body, &short), splice(Dialect::OpenaiChat, &body, &long).expect("an object").body)
    }

    #[test]
    fn gives_what_the_long_way_gives() {
        for (body, ask_for_usage) in [
            (r#"{"model":"old","messages":[{"role":"user","content":"hi"}]}"#, false),
            (r#"{"messages":[{"role":"user","content":"hi"}], "model" : "old"}"#, false),
            (r#"{"model":"old","stream":true,"messages":[{"role":"user","content":"hi"}]}"#, true),
            (r#"{"stream":true,"messages":[{"role":"user","content":"hi"}],"model":"o\u0061"}"#, true),
        ] {
            let (short, long) = both(body, ask_for_usage);
            assert_eq!(short.as_ref(), Some(&long), "{body}");
        }
    }

    #[test]
    fn is_closed_where_more_must_change() {
        for body in [
            r#"{"model":"a","model":"b","messages":[{"role":"user","content":"hi"}]}"#,
            r#"{"model":"a","messages":[{"role":"user","content":"hi"}],"api_key":"x"}"#,
            r#"{"model":"a","messages":[{"role":"user","content":"hi"}],"user":"x","user":"y"}"#,
            r#"{"model":"a","messages":[{"role":"assistant","content":"hi","reasoning_content":"x"}]}"#,
            r#"{"model":"a","stream":true,"stream_options":{},"messages":[{"role":"user","content":"hi"}]}"#,
        ] {
            let body = Bytes::from_static(body.as_bytes());
            assert_eq!(peek(Dialect::OpenaiChat, &body).expect("a request").model_at, None, "{body:?}");
        }
    }

    #[test]
    fn other_edits_take_the_long_way() {
        let body = Bytes::from_static(br#"{"model":"a","messages":[]}"#);
        for edits in [vec![], vec![Edit::Model("b".into()), Edit::PrependSystem("x".into())]] {
            let splice = Splice { edits: &edits, model_at: Some((9, 12)), ..Splice::default() };
            assert_eq!(take(&body, &splice), None);
        }
        let edits = [Edit::Model("b".into())];
        let accented =
            Splice { edits: &edits, model_at: Some((9, 12)), flavour: Flavour::Mistral, ..Splice::default() };
        assert_eq!(take(&body, &accented), None);
    }
}
