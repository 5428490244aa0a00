use serde_json::{Value, json};

use super::violation::Violation;

/// How Google complains of a request: `{"error": {code, message, status, details}}`. What its reader of payloads finds is
/// in the details too.
#[derive(Debug)]
pub(in crate::rules) struct Complaint {
    code: u16,
    status: &'static str,
    message: String,
    violations: Vec<Value>,
}

impl Complaint {
    /// The sentence as it is.
    pub(super) fn new(message: impl Into<String>) -> Option<Self> {
        Some(Self { code: 400, status: "INVALID_ARGUMENT", message: message.into(), violations: Vec::new() })
    }

    /// A field of the request is not as it should be; the path is spelt as in the service's protocol buffers.
    pub(super) fn of(path: &str, what: impl AsRef<str>) -> Option<Self> {
        Self::new(format!("* GenerateContentRequest.{path}: {}\n", what.as_ref()))
    }

    /// The model or the caller is not allowed to.
    pub(super) fn denied(message: impl Into<String>) -> Option<Self> {
        Self::new(message).map(|complaint| Self { code: 403, status: "PERMISSION_DENIED", ..complaint })
    }

    /// Everything that the reader of the payload found.
    pub(super) fn violations(all: &[Violation]) -> Option<Self> {
        let message =
            all.iter().map(|violation| violation.description.as_str()).collect::<Vec<_>>().join("\n");
        let violations = all.iter().map(|violation| match violation.field.as_str() {
            "" => json!({"description": violation.description}),
            field => json!({"field": field, "description": violation.description}),
        });
        Self::new(message).map(|complaint| Self { violations: violations.collect(), ..complaint })
    }

    /// The status, and the document that goes to the caller.
    pub(in crate::rules) fn into_answer(self) -> (u16, Value) {
        let Self { code, status, message, violations } = self;
        let mut body = json!({"error": {"code": code, "message": message, "status": status}});
        if !violations.is_empty() {
            body["error"]["details"] = json!([{"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": violations}]);
        }
        (code, body)
    }
}
