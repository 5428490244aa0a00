use std::{convert::Infallible, time::SystemTime};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use http_body::Body;

use super::{Classify, ClassifyBody, Settle, WatchedBody};
use crate::{BoxError, Class, Failure, Kind, retry_after};

/// The classifier over plain HTTP clients: statuses count by the failure table, errors are failures of the transport,
/// and a refusal is an `Err` made of a [`Failure`] (such as a [`BoxError`] that can be downcast to one).
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct PlainHttp;

/// The classifier where the error is [`Infallible`], as inside an axum `Router`: statuses count by the failure table,
/// and a refusal is a response with the failure's status, its `retry-after` and a line of text.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct InfallibleHttp;

impl PlainHttp {
    /// The classifier.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl InfallibleHttp {
    /// The classifier.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl<B: Body, E: From<Failure>> Classify<Response<B>, E> for PlainHttp {
    type Watched<W: Settle> = Response<WatchedBody<B, W, Self>>;

    fn class(&self, result: Result<&Response<B>, &E>) -> Option<Class> {
        match result {
            Ok(response) => of_head(response.status(), response.headers()),
            Err(_) => Some(Class::new(Kind::Transport)),
        }
    }

    fn watch<W: Settle>(&self, response: Response<B>, watcher: Option<W>) -> Self::Watched<W> {
        response.map(|body| WatchedBody::new(body, watcher))
    }

    fn reject(&self, failure: Failure) -> Result<Response<B>, E> {
        Err(failure.into())
    }
}

impl<B: Body + From<Bytes>> Classify<Response<B>, Infallible> for InfallibleHttp {
    type Watched<W: Settle> = Response<WatchedBody<B, W, Self>>;

    fn class(&self, result: Result<&Response<B>, &Infallible>) -> Option<Class> {
        result.ok().and_then(|response| of_head(response.status(), response.headers()))
    }

    fn watch<W: Settle>(&self, response: Response<B>, watcher: Option<W>) -> Self::Watched<W> {
        response.map(|body| WatchedBody::new(body, watcher))
    }

    fn reject(&self, failure: Failure) -> Result<Response<B>, Infallible> {
        let mut response = Response::new(B::from(Bytes::from(format!("{}\n", failure.message()))));
        *response.status_mut() = failure.status();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        if let Some(wait) = failure.retry_after() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(wait.as_millis().div_ceil(1000) as u64));
        }
        Ok(response)
    }
}

impl<E: Into<BoxError>> ClassifyBody<E> for PlainHttp {
    type Error = BoxError;

    fn class_of(_: &E) -> Class {
        Class::new(Kind::Transport)
    }

    fn pass(error: E) -> BoxError {
        error.into()
    }

    fn fail(failure: Failure) -> BoxError {
        failure.into()
    }
}

impl<E: Into<BoxError>> ClassifyBody<E> for InfallibleHttp {
    type Error = BoxError;

    fn class_of(_: &E) -> Class {
        Class::new(Kind::Transport)
    }

    fn pass(error: E) -> BoxError {
        error.into()
    }

    fn fail(failure: Failure) -> BoxError {
        failure.into()
    }
}

fn of_head(status: StatusCode, headers: &HeaderMap) -> Option<Class> {
    let class = Class::of_status(status)?;
    Some(class.retry_after(retry_after::from_headers(headers, SystemTime::now())))
}
