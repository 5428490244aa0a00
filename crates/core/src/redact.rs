//! Takes credentials out of text that others wrote.

use bytes::Bytes;

/// Replaces each of `secrets`, and all that looks like a provider's key, by `[redacted]`.
///
/// A provider's error may quote the key that it refuses, often in part (`sk-abc***xyz`); nothing of that shape reaches
/// a caller, a log or a metric. Words that begin with a known key prefix and go on for at least eight more characters
/// are taken for keys. The prefixes are those that the providers document: `sk-` (OpenAI, Anthropic, DeepSeek, Qwen,
/// OpenRouter), `AIza` (Google), `gsk_` (Groq), `xai-` (xAI), `hf_` (Hugging Face), `pplx-` (Perplexity).
#[must_use]
pub fn redact<'a>(text: &str, secrets: impl IntoIterator<Item = &'a str>) -> String {
    let mut clean = text.to_owned();
    for secret in secrets {
        if !secret.is_empty() && clean.contains(secret) {
            clean = clean.replace(secret, REDACTED);
        }
    }
    if PREFIXES.iter().any(|prefix| clean.contains(prefix)) { without_keys(&clean) } else { clean }
}

/// An error's body without what looks like a provider's key; the same bytes where nothing does, or where it is no text.
#[must_use]
pub fn redact_body(body: &Bytes) -> Bytes {
    match std::str::from_utf8(body) {
        Ok(text) if PREFIXES.iter().any(|prefix| text.contains(prefix)) => Bytes::from(without_keys(text)),
        _ => body.clone(),
    }
}

fn without_keys(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let word = rest.find(|c: char| !is_key_character(c)).unwrap_or(rest.len());
        let is_key =
            PREFIXES.iter().any(|prefix| rest[..word].starts_with(prefix) && word >= prefix.len() + SHORTEST);
        clean.push_str(if is_key { REDACTED } else { &rest[..word] });
        rest = &rest[word..];
        let gap = rest.find(is_key_character).unwrap_or(rest.len());
        clean.push_str(&rest[..gap]);
        rest = &rest[gap..];
    }
    clean
}

fn is_key_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '*' | '.' | '…')
}

const REDACTED: &str = "[redacted]";
const SHORTEST: usize = 8;
const PREFIXES: [&str; 6] = ["sk-", "AIza", "gsk_", "xai-", "hf_", "pplx-"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_and_lookalike_keys_go() {
        let text = "Incorrect API key provided: sk-abcd****wxyz. Your token tok-9 of 'hunter2' at risk-free-assessment.";
        assert_eq!(
            redact(text, ["hunter2", ""]),
            "Incorrect API key provided: [redacted] Your token tok-9 of '[redacted]' at risk-free-assessment."
        );
    }

    #[test]
    fn bodies_lose_what_looks_like_a_key_and_nothing_else() {
        let body = Bytes::from_static(br#"{"error":"bad key sk-abcd****wxyz"}"#);
        assert_eq!(redact_body(&body), r#"{"error":"bad key [redacted]"}"#);
        let binary = Bytes::from_static(b"\xFFsk-abcdefghijk");
        assert_eq!(redact_body(&binary).as_ptr(), binary.as_ptr());
    }

    #[test]
    fn ordinary_text_stays_as_it_is() {
        for text in ["", "sk-", "a sk-short b", "ask-someone-else-please", "é sk-é"] {
            assert_eq!(redact(text, []), text);
            assert_eq!(redact_body(&Bytes::from_static(text.as_bytes())), text);
        }
    }
}
