//! Every metric, declared once: what is served, and what the documentation says, is read from here.

use super::metric::Metric;

/// Every metric, in the order in which they are served.
pub const METRICS: &[Metric] = &[
    REQUESTS,
    REQUEST_DURATION,
    REQUEST_FIRST_TOKEN,
    REQUESTS_IN_FLIGHT,
    OPEN_STREAMS,
    GATEWAY_OVERHEAD,
    FALLBACK_REQUESTS,
    FALLBACKS,
    EXHAUSTED,
    ATTEMPTS,
    ATTEMPT_DURATION,
    ATTEMPT_FIRST_TOKEN,
    TOKEN_GAP,
    ATTEMPTS_IN_FLIGHT,
    RETRIES,
    RETRIES_DENIED,
    COMMITS_OUTGROWN,
    TRANSLATION_LOSSES,
    ANSWERS_REJECTED,
    TOKENS,
    BREAKER_STATE,
    BREAKER_TRANSITIONS,
    BREAKER_REFUSALS,
    COOLING,
    COOLDOWNS,
    COOLDOWN_REFUSALS,
    ALERTS,
    BYTES_IN_FLIGHT,
    LEDGER_ROWS,
    LEDGER_FAILURES,
    LEDGER_WAITING,
    LEDGER_UP,
    CONFIG_RELOAD,
    CONFIG_GOOD,
    STACKS,
    BUILD,
];

pub(super) const REQUESTS: Metric = Metric::counter(
    "requests",
    &["chain", "dialect", "status", "outcome"],
    "Requests that have ended, by the status that the caller got (none where it left before) and by how they ended",
);
pub(super) const REQUEST_DURATION: Metric = Metric::histogram(
    "request_duration",
    &["chain"],
    "From the receipt of a request to the end of its answer, for answers that came to their end",
);
pub(super) const REQUEST_FIRST_TOKEN: Metric = Metric::histogram(
    "request_first_token",
    &["chain"],
    "From the receipt of a request to the first token for its caller",
);
pub(super) const REQUESTS_IN_FLIGHT: Metric =
    Metric::gauge("requests_in_flight", &[], "Requests that were received and have not ended");
pub(super) const OPEN_STREAMS: Metric =
    Metric::gauge("open_streams", &[], "Streams whose head was given and that have not ended");
pub(super) const GATEWAY_OVERHEAD: Metric = Metric::histogram(
    "gateway_overhead",
    &["chain"],
    "From receipt to first token (to the end, where there was none), less the time with providers and the waits before retries",
);
pub(super) const FALLBACK_REQUESTS: Metric = Metric::counter(
    "fallback_requests",
    &["chain", "reason"],
    "Requests that did not end at the first target that was tried, by the last failure elsewhere",
);
pub(super) const FALLBACKS: Metric = Metric::counter(
    "fallbacks",
    &["chain", "reason"],
    "Falls from one target to the next, by the failure of the one",
);
pub(super) const EXHAUSTED: Metric = Metric::counter(
    "exhausted",
    &["chain", "reason"],
    "Requests that had no target left, by the failure that the caller got",
);
pub(super) const ATTEMPTS: Metric = Metric::counter(
    "attempts",
    &["target", "outcome"],
    "Attempts that have ended: success, dropped, or the kind of failure; one whose outcome is refused_… made no call",
);
pub(super) const ATTEMPT_DURATION: Metric = Metric::histogram(
    "attempt_duration",
    &["target", "outcome"],
    "From an attempt's start to the end of its body (success) or its failure (failed); refusals and drops are left out",
);
pub(super) const ATTEMPT_FIRST_TOKEN: Metric =
    Metric::histogram("attempt_first_token", &["target"], "From an attempt's start to its first token");
pub(super) const TOKEN_GAP: Metric = Metric::histogram(
    "token_gap",
    &["target"],
    "Between one event of an answer that carries content and the next, as they were read",
);
pub(super) const ATTEMPTS_IN_FLIGHT: Metric =
    Metric::gauge("attempts_in_flight", &["target"], "Attempts that have begun and not ended");
pub(super) const RETRIES: Metric = Metric::counter(
    "retries",
    &["target", "reason", "credential"],
    "Further tries on the same target, by the failure before and by whether they went out with the same or another credential",
);
pub(super) const RETRIES_DENIED: Metric = Metric::counter(
    "retries_denied",
    &["target", "reason"],
    "Retries that would have made sense but were beyond the budget",
);
pub(super) const COMMITS_OUTGROWN: Metric = Metric::counter(
    "commits_outgrown",
    &["target"],
    "Answers that were committed early because they outgrew what may be held back",
);
pub(super) const TRANSLATION_LOSSES: Metric = Metric::counter(
    "translation_losses",
    &["target"],
    "Parts of requests that were left out because the target's dialect cannot express them",
);
pub(super) const ANSWERS_REJECTED: Metric =
    Metric::counter("answers_rejected", &["target", "rule"], "Answers that a validator refused, by its rule");
pub(super) const TOKENS: Metric = Metric::counter(
    "tokens",
    &["target", "kind"],
    "Tokens that attempts used, as their providers say, in disjoint buckets",
);
pub(super) const BREAKER_STATE: Metric = Metric::gauge(
    "breaker_state",
    &["target", "state"],
    "How many breakers of the target are in the state: one is in one, the others are 0",
);
pub(super) const BREAKER_TRANSITIONS: Metric = Metric::counter(
    "breaker_transitions",
    &["target", "to"],
    "Changes of a breaker's state, by the new state",
);
pub(super) const BREAKER_REFUSALS: Metric =
    Metric::counter("breaker_refusals", &["target"], "Attempts that an open breaker refused");
pub(super) const COOLING: Metric = Metric::gauge(
    "cooling",
    &["provider", "scope"],
    "Credentials (key), models (model) and pairs of the two (key_model) that are left alone now",
);
pub(super) const COOLDOWNS: Metric = Metric::counter(
    "cooldowns",
    &["provider", "scope", "reason"],
    "Failures after which something began to cool or went on to",
);
pub(super) const COOLDOWN_REFUSALS: Metric = Metric::counter(
    "cooldown_refusals",
    &["provider"],
    "Attempts that were refused because all that they could use was cooling",
);
pub(super) const ALERTS: Metric = Metric::counter(
    "alerts",
    &["provider", "reason"],
    "Keys that a provider refuses or that are out of money, and models that are gone: each once, when it begins",
);
pub(super) const BYTES_IN_FLIGHT: Metric =
    Metric::gauge("bodies_in_flight", &[], "Bytes of request bodies that are held now").in_bytes();
pub(super) const LEDGER_ROWS: Metric = Metric::counter(
    "ledger_rows",
    &["result"],
    "Rows for the ledger: written, or dropped because too many waited",
);
pub(super) const LEDGER_FAILURES: Metric = Metric::counter(
    "ledger_failures",
    &[],
    "Writes to the ledger that failed; their rows wait and are tried again",
);
pub(super) const LEDGER_WAITING: Metric =
    Metric::gauge("ledger_waiting", &[], "Rows that wait to be written to the ledger");
pub(super) const LEDGER_UP: Metric = Metric::gauge(
    "ledger_up",
    &[],
    "1 where the last write to the ledger came through, else 0; none without a ledger",
);
pub(super) const CONFIG_RELOAD: Metric = Metric::counter(
    "config_reload",
    &["result"],
    "Reloads of the configuration: applied, refused (the last good one serves on), or unchanged",
);
pub(super) const CONFIG_GOOD: Metric = Metric::gauge(
    "config_good",
    &[],
    "1 where the configuration as it is written is the one that serves, else 0",
);
pub(super) const STACKS: Metric = Metric::gauge(
    "stacks",
    &[],
    "Built configurations that are alive: the one that serves, and older ones that requests still end on",
);
pub(super) const BUILD: Metric =
    Metric::gauge("build_info", &["version"], "1, with the version of the gateway");

/// Bounds for whole answers: those of the OpenTelemetry semantic conventions for `gen_ai.client.operation.duration`
/// (<https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics/>), doubled on to the default deadline of 10 min.
pub(super) const DURATION_BOUNDS: &[f64] = &[
    0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92, 163.84, 327.68,
    655.36,
];
/// Bounds for first tokens: those of `gen_ai.server.time_to_first_token` there, from 10 ms on, and up to the 120 s that
/// reasoning models are given.
pub(super) const FIRST_TOKEN_BOUNDS: &[f64] =
    &[0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 15.0, 30.0, 60.0, 120.0];
/// Bounds between tokens: those of `gen_ai.server.time_per_output_token` there, one below for tokens that come together,
/// and up to the 300 s of the idle clock.
pub(super) const GAP_BOUNDS: &[f64] = &[
    0.001, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5, 5.0, 10.0, 30.0, 90.0,
    300.0,
];
/// Bounds for the gateway's own time: a few microseconds of pass-through to the milliseconds of a large translation.
pub(super) const OVERHEAD_BOUNDS: &[f64] = &[
    0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0,
];
