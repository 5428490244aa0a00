//! Outcomes in words.

use backstop_core::{StepOutcome, classify::Outcome};

pub(crate) const fn step(outcome: Outcome) -> StepOutcome {
    match outcome {
        Outcome::Success => StepOutcome::Success,
        Outcome::Failed(class) => StepOutcome::Failed(class),
        _ => StepOutcome::Dropped,
    }
}

/// `success`, `dropped`, `running`, or the label of the failure's kind.
pub(crate) const fn label(outcome: StepOutcome) -> &'static str {
    match (outcome, outcome.label()) {
        (_, Some(label)) => label,
        (StepOutcome::Success, _) => "success",
        (StepOutcome::Dropped, _) => "dropped",
        _ => "running",
    }
}
