use std::time::{Duration, Instant};

use backstop_core::{Cost, Dialect, RequestId, Step, StepOutcome, Text, Usage};
use http::StatusCode;

use crate::outcome;

/// All that can be said of a request once it is over. Holds no prompt, no answer and no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestReport {
    /// The request's id.
    pub id: RequestId,
    /// The dialect that the caller speaks.
    pub dialect: Dialect,
    /// The model that the caller asked for: a chain, an alias, or `provider/model`.
    pub model: Text,
    /// Who called, where the gateway asks for keys: the key's name.
    pub identity: Option<Text>,
    /// Whether the caller wanted a stream.
    pub stream: bool,
    /// The chain that served the request, if one was chosen.
    pub chain: Option<Text>,
    /// Who answered, or failed last.
    pub target: Option<Text>,
    /// How it ended, as the caller saw it.
    pub outcome: StepOutcome,
    /// The status that the caller got; `None` where it left before there was one.
    pub status: Option<StatusCode>,
    /// Whether the caller was given the head of an answer, whatever became of its body.
    pub answered: bool,
    /// When the request came in.
    pub received: Instant,
    /// From then to the end of the answer.
    pub duration: Duration,
    /// From then to the first token.
    pub first_token: Option<Duration>,
    /// Calls that went out to providers. Refusals of our own are not among them.
    pub attempts: usize,
    /// Why the answer does not come from the first target.
    pub fallback_reason: Option<&'static str>,
    /// What the answer that the caller got used up, as far as its provider said.
    pub usage: Option<Usage>,
    /// What all attempts cost together.
    pub cost: Cost,
    /// All that was tried, in order.
    pub steps: Vec<Step>,
}

impl RequestReport {
    /// `success`, `dropped`, or the label of the failure's kind.
    #[must_use]
    pub const fn outcome_label(&self) -> &'static str {
        outcome::label(self.outcome)
    }

    /// The stable `error_type` that the caller saw, for a failure.
    #[must_use]
    pub const fn error_type(&self) -> Option<&'static str> {
        match self.outcome {
            StepOutcome::Failed(class) => Some(class.kind.row().error_type),
            _ => None,
        }
    }
}
