//! What the events of a stream have in common.
//!
//! Nearly all events of an answer are one document again and again, with another text in it. Once such a document has
//! been read, the next is known by comparing it: where it differs in nothing but the text, which needs no unescaping,
//! it is valid JSON and means the same. Whatever differs in anything else is read in full.

/// A document with a hole for its text.
#[derive(Debug)]
pub(crate) struct Template {
    /// Up to the text's first byte.
    before: Box<str>,
    /// From the text's closing quote on, as far as it stays the same.
    after: Box<str>,
    /// What follows a second hole, for padding.
    behind: Option<Box<str>>,
}

impl Template {
    /// Learns from a valid JSON `document` and its `text`, which must be a piece of it. `None` where the text is no whole
    /// string of the document.
    pub(crate) fn learn(document: &str, text: &str) -> Option<Self> {
        let start = (text.as_ptr() as usize).checked_sub(document.as_ptr() as usize)?;
        let before = document.get(..start).filter(|before| before.ends_with('"'))?;
        let after = document.get(start + text.len()..).filter(|after| after.starts_with('"'))?;
        let padding = after.find(PADDING).map(|at| at + PADDING.len());
        let (after, behind) = match padding.map(|at| after.split_at(at)) {
            Some((after, rest)) => (after, Some(plain(rest)?.1)),
            None => (after, None),
        };
        Some(Self { before: before.into(), after: after.into(), behind: behind.map(Into::into) })
    }

    /// The text of `document`, if that is all that is new in it.
    pub(crate) fn read<'a>(&self, document: &'a str) -> Option<&'a str> {
        let (text, rest) = plain(document.strip_prefix(&*self.before)?)?;
        let rest = rest.strip_prefix(&*self.after)?;
        let same = match &self.behind {
            Some(behind) => plain(rest)?.1 == &**behind,
            None => rest.is_empty(),
        };
        (same && !text.is_empty()).then_some(text)
    }
}

/// Splits `rest` at the quote that ends the string it begins in. `None` where the string must be unescaped, or is none.
fn plain(rest: &str) -> Option<(&str, &str)> {
    let end = rest.bytes().position(|byte| byte == b'"' || byte == b'\\' || byte < b' ')?;
    let (text, rest) = rest.split_at(end);
    rest.starts_with('"').then_some((text, rest))
}

/// OpenAI pads its events with a random string, so that their length does not tell the text (`stream_options`,
/// `include_obfuscation` in the API reference). The pattern can only be a field of its own: inside a string, its quotes
/// would be escaped.
const PADDING: &str = "\"obfuscation\":\"";

#[cfg(test)]
mod tests {
    use super::*;

    fn learn(document: &'static str, text: &str) -> Option<Template> {
        let at = document.find(text).expect("the text is in the document");
        Template::learn(document, &document[at..at + text.len()])
    }

    #[test]
    fn only_the_text_may_differ() {
        let template = learn(r#"{"i":1,"t":"one","u":null}"#, "one").expect("a template");
        assert_eq!(template.read(r#"{"i":1,"t":"two words, ü","u":null}"#), Some("two words, ü"));
        for other in [
            r#"{"i":2,"t":"two","u":null}"#,
            r#"{"i":1,"t":"two","u":1}"#,
            r#"{"i":1,"t":"two","u":null} "#,
            r#"{"i":1,"t":"two","u":null}}"#,
            r#"{"i":1,"t":"two","v":"x","u":null}"#,
            r#"{"i":1,"t":"","u":null}"#,
            r#"{"i":1,"t":"a\n","u":null}"#,
            "{\"i\":1,\"t\":\"a\n\",\"u\":null}",
            r#"{"i":1,"t":"tw"#,
            "",
        ] {
            assert_eq!(template.read(other), None, "{other}");
        }
    }

    #[test]
    fn padding_may_differ_too() {
        let template = learn(r#"{"t":"one","obfuscation":"abc"}"#, "one").expect("a template");
        assert_eq!(template.read(r#"{"t":"two","obfuscation":"Zz9yx"}"#), Some("two"));
        assert_eq!(template.read(r#"{"t":"two","obfuscation":""}"#), Some("two"));
        for other in [r#"{"t":"two","obfuscation":"a\"b"}"#, r#"{"t":"two","obfuscation":"ab","x":1}"#] {
            assert_eq!(template.read(other), None, "{other}");
        }
    }

    #[test]
    fn a_text_that_is_no_whole_string_teaches_nothing() {
        assert!(learn(r#"{"t":"one two"}"#, "two").is_none());
        assert!(learn(r#"{"t":"one two"}"#, "one").is_none());
        assert!(Template::learn(r#"{"t":"one"}"#, "one").is_none(), "a copy is no piece of the document");
    }
}
