//! The request body of a Backstop stack.

use std::{sync::Arc, time::Instant};

use http_body::Body;

use crate::{AttemptId, Origin, Target, attempt::Attempt};

/// A call of a model: what the caller sent, shared, and what one attempt adds.
///
/// Cloning is one `Arc` and a few words, so every layer may replay a call, whatever the prompt's size.
#[derive(Clone, Debug)]
pub struct Call {
    origin: Arc<Origin>,
    attempt: Attempt,
}

impl Call {
    /// A call before its first attempt.
    #[must_use]
    pub fn new(origin: impl Into<Arc<Origin>>) -> Self {
        Self { origin: origin.into(), attempt: Attempt::default() }
    }

    /// What the caller sent.
    #[must_use]
    pub const fn origin(&self) -> &Arc<Origin> {
        &self.origin
    }

    /// What this attempt adds.
    #[must_use]
    pub const fn attempt(&self) -> &Attempt {
        &self.attempt
    }

    /// What this attempt adds, to be changed.
    pub const fn attempt_mut(&mut self) -> &mut Attempt {
        &mut self.attempt
    }

    /// This attempt's id, unique over all requests.
    #[must_use]
    pub fn attempt_id(&self) -> AttemptId {
        AttemptId::new(self.origin.id(), self.attempt.number())
    }

    /// Where this attempt goes, once a layer has chosen.
    #[must_use]
    pub fn target(&self) -> Option<&Target> {
        self.attempt.target().map(Arc::as_ref)
    }

    /// When the caller gives up.
    #[must_use]
    pub const fn deadline(&self) -> Option<Instant> {
        self.attempt.deadline()
    }
}

/// A request that may carry a [`Call`].
///
/// Generic layers ask through it for what only a call knows (stream or not, deadline, prompt size) and have a sane
/// default where there is none. Implemented for `http::Request<Call>` and for plain `http::Request<B: Body>`; a
/// request type of your own implements it with an empty block.
pub trait MaybeCall {
    /// The call, if this is one.
    fn call(&self) -> Option<&Call> {
        None
    }

    /// The call, to be changed, if this is one.
    fn call_mut(&mut self) -> Option<&mut Call> {
        None
    }
}

impl MaybeCall for Call {
    fn call(&self) -> Option<&Call> {
        Some(self)
    }

    fn call_mut(&mut self) -> Option<&mut Call> {
        Some(self)
    }
}

impl MaybeCall for http::Request<Call> {
    fn call(&self) -> Option<&Call> {
        Some(self.body())
    }

    fn call_mut(&mut self) -> Option<&mut Call> {
        Some(self.body_mut())
    }
}

impl<B: Body> MaybeCall for http::Request<B> {}
