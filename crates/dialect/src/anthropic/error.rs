//! Errors, in and out.

use backstop_core::{Dialect, Failure, Kind, ProviderError, Text, redact_body, retry_after};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use crate::{
    ErrorResponse, Voice,
    json::{self, Fields, Object, Path},
    signature::{self, Signs},
};

/// Reads a provider's error, in this dialect's shape and in those of the clouds that serve it (Bedrock's `message` with
/// `x-amzn-errortype`, Google's `error.status`).
pub(crate) fn decode_error(response: &ErrorResponse<'_>) -> Failure {
    let failure = failure_of(Some(response.status), Some(response.headers), response.body);
    failure.with_retry_after(retry_after::from_headers(response.headers, response.wall))
}

/// The failure that an error body tells; `status` and `headers` where it is not inside a 200.
pub(super) fn failure_of(status: Option<StatusCode>, headers: Option<&HeaderMap>, body: &Bytes) -> Failure {
    // Bodies with an error status were redacted on their way.
    let body = &if status.is_none() { redact_body(body) } else { body.clone() };
    let mut said = Said::read(body);
    if let Some(word) =
        headers.and_then(|headers| headers.get("x-amzn-errortype")).and_then(|word| word.to_str().ok())
    {
        // `ValidationException:http://…`
        said.codes.push(word.split(':').next().unwrap_or_default().into());
    }
    let codes: Vec<&str> = said.error_type.iter().chain(&said.codes).map(Text::as_str).collect();
    let signs = Signs { status, codes: &codes, message: said.message.as_deref().unwrap_or_default() };
    let (kind, scope) = signature::read(&signs);
    let message = match (&said.message, status) {
        (Some(message), _) if !message.trim().is_empty() => cut(message),
        (_, Some(status)) => format!("the provider answered {status} without a message").into(),
        (_, None) => Text::from_static("the provider told an error without a message"),
    };
    let mut error = ProviderError::new(said.dialect, body.clone());
    error.code = said.codes.into_iter().next();
    error.error_type = said.error_type;
    let mut failure = Failure::new(kind, message).with_provider_error(error);
    if let Some(status) = status {
        failure = failure.with_status(status);
    }
    match scope {
        Some(scope) => failure.with_scope(scope),
        None => failure,
    }
}

/// Writes a failure.
///
/// Beside this dialect's own fields stand the stable `error_type` of the failure table, the request's id and `attempts`,
/// what was tried. What the caller can mend keeps the provider's own message, and where the provider speaks this dialect
/// its own type as well.
pub(crate) fn encode_error(failure: &Failure, voice: &Voice) -> Bytes {
    json::object(256, |object| write(object, failure, voice))
}

pub(super) fn write(object: &mut Object<'_>, failure: &Failure, voice: &Voice) {
    let row = failure.kind().row();
    let keeps = matches!(
        failure.kind(),
        Kind::InvalidRequest | Kind::ContextLength | Kind::ContentFilter | Kind::Unsupported
    );
    let native =
        failure.provider_error().filter(|error| keeps && error.dialect == Some(Dialect::AnthropicMessages));
    let kind = native.and_then(|error| error.error_type.as_deref()).unwrap_or(row.anthropic_type);
    object.string("type", "error");
    object.object("error", |object| {
        object.string("type", kind);
        object.string("message", failure.message());
    });
    object.string("error_type", row.error_type);
    object.string("request_id", &voice.id.to_string());
    if failure.trail().is_empty() {
        return;
    }
    object.array("attempts", |array| {
        for step in failure.trail() {
            array.object(|object| {
                object.number("number", step.number.into());
                object.string("target", &step.target);
                object.maybe_string("outcome", step.outcome.label());
                if let Some(status) = step.status {
                    object.number("status", status.as_u16().into());
                }
            });
        }
    });
}

/// What an error body says.
#[derive(Default)]
struct Said {
    dialect: Option<Dialect>,
    message: Option<Text>,
    error_type: Option<Text>,
    codes: Vec<Text>,
}

impl Said {
    fn read(body: &Bytes) -> Self {
        let Ok(mut fields) = Fields::root(body) else { return Self::default() };
        let is_ours = fields.get_text("type").as_deref() == Some("error");
        let mut said = Self::default();
        if let Some(raw) = fields.value("error") {
            if let Ok(mut error) = Fields::open(body, raw, Path::Root) {
                said.dialect = is_ours.then_some(Dialect::AnthropicMessages);
                said.message = text(&mut error, "message");
                said.error_type = text(&mut error, "type");
                said.codes.extend(text(&mut error, "code"));
                said.codes.extend(text(&mut error, "status"));
                if let Some(Ok(mut details)) =
                    error.value("details").map(|raw| Fields::open(body, raw, Path::Root))
                {
                    said.codes.extend(text(&mut details, "error_code"));
                }
            } else {
                said.message = json::text(body, raw);
            }
            return said;
        }
        said.message = text(&mut fields, "message").or_else(|| text(&mut fields, "Message"));
        said.codes.extend(text(&mut fields, "code"));
        said
    }
}

/// A provider's sentence, no longer than needed to understand it: a longer one quotes the request.
fn cut(text: &Text) -> Text {
    let end = (0..=LONGEST.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    if end == text.len() { text.clone() } else { Text::from(&text[..end]) }
}

fn text(fields: &mut Fields<'_, '_>, name: &str) -> Option<Text> {
    let raw = fields.value(name)?;
    // A number stands for itself.
    json::text(fields.wire(), raw)
        .or_else(|| raw.get().parse::<u32>().ok().map(|number| number.to_string().into()))
}

/// The longest sentence of a provider that is passed on, in bytes.
const LONGEST: usize = 1000;

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use backstop_core::RequestId;

    use super::*;

    fn read(status: u16, body: &'static str) -> Failure {
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", http::HeaderValue::from_static("3"));
        let status = StatusCode::from_u16(status).expect("a status");
        let body = Bytes::from_static(body.as_bytes());
        decode_error(&ErrorResponse { status, headers: &headers, body: &body, wall: SystemTime::UNIX_EPOCH })
    }

    #[test]
    fn tells_errors_apart() {
        for (status, body, kind) in [
            (
                529,
                r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
                Kind::Overloaded,
            ),
            (
                400,
                r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 9 tokens > 8 maximum"}}"#,
                Kind::ContextLength,
            ),
            (
                429,
                r#"{"type":"error","error":{"type":"rate_limit_error","message":"no","details":{"error_code":"enforced_spend_limit_reached"}}}"#,
                Kind::QuotaExhausted,
            ),
            (
                429,
                r#"{"type":"error","error":{"type":"rate_limit_error","message":"slow"}}"#,
                Kind::RateLimited,
            ),
            (400, r#"{"message":"Input is too long for requested model."}"#, Kind::ContextLength),
            (
                403,
                r#"{"error":{"code":403,"message":"no","status":"PERMISSION_DENIED"}}"#,
                Kind::Unauthorized,
            ),
            (502, "<html>Bad gateway</html>", Kind::Server),
            (404, "", Kind::ModelNotFound),
        ] {
            let failure = read(status, body);
            assert_eq!(failure.kind(), kind, "{status} {body}");
            assert_eq!(failure.retry_after(), Some(Duration::from_secs(3)));
        }
    }

    #[test]
    fn the_callers_own_mistake_keeps_the_providers_words() {
        let voice = Voice { id: RequestId::from_u128(7), include_usage: false };
        let failure = read(
            400,
            r#"{"type":"error","error":{"type":"special_error","message":"max_tokens: required"}}"#,
        );
        let body = encode_error(&failure, &voice);
        let body: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!(body["error"]["type"], "special_error");
        assert_eq!(body["error"]["message"], "max_tokens: required");
        assert_eq!(body["error_type"], "invalid_request");
        assert_eq!(body["request_id"], "00000000-0000-0000-0000-000000000007");
        assert_eq!(body.get("attempts"), None);
    }
}
