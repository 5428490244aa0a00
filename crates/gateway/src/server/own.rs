//! Responses of the gateway's own.

use backstop_core::{Dialect, Failure, RequestId};
use backstop_dialect::{Voice, encode_error};
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};

use super::GatewayBody;

/// A line of text.
pub(super) fn text(status: StatusCode, text: &'static str) -> Response<GatewayBody> {
    respond(status, "text/plain; charset=utf-8", Bytes::from_static(text.as_bytes()))
}

/// A JSON document.
pub(super) fn json(body: Bytes) -> Response<GatewayBody> {
    respond(StatusCode::OK, "application/json", body)
}

/// An error in the caller's dialect.
pub(super) fn error(dialect: Dialect, failure: &Failure) -> Response<GatewayBody> {
    let voice = Voice { id: RequestId::new(), include_usage: false };
    respond(failure.status(), "application/json", encode_error(dialect, failure, &voice))
}

/// These bytes.
pub(super) fn respond(status: StatusCode, content_type: &'static str, body: Bytes) -> Response<GatewayBody> {
    let mut response = Response::new(GatewayBody::own(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
