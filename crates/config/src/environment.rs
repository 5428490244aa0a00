//! References to environment variables in a YAML file.

use std::fmt;

/// Where `${NAME}` is looked up: the process's environment, or a closure in tests.
pub struct Environment<'a>(Box<dyn Fn(&str) -> Option<String> + 'a>);

impl Environment<'static> {
    /// The process's environment. A variable that is not UTF-8 counts as unset.
    #[must_use]
    pub fn process() -> Self {
        Self::new(|name| std::env::var(name).ok())
    }

    /// No variables at all.
    #[must_use]
    pub fn empty() -> Self {
        Self::new(|_| None)
    }
}

impl<'a> Environment<'a> {
    /// The variables that `lookup` knows.
    #[must_use]
    pub fn new(lookup: impl Fn(&str) -> Option<String> + 'a) -> Self {
        Self(Box::new(lookup))
    }

    /// The value of the variable `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<String> {
        (self.0)(name)
    }

    /// Replaces every reference in `text` that [`shield`] has marked.
    ///
    /// # Errors
    ///
    /// The name of the first variable that is not set.
    pub(crate) fn expand(&self, text: &str) -> Result<String, Unset> {
        let mut expanded = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find(OPEN) {
            // The dollar stands right before the mark: `shield` puts none elsewhere.
            expanded.push_str(&rest[..at - 1]);
            let inner = &rest[at + OPEN.len_utf8()..];
            let end = inner.find(CLOSE).unwrap_or(inner.len());
            let (name, default) = match inner[..end].split_once(":-") {
                Some((name, default)) => (name, Some(default)),
                None => (&inner[..end], None),
            };
            match (self.get(name).filter(|value| !value.is_empty()), default) {
                (Some(value), _) => expanded.push_str(&value),
                (None, Some(default)) => expanded.push_str(default),
                (None, None) => return Err(Unset(name.to_owned())),
            }
            rest = inner.get(end + CLOSE.len_utf8()..).unwrap_or_default();
        }
        expanded.push_str(rest);
        Ok(expanded)
    }
}

impl fmt::Debug for Environment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Environment").finish_non_exhaustive()
    }
}

/// A variable that is not set, or empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unset(pub(crate) String);

/// Makes references safe to parse: in `{ api_key: ${KEY} }` the reference's own braces would end the mapping.
///
/// `${NAME}` and `${NAME:-default}` become one character each for the braces, so that lines and columns stay what they
/// are; values are put in after parsing, where no value can change the document's shape.
pub(crate) fn shield(yaml: &str) -> String {
    let mut shielded = String::with_capacity(yaml.len());
    let mut rest = yaml;
    while let Some(at) = rest.find("${") {
        let inner = &rest[at + 2..];
        let end = inner
            .find(['}', '\n'])
            .filter(|&end| inner.as_bytes()[end] == b'}' && is_reference(&inner[..end]));
        let Some(end) = end else {
            shielded.push_str(&rest[..at + 2]);
            rest = inner;
            continue;
        };
        shielded.push_str(&rest[..=at]);
        shielded.push(OPEN);
        shielded.push_str(&inner[..end]);
        shielded.push(CLOSE);
        rest = &inner[end + 1..];
    }
    shielded.push_str(rest);
    shielded
}

/// Turns what [`shield`] marked back into what the operator wrote, for messages.
pub(crate) fn unshield(text: &str) -> String {
    text.replace(OPEN, "{").replace(CLOSE, "}")
}

fn is_reference(inner: &str) -> bool {
    let name = inner.split_once(":-").map_or(inner, |(name, _)| name);
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

// Private-use characters: legal in YAML, and in nobody's file.
const OPEN: char = '\u{E000}';
const CLOSE: char = '\u{E001}';

#[cfg(test)]
mod tests {
    use super::*;

    fn expand(text: &str) -> Result<String, Unset> {
        let environment = Environment::new(|name| match name {
            "KEY" => Some("k: 1 # }".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        });
        environment.expand(&shield(text))
    }

    #[test]
    fn references_are_replaced_and_other_dollars_are_not() {
        assert_eq!(expand("a ${KEY} b"), Ok("a k: 1 # } b".to_owned()));
        assert_eq!(expand("${NONE:-x}${EMPTY:-y}"), Ok("xy".to_owned()));
        assert_eq!(expand("$5 ${} ${1A} ${a b} ${open"), Ok("$5 ${} ${1A} ${a b} ${open".to_owned()));
        assert_eq!(expand("${NONE}"), Err(Unset("NONE".to_owned())));
        assert_eq!(expand("${EMPTY}"), Err(Unset("EMPTY".to_owned())));
    }

    #[test]
    fn shielding_keeps_columns() {
        let yaml = "a: { k: ${KEY} }\nb: é${KEY}x";
        let shielded = shield(yaml);
        assert_eq!(shielded.chars().count(), yaml.chars().count());
        assert_eq!(unshield(&shielded), yaml);
    }
}
