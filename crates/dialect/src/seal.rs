//! Whose a seal on reasoning is.
//!
//! A unified signature is Anthropic's as Anthropic wrote it, or another maker's with a tag before it. The tag goes out to
//! callers whose dialect has no field for the maker, and comes back with the talk, so that a seal finds its maker again and
//! no other provider ever sees it.

use backstop_core::Text;

/// The `format` of Anthropic's seals among `reasoning_details`, as OpenRouter documents it.
pub(crate) const ANTHROPIC_FORMAT: &str = "anthropic-claude-v1";
/// The `format` of Gemini's.
pub(crate) const GEMINI_FORMAT: &str = "google-gemini-v1";

/// Gemini's seal `signature`, tagged.
pub(crate) fn of_gemini(signature: &str) -> Text {
    Text::from(format!("{GEMINI}{signature}"))
}

/// Gemini's own words of a seal, where it is Gemini's.
pub(crate) fn gemini(seal: &str) -> Option<&str> {
    seal.strip_prefix(GEMINI)
}

/// Whether a signature is Anthropic's own.
pub(crate) fn is_anthropics(seal: &str) -> bool {
    !seal.is_empty() && gemini(seal).is_none()
}

/// Whether seals of this `format` are made by a provider that has a dialect of its own here.
pub(crate) fn is_known_format(format: &str) -> bool {
    [ANTHROPIC_FORMAT, GEMINI_FORMAT].contains(&format)
}

const GEMINI: &str = "bs-gemini.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_finds_its_maker() {
        let seal = of_gemini("CloB");
        assert_eq!((gemini(&seal), is_anthropics(&seal)), (Some("CloB"), false));
        assert_eq!((gemini("EqQB"), is_anthropics("EqQB"), is_anthropics("")), (None, true, false));
    }
}
