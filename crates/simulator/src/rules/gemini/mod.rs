//! What Gemini's `generateContent` refuses, in the order in which it reports it.

mod complaint;
mod config;
mod contents;
mod descriptor;
mod family;
mod messages;
mod payload;
mod schema;
mod thinking;
mod tools;
mod turns;
mod view;
mod violation;

use self::complaint::Complaint;
use super::rule::Rule;

/// The reader of the payload complains before anybody looks at what it says; then each field by itself, then what fields
/// and models do not allow together.
pub(super) const TABLES: &[&[Rule<Complaint>]] =
    &[payload::RULES, contents::RULES, tools::RULES, config::RULES, turns::RULES, thinking::RULES];

/// The reference, which is generated from the service's protocol buffers.
const SPEC: &str = "Gemini API reference, ai.google.dev/api/generate-content (v1beta)";
