//! Signatures of thinking blocks: made here, and checked when they come back.
//!
//! Anthropic encrypts and signs what its models think; a block that comes back changed, unsigned or from elsewhere is
//! refused (<https://platform.claude.com/docs/en/build-with-claude/extended-thinking>). The simulator's signatures hide
//! nothing, but only a simulator makes them, and each fits one text.

use serde_json::Value;

use crate::{ids::hash, rules::Refusal};

/// The signature of `thinking`.
pub(super) fn sign(thinking: &str) -> String {
    let text = hash(thinking.as_bytes());
    format!("{PREFIX}{text:016x}{:016x}", seal(text))
}

/// Refuses a request with a thinking block that was not made here.
pub(super) fn refuse(body: &Value) -> Result<(), Refusal> {
    for (turn, message) in body["messages"].as_array().into_iter().flatten().enumerate() {
        for (at, block) in message["content"].as_array().into_iter().flatten().enumerate() {
            let place = format!("messages.{turn}.content.{at}");
            match block["type"].as_str() {
                Some("thinking") => thinking(block, &place)?,
                Some("redacted_thinking") if !block["data"].as_str().is_some_and(is_ours) => {
                    return Err(invalid(&format!("{place}: Invalid `data` in `redacted_thinking` block")));
                }
                _ => {}
            }
        }
    }
    Ok(())
}

fn thinking(block: &Value, place: &str) -> Result<(), Refusal> {
    let Some(signature) = block["signature"].as_str() else {
        return Err(invalid(&format!("{place}.thinking.signature: Field required")));
    };
    let text = block["thinking"].as_str().unwrap_or_default();
    // Where the text was omitted, only the signature comes back.
    let fits = if text.is_empty() { is_ours(signature) } else { signature == sign(text) };
    if fits { Ok(()) } else { Err(invalid(&format!("{place}: Invalid `signature` in `thinking` block"))) }
}

fn is_ours(signature: &str) -> bool {
    let Some(digits) = signature.strip_prefix(PREFIX) else { return false };
    let Some((text, sealed)) = digits.split_at_checked(16) else { return false };
    let Ok(text) = u64::from_str_radix(text, 16) else { return false };
    sealed == format!("{:016x}", seal(text))
}

fn seal(text: u64) -> u64 {
    hash(format!("sealed {text}").as_bytes())
}

fn invalid(message: &str) -> Refusal {
    Refusal {
        rule: "thinking_signature",
        status: http::StatusCode::BAD_REQUEST,
        body: super::error::shape("invalid_request_error", message),
    }
}

const PREFIX: &str = "EqSimulated";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(block: &Value) -> Result<(), String> {
        let body = json!({"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": [block]}]});
        refuse(&body).map_err(|refusal| refusal.body["error"]["message"].as_str().unwrap().to_owned())
    }

    #[test]
    fn only_what_was_signed_here_comes_back() {
        let signature = sign("so");
        assert_eq!(check(&json!({"type": "thinking", "thinking": "so", "signature": signature})), Ok(()));
        assert_eq!(check(&json!({"type": "thinking", "thinking": "", "signature": signature})), Ok(()));
        assert_eq!(check(&json!({"type": "redacted_thinking", "data": signature})), Ok(()));
        let invalid = Err("messages.1.content.0: Invalid `signature` in `thinking` block".to_owned());
        assert_eq!(
            check(&json!({"type": "thinking", "thinking": "not so", "signature": signature})),
            invalid
        );
        assert_eq!(
            check(&json!({"type": "thinking", "thinking": "", "signature": "EqSimulated12"})),
            invalid
        );
        assert_eq!(check(&json!({"type": "thinking", "thinking": "so", "signature": "Eabc"})), invalid);
        let missing = Err("messages.1.content.0.thinking.signature: Field required".to_owned());
        assert_eq!(check(&json!({"type": "thinking", "thinking": "so"})), missing);
        assert!(check(&json!({"type": "redacted_thinking", "data": "abc"})).is_err());
    }
}
