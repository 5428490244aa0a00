//! A call on its way to the response's head.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use backstop_core::{Failure, Kind};
use http::{HeaderMap, HeaderValue, Response, Uri, header};
use hyper::body::Incoming;
use hyper_util::client::legacy;
use pin_project_lite::pin_project;
use tower_http::decompression::{self, DecompressionBody};

use crate::{ProviderBody, service::Endpoint, transport};

pin_project! {
    /// A call on its way to the response's head. Dropping it ends the call.
    pub struct ResponseFuture {
        #[pin]
        state: State,
        endpoint: Arc<Endpoint>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State {
        Calling { #[pin] call: decompression::ResponseFuture<legacy::ResponseFuture> },
        Failed { failure: Option<Failure> },
    }
}

impl ResponseFuture {
    pub(crate) const fn new(
        call: decompression::ResponseFuture<legacy::ResponseFuture>,
        endpoint: Arc<Endpoint>,
    ) -> Self {
        Self { state: State::Calling { call }, endpoint }
    }

    pub(crate) const fn failed(failure: Failure, endpoint: Arc<Endpoint>) -> Self {
        Self { state: State::Failed { failure: Some(failure) }, endpoint }
    }
}

impl Future for ResponseFuture {
    type Output = Result<Response<ProviderBody>, Failure>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        Poll::Ready(match this.state.project() {
            StateProjection::Calling { call } => match ready!(call.poll(cx)) {
                Ok(response) => head(response, this.endpoint),
                Err(error) => Err(transport::of_call(&error, this.endpoint)),
            },
            StateProjection::Failed { failure } => {
                Err(failure.take().unwrap_or_else(|| Failure::new(Kind::Cancelled, "polled after its end")))
            }
        })
    }
}

impl fmt::Debug for ResponseFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").field("place", &self.endpoint.base.place()).finish_non_exhaustive()
    }
}

/// Judges a head: what is no answer in itself never becomes a response.
fn head(
    mut response: Response<DecompressionBody<Incoming>>,
    endpoint: &Arc<Endpoint>,
) -> Result<Response<ProviderBody>, Failure> {
    let (status, place) = (response.status(), endpoint.base.place());
    if status.is_redirection() || status.is_informational() {
        let message = match redirect(response.headers()) {
            Some(to) => format!(
                "{place} answered {} and points to {to}; redirects are never followed: set `base_url` to where it points",
                status.as_u16()
            ),
            None => format!("{place} answered {}, which is no answer to a call", status.as_u16()),
        };
        let message = endpoint.keys.redact(&message);
        return Err(Failure::new(Kind::Malformed, message).with_status(status));
    }

    // What could be decoded has lost this header on the way.
    let coding = response.headers_mut().remove(header::CONTENT_ENCODING);
    let coding = coding.filter(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"));
    if status.is_client_error() || status.is_server_error() {
        response.headers_mut().remove(header::CONTENT_LENGTH);
        redact(response.headers_mut(), endpoint);
        return Ok(response.map(|body| ProviderBody::error(body, coding.is_none(), Arc::clone(endpoint))));
    }
    if let Some(coding) = coding {
        let coding = endpoint.keys.redact(&String::from_utf8_lossy(coding.as_bytes()));
        let message = format!("{place} answered in the content coding `{coding}`, though none was asked for");
        return Err(Failure::new(Kind::Malformed, message).with_status(status));
    }
    Ok(response.map(|body| ProviderBody::answer(body, Arc::clone(endpoint))))
}

/// Where a redirect points: scheme and authority only, since paths and queries may hold anything.
fn redirect(headers: &HeaderMap) -> Option<String> {
    let to = headers.get(header::LOCATION)?.to_str().ok()?;
    Some(match to.parse::<Uri>().ok().map(Uri::into_parts) {
        Some(parts) => match (parts.scheme, parts.authority) {
            (Some(scheme), Some(authority)) => {
                let authority = authority.as_str();
                format!("{scheme}://{}", authority.rsplit_once('@').map_or(authority, |(_, host)| host))
            }
            _ => "another path".to_owned(),
        },
        None => "something that is not a URL".to_owned(),
    })
}

/// Some providers quote the refused key in a header.
fn redact(headers: &mut HeaderMap, endpoint: &Endpoint) {
    for value in headers.values_mut() {
        let Ok(text) = value.to_str() else { continue };
        let clean = endpoint.keys.redact(text);
        if clean != text {
            *value = HeaderValue::from_str(&clean).unwrap_or_else(|_| HeaderValue::from_static("[redacted]"));
        }
    }
}
