//! Whose a seal on reasoning is.
//!
//! A unified signature is Anthropic's as Anthropic wrote it, or another maker's with a tag before it. The tag goes out to
//! callers whose dialect has no field for the maker, and comes back with the talk, so that a seal finds its maker again and
//! no other provider ever sees it.

use backstop_core::Text;
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD},
};

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
    !seal.is_empty() && gemini(seal).is_none() && redacted(seal).is_none()
}

/// A seal as Gemini's wire carries it: bytes in base64, which clients decode and encode again. Another maker's goes with a
/// tag inside.
pub(crate) fn to_gemini_wire(seal: &str) -> String {
    match gemini(seal) {
        Some(own) => own.to_owned(),
        None => STANDARD.encode(format!("{ANTHROPIC_TAG}{seal}")),
    }
}

/// Anthropic's redacted reasoning as a seal.
pub(crate) fn of_redacted(data: &str) -> String {
    format!("{REDACTED}{data}")
}

/// The redacted reasoning that a seal holds, where it holds one.
pub(crate) fn redacted(seal: &str) -> Option<&str> {
    seal.strip_prefix(REDACTED)
}

/// The seal that Gemini's wire carries; `None` where it says that there is none.
pub(crate) fn from_gemini_wire(signature: &str) -> Option<Text> {
    if signature.is_empty() || signature == NONE {
        return None;
    }
    Some(match tagged(signature) {
        Some(seal) => seal.into(),
        None => of_gemini(signature),
    })
}

/// Another maker's seal on Gemini's wire.
fn tagged(signature: &str) -> Option<String> {
    // Clients may write it again in the other alphabet.
    let bytes = STANDARD
        .decode(signature)
        .or_else(|_| URL_SAFE.decode(signature))
        .or_else(|_| URL_SAFE_NO_PAD.decode(signature))
        .ok()?;
    String::from_utf8(bytes).ok()?.strip_prefix(ANTHROPIC_TAG).map(ToOwned::to_owned)
}

/// What stands on a call that no Gemini model made: Gemini 3 refuses calls without a seal, and its documentation gives this
/// word for talks that another model began (Gemini API, "Thought signatures").
pub(crate) const NONE: &str = "skip_thought_signature_validator";

/// Whether seals of this `format` are made by a provider that has a dialect of its own here.
pub(crate) fn is_known_format(format: &str) -> bool {
    [ANTHROPIC_FORMAT, GEMINI_FORMAT].contains(&format)
}

const GEMINI: &str = "bs-gemini.";
const REDACTED: &str = "bs-redacted.";
const ANTHROPIC_TAG: &str = "bs-anthropic.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_finds_its_maker() {
        let seal = of_gemini("CloB");
        assert_eq!((gemini(&seal), is_anthropics(&seal)), (Some("CloB"), false));
        for seal in ["EqQB+/==", "bs-redacted.data"] {
            assert_eq!(from_gemini_wire(&to_gemini_wire(seal)).as_deref(), Some(seal));
            let other_alphabet = to_gemini_wire(seal).replace('+', "-").replace('/', "_");
            assert_eq!(from_gemini_wire(&other_alphabet).as_deref(), Some(seal));
        }
        assert_eq!(from_gemini_wire(&to_gemini_wire("bs-gemini.CloB")).as_deref(), Some("bs-gemini.CloB"));
        assert_eq!((from_gemini_wire(NONE), redacted("bs-redacted.x")), (None, Some("x")));
        assert_eq!((gemini("EqQB"), is_anthropics("EqQB"), is_anthropics("")), (None, true, false));
    }
}
