//! Each rule refuses what it says, and no more.

mod anthropic;
mod compatible;
mod corpus;
mod gemini;
mod openai;

use std::collections::HashSet;

use http::{HeaderMap, HeaderValue};
use serde_json::Value;

use super::{Known, Refusal};

/// A rule's name, the smallest request that breaks it, and the smallest change that mends it.
type Case = (&'static str, Value, Value);

fn headers() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("anthropic-version", HeaderValue::from_static("2023-06-01"));
    headers
}

/// `base` with the fields of `change`; a field that is null there is taken away.
fn with(mut base: Value, change: Value) -> Value {
    let Value::Object(change) = change else { return change };
    let fields = base.as_object_mut().unwrap();
    for (name, value) in change {
        match value {
            Value::Null => drop(fields.remove(&name)),
            value => drop(fields.insert(name, value)),
        }
    }
    base
}

fn refused(answer: &Result<(), Refusal>) -> Option<&'static str> {
    answer.as_ref().err().map(|refusal| refusal.rule)
}

/// Every rule has words, a source and a name of its own, a case that it refuses first of all, and a mended one
/// that no rule refuses.
fn hold(rules: impl Iterator<Item = Known>, cases: Vec<Case>, ask: impl Fn(&Value) -> Result<(), Refusal>) {
    let rules: Vec<Known> = rules.collect();
    assert!(rules.len() >= 20, "only {} rules", rules.len());
    let mut names = HashSet::new();
    for rule in &rules {
        assert!(names.insert(rule.name), "{} stands there twice", rule.name);
        assert!(rule.refuses.len() > 8, "{} does not say what it refuses", rule.name);
        assert!(rule.source.len() > 20, "{} has no source", rule.name);
    }
    let mut seen = HashSet::new();
    for (name, bad, good) in cases {
        seen.insert(name);
        assert_ne!(bad, good, "{name}");
        let answer = ask(&bad);
        assert_eq!(refused(&answer), Some(name), "{bad}");
        let refusal = answer.unwrap_err();
        // Google's answer to what the caller may not see.
        let status = if refusal.body["error"]["status"] == "PERMISSION_DENIED" { 403 } else { 400 };
        assert_eq!(refusal.status, status, "{name}");
        let message = refusal.body["error"]["message"].as_str().unwrap();
        assert!(!message.is_empty() && !message.contains("{}"), "{name}: {message}");
        let error = &refusal.body["error"];
        let words = [&error["type"], &error["status"]];
        assert!(
            words.iter().any(|word| KINDS.contains(&word.as_str().unwrap_or_default())),
            "{name}: {error}"
        );
        let mended = ask(&good);
        assert!(mended.is_ok(), "{name}: the mended request is refused too: {mended:?}");
    }
    let untested: Vec<&str> = names.iter().filter(|name| !seen.contains(*name)).copied().collect();
    assert!(untested.is_empty(), "no case for {untested:?}");
}

/// How the providers call a request that is wrong.
const KINDS: &[&str] = &["invalid_request_error", "INVALID_ARGUMENT", "PERMISSION_DENIED"];
