use serde_json::{Value, json};

/// How Anthropic complains of a request: `{"type": "error", "error": {type, message}}`, with the status 400. The
/// path to the fault stands in the sentence.
#[derive(Debug)]
pub(in crate::rules) struct Complaint(String);

impl Complaint {
    /// The sentence as it is.
    pub(super) fn new(message: impl Into<String>) -> Option<Self> {
        Some(Self(message.into()))
    }

    /// A required field is not there.
    pub(super) fn missing(path: &str) -> Option<Self> {
        Some(Self(format!("{path}: Field required")))
    }

    /// A field that is not in the API.
    pub(super) fn extra(path: &str) -> Option<Self> {
        Some(Self(format!("{path}: Extra inputs are not permitted")))
    }

    /// A field is not `what` it should be.
    pub(super) fn should_be(path: &str, what: &str) -> Option<Self> {
        Some(Self(format!("{path}: Input should be {what}")))
    }

    /// The document that goes to the caller.
    pub(in crate::rules) fn into_body(self) -> Value {
        json!({"type": "error", "error": {"type": "invalid_request_error", "message": self.0}})
    }
}
