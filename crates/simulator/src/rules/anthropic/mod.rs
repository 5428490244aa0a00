//! What Anthropic Messages refuses, in the order in which it reports it.

mod blocks;
mod capability;
mod complaint;
mod family;
mod fields;
mod messages;
mod required;
mod thinking;
mod tools;
mod turn;
mod turns;

use self::complaint::Complaint;
use super::rule::Rule;

/// Presence, each field by itself, unknown fields, then the shape of the talk and what models do not allow. The
/// order was measured by sending requests with two faults each.
pub(super) const TABLES: &[&[Rule<Complaint>]] = &[
    required::RULES,
    tools::RULES,
    messages::RULES,
    blocks::RULES,
    fields::RULES,
    turns::RULES,
    thinking::RULES,
    capability::RULES,
];

/// Requests with one fault each, sent to the real API, and its answers word for word; the model was
/// `claude-sonnet-5`.
const MEASURED: &str = "measured at api.anthropic.com, 2026-08-31: github.com/kangminlee-maker/local-OAuth-CLI-API-adapter, docs/conformance-matrix.md, 5.5.4 and 5.5.7";
/// The reference and the types of the official SDK.
const SPEC: &str = "Anthropic API reference, Create a Message (types of anthropic-sdk-python, 2026-08-07)";
