//! The failure table: one declaration from which everything that depends on a kind of failure is read.

use std::fmt;

use http::StatusCode;

/// Which clock ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Clock {
    /// No connection to the endpoint in time.
    Connect,
    /// No response head in time.
    FirstByte,
    /// No semantic event in time.
    FirstToken,
    /// No byte at all for too long, in the middle of a body.
    Silent,
    /// No semantic event for too long, though bytes may still come.
    Idle,
    /// The attempt or the whole request took too long.
    Total,
}

/// Why Backstop itself refused to make a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// The target's circuit breaker is open.
    BreakerOpen,
    /// What the call needs (key, model, endpoint) is cooling down after a failure.
    Cooling,
    /// A rate limit of ours is used up.
    Limited,
    /// Too many bytes or calls are in flight.
    Busy,
    /// A budget of money is spent.
    Budget,
    /// The target cannot serve this request: window, modality or parameter.
    Unfit,
}

/// Whether the same target is worth another try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Retryable {
    /// The same request will fail again there.
    No,
    /// Once, whatever number of retries is configured.
    Once,
    /// As often as configured, with jittered backoff.
    Yes,
    /// Only when the provider says when, and that is soon: wait, then once more.
    WhenTold,
}

/// Whether another target is worth a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NextTarget {
    /// The caller's own error, or the caller has left: nobody else will do better.
    No,
    /// Another target may well succeed.
    Yes,
    /// Only a target whose context window is larger.
    LargerWindow,
    /// The chain's policy decides; by default it stops.
    Policy,
}

/// What a failure is about, and so what cools down or trips after it: that and no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scope {
    /// This request alone.
    Request,
    /// One model at one provider.
    Model,
    /// One credential with one model.
    KeyModel,
    /// One credential.
    Key,
    /// One endpoint: host, port and what stands behind them.
    Endpoint,
    /// The provider as a whole.
    Provider,
}

/// What a failure tells a circuit breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BreakerWeight {
    /// Nothing about the target's health: neither success nor failure.
    Ignored,
    /// A failure of the target.
    Failure,
    /// A failure that leaves no doubt: it counts twice.
    Strong,
}

/// Declares [`Kind`] and all that the rest of Backstop reads of it.
macro_rules! failure_table {
    ($(
        $(#[doc = $shows:literal])+
        $variant:ident $(($payload:ident :: $value:ident))? {
            label: $label:literal,
            error_type: $error_type:literal,
            status: $status:ident,
            retry: $retry:ident,
            next: $next:ident,
            breaker: $breaker:ident,
            scope: $scope:ident,
            openai: ($openai_type:literal, $openai_code:expr),
            anthropic: $anthropic:literal,
            rank: $rank:literal,
        }
    )+) => {
        impl Kind {
            /// Every kind, in the order of the failure table.
            pub const ALL: &'static [Self] = &[$(failure_table!(@pattern $variant $(($payload::$value))?),)+];

            /// The row of the failure table.
            #[must_use]
            pub const fn row(self) -> &'static Row {
                match self {
                    $(failure_table!(@pattern $variant $(($payload::$value))?) => &Row {
                        label: $label,
                        error_type: $error_type,
                        status: StatusCode::$status,
                        retryable: Retryable::$retry,
                        next_target: NextTarget::$next,
                        breaker: BreakerWeight::$breaker,
                        scope: Scope::$scope,
                        openai_type: $openai_type,
                        openai_code: $openai_code,
                        anthropic_type: $anthropic,
                        rank: $rank,
                        shows: concat!($($shows),+),
                    },)+
                }
            }
        }
    };
    (@pattern $variant:ident ($payload:ident :: $value:ident)) => { Kind::$variant($payload::$value) };
    (@pattern $variant:ident) => { Kind::$variant };
}

/// What went wrong, by the failure table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// The provider wants fewer requests or tokens; waiting helps.
    RateLimited,
    /// The account's money or long-term allowance is gone; waiting does not help.
    QuotaExhausted,
    /// The provider lacks capacity.
    Overloaded,
    /// The provider broke.
    Server,
    /// A clock of ours ran out, or the provider gave up waiting.
    Timeout(Clock),
    /// The bytes did not get through.
    Transport,
    /// The provider does not accept our credential.
    Unauthorized,
    /// The provider does not have the model.
    ModelNotFound,
    /// The prompt does not fit the model's window.
    ContextLength,
    /// The request's body is larger than the provider takes.
    TooLarge,
    /// A content policy refused the request.
    ContentFilter,
    /// The model lacks a parameter or modality that the request needs.
    Unsupported,
    /// The request is wrong in itself.
    InvalidRequest,
    /// The provider said 200, but what came is not an answer in its dialect.
    Malformed,
    /// A validator refused the answer.
    Rejected,
    /// Backstop refused to make the call.
    Refused(Refusal),
    /// The caller left.
    Cancelled,
}

failure_table! {
    /// 429
    RateLimited {
        label: "rate_limited", error_type: "rate_limit_exceeded", status: TOO_MANY_REQUESTS,
        retry: WhenTold, next: Yes, breaker: Ignored, scope: KeyModel,
        openai: ("rate_limit_error", Some("rate_limit_exceeded")), anthropic: "rate_limit_error", rank: 70,
    }
    /// 402, or 429 with the provider's own out-of-money signature
    QuotaExhausted {
        label: "quota_exhausted", error_type: "payment_required", status: SERVICE_UNAVAILABLE,
        retry: No, next: Yes, breaker: Ignored, scope: Key,
        openai: ("insufficient_quota", Some("insufficient_quota")), anthropic: "billing_error", rank: 40,
    }
    /// 503, 529, 498
    Overloaded {
        label: "overloaded", error_type: "provider_overloaded", status: SERVICE_UNAVAILABLE,
        retry: Yes, next: Yes, breaker: Failure, scope: Endpoint,
        openai: ("server_error", Some("server_is_overloaded")), anthropic: "overloaded_error", rank: 60,
    }
    /// 500, 502, 504, 520 to 524, other 5xx, 409
    Server {
        label: "server", error_type: "server", status: BAD_GATEWAY,
        retry: Yes, next: Yes, breaker: Failure, scope: Endpoint,
        openai: ("server_error", None), anthropic: "api_error", rank: 50,
    }
    /// no connection within the connect timeout
    Timeout(Clock::Connect) {
        label: "timeout_connect", error_type: "timeout", status: GATEWAY_TIMEOUT,
        retry: No, next: Yes, breaker: Failure, scope: Endpoint,
        openai: ("timeout_error", Some("timeout")), anthropic: "timeout_error", rank: 30,
    }
    /// no response head in time; the provider's 408
    Timeout(Clock::FirstByte) {
        label: "timeout_first_byte", error_type: "timeout", status: GATEWAY_TIMEOUT,
        retry: No, next: Yes, breaker: Failure, scope: Endpoint,
        openai: ("timeout_error", Some("timeout")), anthropic: "timeout_error", rank: 30,
    }
    /// no first token in time
    Timeout(Clock::FirstToken) {
        label: "timeout_first_token", error_type: "timeout", status: GATEWAY_TIMEOUT,
        retry: No, next: Yes, breaker: Failure, scope: Endpoint,
        openai: ("timeout_error", Some("timeout")), anthropic: "timeout_error", rank: 30,
    }
    /// no byte for too long in the middle of a body
    Timeout(Clock::Silent) {
        label: "timeout_silent", error_type: "timeout", status: GATEWAY_TIMEOUT,
        retry: No, next: Yes, breaker: Failure, scope: Endpoint,
        openai: ("timeout_error", Some("timeout")), anthropic: "timeout_error", rank: 30,
    }
    /// no semantic event for too long in the middle of a body
    Timeout(Clock::Idle) {
        label: "timeout_idle", error_type: "timeout", status: GATEWAY_TIMEOUT,
        retry: No, next: Yes, breaker: Failure, scope: Endpoint,
        openai: ("timeout_error", Some("timeout")), anthropic: "timeout_error", rank: 30,
    }
    /// the attempt's time or the request's deadline is used up
    Timeout(Clock::Total) {
        label: "timeout_total", error_type: "timeout", status: GATEWAY_TIMEOUT,
        retry: No, next: Yes, breaker: Failure, scope: Endpoint,
        openai: ("timeout_error", Some("timeout")), anthropic: "timeout_error", rank: 30,
    }
    /// DNS, connection refused or reset, TLS, early end of the connection
    Transport {
        label: "transport", error_type: "provider_unavailable", status: BAD_GATEWAY,
        retry: Once, next: Yes, breaker: Strong, scope: Endpoint,
        openai: ("server_error", Some("provider_unavailable")), anthropic: "api_error", rank: 50,
    }
    /// the provider's 401 and 403, and its 400 for a bad key
    Unauthorized {
        label: "unauthorized", error_type: "provider_authentication", status: BAD_GATEWAY,
        retry: No, next: Yes, breaker: Ignored, scope: Key,
        openai: ("server_error", Some("provider_authentication")), anthropic: "api_error", rank: 40,
    }
    /// 404, deprecated, renamed
    ModelNotFound {
        label: "model_not_found", error_type: "not_found", status: BAD_GATEWAY,
        retry: No, next: Yes, breaker: Ignored, scope: Model,
        openai: ("invalid_request_error", Some("model_not_found")), anthropic: "not_found_error", rank: 45,
    }
    /// each provider's own signature of a prompt that is too long
    ContextLength {
        label: "context_length", error_type: "context_length_exceeded", status: BAD_REQUEST,
        retry: No, next: LargerWindow, breaker: Ignored, scope: Request,
        openai: ("invalid_request_error", Some("context_length_exceeded")), anthropic: "invalid_request_error", rank: 90,
    }
    /// the provider's 413
    TooLarge {
        label: "too_large", error_type: "payload_too_large", status: PAYLOAD_TOO_LARGE,
        retry: No, next: Yes, breaker: Ignored, scope: Request,
        openai: ("invalid_request_error", Some("request_too_large")), anthropic: "request_too_large", rank: 90,
    }
    /// a policy error; a filter finish reason is an answer
    ContentFilter {
        label: "content_filter", error_type: "content_policy_violation", status: BAD_REQUEST,
        retry: No, next: Policy, breaker: Ignored, scope: Request,
        openai: ("invalid_request_error", Some("content_policy_violation")), anthropic: "invalid_request_error", rank: 95,
    }
    /// a parameter or modality that this model lacks
    Unsupported {
        label: "unsupported", error_type: "unsupported_parameter", status: BAD_REQUEST,
        retry: No, next: Yes, breaker: Ignored, scope: Request,
        openai: ("invalid_request_error", Some("unsupported_parameter")), anthropic: "invalid_request_error", rank: 80,
    }
    /// other 400, 422: the caller's own error, passed on at once
    InvalidRequest {
        label: "invalid_request", error_type: "invalid_request", status: BAD_REQUEST,
        retry: No, next: No, breaker: Ignored, scope: Request,
        openai: ("invalid_request_error", None), anthropic: "invalid_request_error", rank: 100,
    }
    /// 200 whose body is not the dialect's: HTML, broken JSON, empty choices, an error object, broken SSE, end without a semantic end
    Malformed {
        label: "malformed", error_type: "provider_malformed", status: BAD_GATEWAY,
        retry: Once, next: Yes, breaker: Failure, scope: Endpoint,
        openai: ("server_error", Some("provider_malformed")), anthropic: "api_error", rank: 50,
    }
    /// a validator refused the answer: garbage, empty, schema
    Rejected {
        label: "rejected", error_type: "answer_rejected", status: BAD_GATEWAY,
        retry: No, next: Yes, breaker: Ignored, scope: Model,
        openai: ("server_error", Some("answer_rejected")), anthropic: "api_error", rank: 50,
    }
    /// the target's breaker is open
    Refused(Refusal::BreakerOpen) {
        label: "refused_breaker_open", error_type: "provider_unavailable", status: SERVICE_UNAVAILABLE,
        retry: No, next: Yes, breaker: Ignored, scope: Endpoint,
        openai: ("server_error", Some("provider_unavailable")), anthropic: "overloaded_error", rank: 20,
    }
    /// key, model or endpoint is cooling down
    Refused(Refusal::Cooling) {
        label: "refused_cooling", error_type: "provider_unavailable", status: SERVICE_UNAVAILABLE,
        retry: No, next: Yes, breaker: Ignored, scope: Endpoint,
        openai: ("server_error", Some("provider_unavailable")), anthropic: "overloaded_error", rank: 20,
    }
    /// a rate limit of ours
    Refused(Refusal::Limited) {
        label: "refused_limited", error_type: "rate_limit_exceeded", status: TOO_MANY_REQUESTS,
        retry: No, next: Yes, breaker: Ignored, scope: Request,
        openai: ("rate_limit_error", Some("rate_limit_exceeded")), anthropic: "rate_limit_error", rank: 65,
    }
    /// too many bytes or calls in flight
    Refused(Refusal::Busy) {
        label: "refused_busy", error_type: "gateway_overloaded", status: SERVICE_UNAVAILABLE,
        retry: No, next: Yes, breaker: Ignored, scope: Request,
        openai: ("server_error", Some("gateway_overloaded")), anthropic: "overloaded_error", rank: 65,
    }
    /// a budget of ours is spent
    Refused(Refusal::Budget) {
        label: "refused_budget", error_type: "payment_required", status: PAYMENT_REQUIRED,
        retry: No, next: Yes, breaker: Ignored, scope: Request,
        openai: ("insufficient_quota", Some("budget_exceeded")), anthropic: "billing_error", rank: 65,
    }
    /// no way to express the request at this target
    Refused(Refusal::Unfit) {
        label: "refused_unfit", error_type: "unsupported_parameter", status: BAD_REQUEST,
        retry: No, next: Yes, breaker: Ignored, scope: Request,
        openai: ("invalid_request_error", Some("unsupported_parameter")), anthropic: "invalid_request_error", rank: 80,
    }
    /// the caller left
    Cancelled {
        label: "cancelled", error_type: "cancelled", status: REQUEST_TIMEOUT,
        retry: No, next: No, breaker: Ignored, scope: Request,
        openai: ("invalid_request_error", Some("cancelled")), anthropic: "invalid_request_error", rank: 10,
    }
}

/// What the failure table says of one kind.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Row {
    /// The kind in metrics, logs and the attempt trail.
    pub label: &'static str,
    /// The stable `error_type` that every caller sees, whatever the dialect.
    pub error_type: &'static str,
    /// The status that the caller gets when this failure is the last word.
    pub status: StatusCode,
    /// Whether the same target is worth another try.
    pub retryable: Retryable,
    /// Whether another target is worth a try.
    pub next_target: NextTarget,
    /// What it tells a circuit breaker.
    pub breaker: BreakerWeight,
    /// What it is about, unless the failure itself knows better.
    pub scope: Scope,
    /// `error.type` in OpenAI's dialect.
    pub openai_type: &'static str,
    /// `error.code` in OpenAI's dialect.
    pub openai_code: Option<&'static str>,
    /// `error.type` in Anthropic's dialect.
    pub anthropic_type: &'static str,
    /// How much the caller can do about it: of several failures, the one of the highest rank is reported.
    pub rank: u8,
    /// How it shows, for the documentation.
    pub shows: &'static str,
}

impl Kind {
    /// The kind in metrics, logs and the attempt trail.
    #[must_use]
    pub const fn label(self) -> &'static str {
        self.row().label
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.label())
    }
}

/// A failure reduced to what a decision needs. `Copy`, so a layer may keep it where the failure itself has moved on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Class {
    /// The row of the failure table.
    pub kind: Kind,
    /// What it is about.
    pub scope: Scope,
    /// When the provider or the refusing layer says that a retry may work.
    pub retry_after: Option<std::time::Duration>,
    /// Another credential of the same target is free: an immediate retry there goes out with that one.
    pub other_key: bool,
}

impl Class {
    /// The class of `kind`, about what the failure table says.
    #[must_use]
    pub const fn new(kind: Kind) -> Self {
        Self { kind, scope: kind.row().scope, retry_after: None, other_key: false }
    }

    /// The same, with a time after which a retry may work.
    #[must_use]
    pub const fn retry_after(mut self, retry_after: Option<std::time::Duration>) -> Self {
        self.retry_after = retry_after;
        self
    }

    /// The class of a plain HTTP status: `None` for 1xx to 3xx, and for the caller's own 4xx that no table row names
    /// the class of an invalid request.
    #[must_use]
    pub fn of_status(status: StatusCode) -> Option<Self> {
        let kind = match status.as_u16() {
            100..=399 => return None,
            401 | 403 => Kind::Unauthorized,
            402 => Kind::QuotaExhausted,
            404 => Kind::ModelNotFound,
            408 => Kind::Timeout(Clock::FirstByte),
            413 => Kind::TooLarge,
            429 => Kind::RateLimited,
            498 | 503 | 529 => Kind::Overloaded,
            409 | 500.. => Kind::Server,
            _ => Kind::InvalidRequest,
        };
        Some(Self::new(kind))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn labels_are_unique() {
        let labels: HashSet<_> = Kind::ALL.iter().map(|kind| kind.label()).collect();
        assert_eq!(labels.len(), Kind::ALL.len());
    }

    #[test]
    fn only_the_callers_own_doing_stops_a_chain() {
        let stops: Vec<_> =
            Kind::ALL.iter().filter(|kind| kind.row().next_target == NextTarget::No).collect();
        assert_eq!(stops, [&Kind::InvalidRequest, &Kind::Cancelled]);
    }

    #[test]
    fn a_providers_401_never_reaches_the_caller_as_a_401() {
        for kind in Kind::ALL {
            assert!(
                ![StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&kind.row().status),
                "{kind}"
            );
        }
    }

    #[test]
    fn statuses_are_classed_as_the_table_says() {
        for (status, kind) in [
            (429, Kind::RateLimited),
            (402, Kind::QuotaExhausted),
            (503, Kind::Overloaded),
            (529, Kind::Overloaded),
            (498, Kind::Overloaded),
            (500, Kind::Server),
            (502, Kind::Server),
            (504, Kind::Server),
            (524, Kind::Server),
            (409, Kind::Server),
            (408, Kind::Timeout(Clock::FirstByte)),
            (401, Kind::Unauthorized),
            (404, Kind::ModelNotFound),
            (413, Kind::TooLarge),
            (422, Kind::InvalidRequest),
        ] {
            let status = StatusCode::from_u16(status).expect("a status");
            assert_eq!(Class::of_status(status).map(|class| class.kind), Some(kind), "{status}");
        }
        assert_eq!(Class::of_status(StatusCode::OK), None);
    }
}
