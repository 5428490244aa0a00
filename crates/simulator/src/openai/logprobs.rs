//! Log probabilities of tokens, where they were asked for.

use serde_json::{Value, json};

use crate::{ids::hash, tokens};

/// The `logprobs` of a choice whose text, or piece of text, is `text`, with so many alternatives for each token.
pub(crate) fn logprobs(text: &str, alternatives: u64) -> Value {
    let content = tokens::split(text).into_iter().map(|token| {
        let top: Vec<_> = (0..alternatives).map(|rank| alternative(token, rank)).collect();
        let mut entry = alternative(token, 0);
        entry["top_logprobs"] = json!(top);
        entry
    });
    json!({"content": content.collect::<Vec<_>>(), "refusal": null})
}

/// The token itself, and after it others that become ever less likely.
fn alternative(token: &str, rank: u64) -> Value {
    let token = if rank == 0 { token.to_owned() } else { format!("{token}{rank}") };
    // From 0 to -0.99, as the token wants it; no likelier than what ranks above it.
    let share = hash(token.as_bytes()) % 100;
    let logprob = -(rank as f64) - share as f64 / 100.0;
    json!({"token": token, "logprob": logprob, "bytes": token.as_bytes()})
}
