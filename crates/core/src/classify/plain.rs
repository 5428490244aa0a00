use std::{any::Any, convert::Infallible, time::SystemTime};

use bytes::Bytes;
use http::{HeaderValue, Response, header};
use http_body::Body;

use super::{Classify, ClassifyBody, Settle, WatchedBody};
use crate::{BoxError, Class, Failure, Kind, retry_after};

/// The classifier over plain HTTP clients: statuses count by the failure table, errors are failures of the transport,
/// and a refusal is an `Err` made of a [`Failure`] (such as a [`BoxError`] that can be downcast to one).
///
/// An error that is a [`Failure`], or a [`BoxError`] with one in its chain of sources, means what that failure means: so
/// a retry above a breaker knows the breaker's refusal from a broken connection.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct PlainHttp;

/// The classifier where the error is [`Infallible`], as inside an axum `Router`: statuses count by the failure table,
/// and a refusal is a response with the failure's status, its `retry-after` and a line of text. The [`Failure`] itself
/// goes along in the response's extensions, so that a layer above knows a refusal from an answer with the same status.
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

impl<B: Body, E: From<Failure> + 'static> Classify<Response<B>, E> for PlainHttp {
    type Watched<W: Settle> = Response<WatchedBody<B, W, Self>>;

    fn class(&self, result: Result<&Response<B>, &E>) -> Option<Class> {
        match result {
            Ok(response) => of_head(response),
            Err(error) => Some(failure_in(error).map_or(Class::new(Kind::Transport), Failure::class)),
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
        result.ok().and_then(of_head)
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
        response.extensions_mut().insert(failure);
        Ok(response)
    }
}

impl<E: Into<BoxError>> ClassifyBody<E> for PlainHttp {
    type Error = BoxError;

    fn pass(error: E) -> BoxError {
        error.into()
    }

    fn class_of(error: &BoxError) -> Class {
        failure_in(error).map_or(Class::new(Kind::Transport), Failure::class)
    }

    fn fail(failure: Failure) -> BoxError {
        failure.into()
    }
}

impl<E: Into<BoxError>> ClassifyBody<E> for InfallibleHttp {
    type Error = BoxError;

    fn pass(error: E) -> BoxError {
        error.into()
    }

    fn class_of(error: &BoxError) -> Class {
        failure_in(error).map_or(Class::new(Kind::Transport), Failure::class)
    }

    fn fail(failure: Failure) -> BoxError {
        failure.into()
    }
}

fn of_head<B>(response: &Response<B>) -> Option<Class> {
    if let Some(refusal) = response.extensions().get::<Failure>() {
        return Some(refusal.class());
    }
    let class = Class::of_status(response.status())?;
    Some(class.retry_after(retry_after::from_headers(response.headers(), SystemTime::now())))
}

/// The failure that `error` is, or that is somewhere in its chain of sources.
fn failure_in<E: 'static>(error: &E) -> Option<&Failure> {
    let any: &dyn Any = error;
    if let Some(failure) = any.downcast_ref() {
        return Some(failure);
    }
    Failure::find(any.downcast_ref::<BoxError>()?.as_ref())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::StatusCode;

    use super::*;
    use crate::{Clock, Payload, Refusal};

    type Plain = Response<Payload>;

    fn refusal() -> Failure {
        Failure::refused(Refusal::BreakerOpen, "open").with_retry_after(Duration::from_millis(4_200))
    }

    #[test]
    fn a_refusal_is_told_from_a_broken_connection() {
        let class = |error: BoxError| PlainHttp::new().class(Err::<&Plain, _>(&error)).unwrap();
        let Err(error) = Classify::<Plain, BoxError>::reject(&PlainHttp::new(), refusal()) else {
            panic!("a refusal over a client is an error");
        };
        assert_eq!(class(error), refusal().class());
        assert_eq!(class(std::io::Error::other(refusal()).into()).kind, Kind::Refused(Refusal::BreakerOpen));
        assert_eq!(class("connection reset".into()).kind, Kind::Transport);
        let timeout = Failure::timeout(Clock::Silent, Duration::from_secs(20));
        let passed = <PlainHttp as ClassifyBody<Failure>>::pass(timeout.clone());
        assert_eq!(<PlainHttp as ClassifyBody<Failure>>::class_of(&passed), timeout.class());
    }

    #[test]
    fn a_refusal_is_told_from_an_answer_of_the_same_status() {
        let classifier = InfallibleHttp::new();
        let class =
            |response: &Plain| Classify::<Plain, Infallible>::class(&classifier, Ok(response)).unwrap();
        let Ok(refused) = Classify::<Plain, Infallible>::reject(&classifier, refusal());
        assert_eq!(
            (refused.status(), &refused.headers()["retry-after"]),
            (StatusCode::SERVICE_UNAVAILABLE, &"5".parse().unwrap())
        );
        assert_eq!(class(&refused), refusal().class());
        let mut answered = Plain::new(Payload::default());
        *answered.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        answered.headers_mut().insert("retry-after", 7.into());
        let expected = Class::new(Kind::Overloaded).retry_after(Some(Duration::from_secs(7)));
        assert_eq!(class(&answered), expected);
    }
}
