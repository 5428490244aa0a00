use http::StatusCode;
use serde_json::{Value, json};

use super::super::Refusal;

/// A refusal without the name of its rule.
#[derive(Debug)]
pub(in crate::rules) struct Complaint {
    status: StatusCode,
    body: Value,
}

impl Complaint {
    /// `{"error": {message, type, param, code}}` with the status 400, as OpenAI has it.
    pub(super) fn error(code: Option<&str>, message: impl Into<String>) -> Option<Self> {
        let message = message.into();
        let body = json!({"error": {"message": message, "type": "invalid_request_error", "param": null, "code": code}});
        Some(Self { status: StatusCode::BAD_REQUEST, body })
    }

    /// Mistral's complaint of what a request says, with the status 400.
    pub(super) fn said(code: &str, kind: &str, message: impl Into<String>) -> Option<Self> {
        let message = message.into();
        let body = json!({
            "object": "error", "message": message, "type": kind, "param": null, "code": code, "raw_status_code": 400,
        });
        Some(Self { status: StatusCode::BAD_REQUEST, body })
    }

    /// Mistral's complaint of a request's shape, with the status 422: pydantic's list.
    pub(super) fn shape(kind: &str, at: &[&str], message: impl Into<String>, input: &Value) -> Option<Self> {
        let mut path = vec!["body"];
        path.extend(at);
        let detail = json!([{"type": kind, "loc": path, "msg": message.into(), "input": input}]);
        let body = json!({
            "object": "error", "message": {"detail": detail}, "type": "invalid_request_error", "param": null,
            "code": null, "raw_status_code": 422,
        });
        Some(Self { status: StatusCode::UNPROCESSABLE_ENTITY, body })
    }

    /// What the caller is told.
    pub(in crate::rules) fn into_refusal(self, rule: &'static str) -> Refusal {
        Refusal { rule, status: self.status, body: self.body }
    }
}
