use std::time::{Duration, Instant};

/// What a breaker does with calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BreakerState {
    /// Lets every call through, and counts.
    Closed,
    /// Refuses every call until then.
    Open {
        /// When the next call may go out as a probe.
        until: Instant,
    },
    /// Lets one call at a time through, to probe.
    HalfOpen,
    /// An operator has it refuse every call.
    ForcedOpen,
    /// An operator has it let every call through.
    ForcedClosed,
}

impl BreakerState {
    /// The state in metrics and logs: `closed`, `open`, `half_open`, `forced_open`, `forced_closed`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open { .. } => "open",
            Self::HalfOpen => "half_open",
            Self::ForcedOpen => "forced_open",
            Self::ForcedClosed => "forced_closed",
        }
    }
}

/// A change of state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transition {
    /// From this state.
    pub from: BreakerState,
    /// To this one.
    pub to: BreakerState,
    /// When.
    pub at: Instant,
}

/// What a breaker has counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Attempts within the window that have come to an end, good or bad. A strong failure counts as two.
    pub attempts: u32,
    /// Failures among them.
    pub failures: u32,
    /// Failures in a row since the last success.
    pub consecutive: u32,
    /// Calls refused since the breaker was made.
    pub rejected: u64,
    /// How often it has opened since it was made.
    pub opened: u64,
}

/// A breaker at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// Goes up with every change of state: equal versions, equal states.
    pub version: u64,
    /// What it does with calls.
    pub state: BreakerState,
    /// What it has counted.
    pub counts: Counts,
}

/// Why a call was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rejected {
    /// When the next probe may go out; `None` where only an operator knows.
    pub(crate) retry_after: Option<Duration>,
}
