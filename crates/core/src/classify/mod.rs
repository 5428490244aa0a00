//! What a result means: the seam through which generic layers work on any response and error.
//!
//! A layer that counts, trips or limits asks a classifier three things: whether a result is a failure as far as its
//! head tells ([`Classify::class`]), to be told how the body ends ([`Classify::watch`]), and to make the layer's own
//! refusal ([`Classify::reject`]). Ready classifiers: [`Answers`] for LLM stacks, [`PlainHttp`] over plain clients,
//! [`InfallibleHttp`] where the error is [`Infallible`](std::convert::Infallible), as inside an axum router.

mod answers;
mod plain;
mod watched;

use std::time::Instant;

pub use self::{
    answers::Answers,
    plain::{InfallibleHttp, PlainHttp},
    watched::WatchedBody,
};
use crate::{Class, Failure};

/// How something that was begun came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It came to its end, as it should.
    Success,
    /// It failed: before the head, by the head, or in the middle of the body.
    Failed(Class),
    /// Nobody waited for the end: the response or its body was dropped.
    Dropped,
}

/// Is told, once, how a call ended.
///
/// A watcher that is dropped untold has been dropped with the call: implement `Drop` to hear of that, too.
pub trait Settle {
    /// The call ended with `outcome`.
    fn settle(&mut self, outcome: Outcome, now: Instant);
}

/// Says what responses and errors mean.
pub trait Classify<Response, Error> {
    /// The response with its body watched to the end.
    type Watched<W: Settle>;

    /// Whether the result is a failure as far as can be told now; `None` for one that is fine so far.
    fn class(&self, result: Result<&Response, &Error>) -> Option<Class>;

    /// Has `watcher` told when the response's body ends, fails or is dropped. With `None`, passes the body on
    /// unwatched, in the same type.
    fn watch<W: Settle>(&self, response: Response, watcher: Option<W>) -> Self::Watched<W>;

    /// Makes a layer's own refusal.
    ///
    /// # Errors
    ///
    /// The refusal itself, where the stack's error type can carry one. `Ok` where it must be a response.
    fn reject(&self, failure: Failure) -> Result<Response, Error>;

    /// Notes more about an error that is a [`Failure`]; any other error stays as it is.
    fn amend(&self, error: Error, amend: impl FnOnce(Failure) -> Failure) -> Error {
        let _ = amend;
        error
    }
}

/// Says what errors of a body mean, for layers that wrap bodies.
pub trait ClassifyBody<BodyError> {
    /// The error of a wrapped body: the inner one's, or a failure of the layer's own.
    type Error;

    /// Passes the inner body's error on.
    fn pass(error: BodyError) -> Self::Error;

    /// What an error in the middle of the body means, once it was passed on.
    fn class_of(error: &Self::Error) -> Class;

    /// Ends a body with a failure of the layer's own.
    fn fail(failure: Failure) -> Self::Error;
}

impl Settle for () {
    fn settle(&mut self, _: Outcome, _: Instant) {}
}

/// Settles a result at its head where that is the end of the matter, and else watches its body.
///
/// The usual last step of a layer's response future.
///
/// # Errors
///
/// The result's own error.
pub fn settle_or_watch<C, R, E, W>(
    classifier: &C,
    result: Result<R, E>,
    mut watcher: W,
    now: Instant,
) -> Result<C::Watched<W>, E>
where
    C: Classify<R, E>,
    W: Settle,
{
    match (classifier.class(result.as_ref()), result) {
        (None, Ok(response)) => Ok(classifier.watch(response, Some(watcher))),
        (class, result) => {
            let outcome = class.map_or(Outcome::Success, Outcome::Failed);
            watcher.settle(outcome, now);
            result.map(|response| classifier.watch(response, None))
        }
    }
}
