//! A report as one event of the log.

use std::time::{Duration, Instant};

use backstop_core::{Step, Usage};
use serde::Serialize;

use super::RequestReport;
use crate::outcome;

pub(super) fn emit(report: &RequestReport) {
    // What goes into the event is built only for somebody who listens.
    if !tracing::enabled!(target: "backstop::request", tracing::Level::INFO) {
        return;
    }
    let usage = report.usage.as_ref();
    tracing::info!(
        target: "backstop::request",
        request_id = %report.id,
        dialect = report.dialect.as_str(),
        model = shortened(&report.model),
        stream = report.stream,
        chain = report.chain.as_deref(),
        // `target` itself is the name of the event's own.
        provider_target = report.target.as_deref(),
        outcome = report.outcome_label(),
        error_type = report.error_type(),
        status = report.status.map(|status| status.as_u16()),
        duration_ms = milliseconds(report.duration),
        first_token_ms = report.first_token.map(milliseconds),
        attempts = report.attempts,
        fallback_reason = report.fallback_reason,
        input_tokens = usage.map(Usage::total_input),
        cache_read_tokens = usage.map(|usage| usage.cache_read),
        cache_write_tokens = usage.map(|usage| usage.cache_write + usage.cache_write_hour),
        output_tokens = usage.map(Usage::total_output),
        reasoning_tokens = usage.map(|usage| usage.reasoning),
        cost_usd = report.cost.usd().map(tracing::field::display),
        cost = report.cost.label(),
        usage_estimated = usage.map(|usage| usage.estimated),
        trail = %trail(report),
        "request ended"
    );
}

#[derive(Serialize)]
struct Line<'a> {
    target: &'a str,
    outcome: &'static str,
    start_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_token_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost_usd: Option<String>,
    cost: &'static str,
}

impl<'a> Line<'a> {
    fn new(step: &'a Step, received: Instant) -> Self {
        Self {
            target: &step.target,
            outcome: outcome::label(step.outcome),
            start_ms: milliseconds(step.started.saturating_duration_since(received)),
            status: step.status.map(|status| status.as_u16()),
            first_token_ms: step.first_token.map(milliseconds),
            duration_ms: step.duration.map(milliseconds),
            input_tokens: step.usage.as_ref().map(Usage::total_input),
            output_tokens: step.usage.as_ref().map(Usage::total_output),
            cost_usd: step.cost.usd().map(|usd| usd.to_string()),
            cost: step.cost.label(),
        }
    }
}

fn trail(report: &RequestReport) -> String {
    let lines: Vec<_> = report.steps.iter().map(|step| Line::new(step, report.received)).collect();
    serde_json::to_string(&lines).unwrap_or_default()
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The caller may write anything as `model`; a name is short.
fn shortened(model: &str) -> &str {
    match model.char_indices().nth(LONGEST_MODEL) {
        Some((end, _)) => &model[..end],
        None => model,
    }
}

const LONGEST_MODEL: usize = 128;
