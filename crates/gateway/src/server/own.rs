//! Responses of the gateway's own.

use backstop_core::{Dialect, Failure, Kind, RequestId};
use backstop_dialect::{Voice, encode_error};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};

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
    let mut response = respond(failure.status(), "application/json", encode_error(dialect, failure, &voice));
    let headers = response.headers_mut();
    headers.insert(SHOULD_RETRY, HeaderValue::from_static("false"));
    headers.insert(ERROR_TYPE, HeaderValue::from_static(failure.kind().row().error_type));
    if let Ok(id) = HeaderValue::try_from(voice.id.to_string()) {
        headers.insert(REQUEST_ID, id);
    }
    response
}

/// The refusal of a request that gives its length twice, where no chain is asked for.
pub(super) fn two_lengths(dialect: Dialect) -> Response<GatewayBody> {
    let message = "the request has both Content-Length and Transfer-Encoding; send one of the two";
    let failure = Failure::new(Kind::InvalidRequest, message).with_status(StatusCode::BAD_REQUEST);
    let mut response = error(dialect, &failure);
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// These bytes.
pub(super) fn respond(status: StatusCode, content_type: &'static str, body: Bytes) -> Response<GatewayBody> {
    let mut response = Response::new(GatewayBody::own(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

// As the edge of the chains writes them.
const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-backstop-error-type");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-backstop-request-id");
