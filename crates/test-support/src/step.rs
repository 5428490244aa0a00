use std::time::Duration;

use backstop_core::Failure;
use http::{HeaderMap, Response, StatusCode};

use crate::AnswerPlan;

/// How a [`Script`](crate::Script) takes one call.
#[derive(Clone, Debug)]
pub struct Step {
    pub(crate) delay: Duration,
    pub(crate) deed: Deed,
}

#[derive(Clone, Debug)]
pub(crate) enum Deed {
    Fail(Failure),
    Answer(StatusCode, HeaderMap, AnswerPlan),
    Never,
}

impl Step {
    /// The call fails.
    #[must_use]
    pub const fn fail(failure: Failure) -> Self {
        Self::new(Deed::Fail(failure))
    }

    /// The call is answered 200 with a body that plays `plan`.
    #[must_use]
    pub fn answer(plan: AnswerPlan) -> Self {
        Self::new(Deed::Answer(StatusCode::OK, HeaderMap::new(), plan))
    }

    /// The call is answered with `status` and an empty body.
    #[must_use]
    pub fn status(status: StatusCode) -> Self {
        Self::new(Deed::Answer(status, HeaderMap::new(), AnswerPlan::bytes("")))
    }

    /// The call is answered with the status, the headers and the body that `response` has.
    #[must_use]
    pub fn response(response: Response<AnswerPlan>) -> Self {
        let (parts, plan) = response.into_parts();
        Self::new(Deed::Answer(parts.status, parts.headers, plan))
    }

    /// The response future never resolves.
    #[must_use]
    pub const fn never() -> Self {
        Self::new(Deed::Never)
    }

    /// The same, `delay` later.
    #[must_use]
    pub const fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    const fn new(deed: Deed) -> Self {
        Self { delay: Duration::ZERO, deed }
    }
}
