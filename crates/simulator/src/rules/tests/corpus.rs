//! What the real APIs took and refused, as others recorded it.

use std::{fs, path::PathBuf};

use serde_json::Value;

use super::headers;
use crate::rules::{Refusal, anthropic_messages, gemini_generate, openai_chat};

#[test]
fn what_the_providers_took_is_taken_and_what_they_refused_is_refused() {
    let Some(directory) = corpus() else {
        println!("no recorded traffic here: nothing compared");
        return;
    };
    let (mut taken, mut refused) = (0, 0);
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let exchange: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let Some(answer) = judge(&exchange) else { continue };
        match exchange["response"]["status"].as_u64() {
            Some(200) => {
                assert!(answer.is_ok(), "{}: {answer:?}", path.display());
                taken += 1;
            }
            // What a tokenizer would have to count is scripted, not ruled.
            // What Google refuses it for is not recorded: nothing was sent, or a page that is no more.
            Some(400) if exchange["dialect"] == "gemini-generate" => {}
            Some(400) if !message(&exchange["response"]["body"]).contains("prompt is too long") => {
                let Err(refusal) = answer else {
                    // A real host that was down is not known here.
                    assert!(
                        message(&exchange["response"]["body"]).starts_with("Error while downloading"),
                        "{}",
                        path.display()
                    );
                    continue;
                };
                assert_eq!(
                    message(&refusal.body),
                    message(&exchange["response"]["body"]),
                    "{}",
                    path.display()
                );
                assert_eq!(refusal.body["error"]["code"], exchange["response"]["body"]["error"]["code"]);
                refused += 1;
            }
            _ => {}
        }
    }
    println!("{taken} recorded requests taken, {refused} refused with the recorded words");
    assert!(taken > 30 && refused >= 4, "{taken} taken, {refused} refused");
}

/// Only what was sent to the two providers themselves: others speak their dialects with rules of their own.
fn judge(exchange: &Value) -> Option<Result<(), Refusal>> {
    let body = exchange["request"].get("body")?.clone();
    match (exchange["provider"].as_str()?, exchange["dialect"].as_str()?) {
        ("openai" | "azure", "openai-chat") => Some(openai_chat(&headers(), &body)),
        ("anthropic", "anthropic-messages") => {
            let mut headers = headers();
            // The recorders kept few headers. What is in beta was asked for where it was taken.
            headers.insert("anthropic-beta", "recorded".parse().ok()?);
            Some(anthropic_messages(&headers, &body))
        }
        ("google" | "vertex", "gemini-generate") if body.is_object() => {
            let path = exchange["request"]["path"].as_str()?.replace("MODEL", "gemini-2.5-flash");
            Some(gemini_generate(&path.parse().ok()?, &body))
        }
        _ => None,
    }
}

fn message(body: &Value) -> &str {
    body["error"]["message"].as_str().unwrap_or_default()
}

/// Where recorded traffic is: in `BACKSTOP_CORPUS`, or beside the workspace.
fn corpus() -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus");
    let directory = std::env::var_os("BACKSTOP_CORPUS").map_or_else(|| PathBuf::from(beside), PathBuf::from);
    directory.is_dir().then_some(directory)
}
