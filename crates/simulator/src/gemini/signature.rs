//! Thought signatures: made here, and checked when they come back.
//!
//! Gemini signs what its models think and refuses signatures that it did not make
//! (<https://ai.google.dev/gemini-api/docs/thought-signatures>). The simulator's hide nothing, but only a simulator makes
//! them. A client may give back one of two words in place of a signature, for talks that another model began.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD},
};
use serde_json::Value;

use crate::{ids::hash, rules::Refusal};

/// The signature of what was thought before `said`.
pub(super) fn sign(said: &str) -> String {
    let text = hash(said.as_bytes());
    STANDARD.encode(format!("{PREFIX}{text:016x}{:016x}", seal(text)))
}

/// Refuses a request with a signature that was not made here.
pub(super) fn refuse(body: &Value) -> Result<(), Refusal> {
    let turns = body["contents"].as_array().into_iter().flatten();
    let parts = turns.flat_map(|turn| turn["parts"].as_array().into_iter().flatten());
    let mut signatures = parts
        .filter_map(|part| part.get("thoughtSignature").or_else(|| part.get("thought_signature"))?.as_str());
    if signatures.all(|signature| signature.is_empty() || WORDS.contains(&signature) || is_ours(signature)) {
        return Ok(());
    }
    Err(Refusal {
        rule: "thought_signature",
        status: http::StatusCode::BAD_REQUEST,
        body: super::error::shape(400, "INVALID_ARGUMENT", "Thought signature is not valid", Vec::new()),
    })
}

fn is_ours(signature: &str) -> bool {
    // Clients may write it again in the other alphabet, with or without padding.
    let bytes = STANDARD
        .decode(signature)
        .or_else(|_| URL_SAFE.decode(signature))
        .or_else(|_| URL_SAFE_NO_PAD.decode(signature))
        .or_else(|_| STANDARD_NO_PAD.decode(signature));
    let Some(text) = bytes.ok().and_then(|bytes| String::from_utf8(bytes).ok()) else { return false };
    let Some((text, sealed)) = text.strip_prefix(PREFIX).and_then(|digits| digits.split_at_checked(16))
    else {
        return false;
    };
    u64::from_str_radix(text, 16).is_ok_and(|text| sealed == format!("{:016x}", seal(text)))
}

fn seal(text: u64) -> u64 {
    hash(format!("sealed {text}").as_bytes())
}

/// What may stand in place of a signature (the same page, its questions and answers).
pub(crate) const WORDS: [&str; 2] =
    ["context_engineering_is_the_way_to_go", "skip_thought_signature_validator"];
const PREFIX: &str = "simulated:";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_was_signed_here_comes_back() {
        let check = |signature: &str| {
            let part = json!({"functionCall": {"name": "f"}, "thoughtSignature": signature});
            refuse(&json!({"contents": [{"role": "model", "parts": [part]}]})).map_err(|refusal| refusal.rule)
        };
        let signature = sign("so");
        assert_eq!(check(&signature), Ok(()));
        assert_eq!(check(signature.trim_end_matches('=')), Ok(()));
        assert_eq!(check(WORDS[0]), Ok(()));
        assert_eq!(check("EqQBelsewhere"), Err("thought_signature"));
        assert_eq!(check(&STANDARD.encode("simulated:12")), Err("thought_signature"));
    }
}
