use http::Response;
use http_body::Body;

use super::{Classify, ClassifyBody, Settle, WatchedBody};
use crate::{Class, Failure};

/// The classifier of LLM stacks: a [`Failure`] says itself what it means, and whatever is `Ok` is fine until its body
/// says otherwise.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Answers;

impl Answers {
    /// The classifier.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl<B: Body<Error = Failure>> Classify<Response<B>, Failure> for Answers {
    type Watched<W: Settle> = Response<WatchedBody<B, W, Self>>;

    fn class(&self, result: Result<&Response<B>, &Failure>) -> Option<Class> {
        result.err().map(Failure::class)
    }

    fn watch<W: Settle>(&self, response: Response<B>, watcher: Option<W>) -> Self::Watched<W> {
        response.map(|body| WatchedBody::new(body, watcher))
    }

    fn reject(&self, failure: Failure) -> Result<Response<B>, Failure> {
        Err(failure)
    }

    fn amend(&self, failure: Failure, amend: impl FnOnce(Failure) -> Failure) -> Failure {
        amend(failure)
    }
}

impl ClassifyBody<Failure> for Answers {
    type Error = Failure;

    fn pass(error: Failure) -> Failure {
        error
    }

    fn class_of(error: &Failure) -> Class {
        error.class()
    }

    fn fail(failure: Failure) -> Failure {
        failure
    }
}
