//! What OpenAI Chat Completions refuses, in the order in which it reports it.

mod capability;
mod complaint;
mod content;
mod family;
mod format;
mod limits;
mod media;
mod messages;
mod required;
mod schema;
mod tools;
mod turns;

use self::complaint::Complaint;
use super::rule::Rule;

/// Presence, unknown fields, each field by itself, then what fields and models do not allow together. The order
/// was measured by sending requests with two faults each.
pub(super) const TABLES: &[&[Rule<Complaint>]] = &[
    required::RULES,
    messages::RULES,
    content::RULES,
    tools::RULES,
    limits::RULES,
    format::RULES,
    capability::RULES,
    media::RULES,
    turns::RULES,
];

/// Requests with one fault each, sent to the real API, and its answers word for word; the model was `gpt-5.6-terra`.
const MEASURED: &str = "measured at api.openai.com, 2026-08-30: github.com/kangminlee-maker/local-OAuth-CLI-API-adapter, docs/conformance-matrix.md, 5.5.5";
/// The machine-readable specification.
const SPEC: &str = "OpenAI API reference, Create chat completion (OpenAPI file 2.3.0 of 2026-08-21)";
