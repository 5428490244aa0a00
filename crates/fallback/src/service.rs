use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use backstop_core::{
    MaybeCall,
    classify::{Answers, Classify},
};
use tower_service::Service;

use crate::{Candidate, FallbackConfig, FallbackObserver, NoCandidates, ResponseFuture};

/// Tries one target after another until one answers. Always ready.
pub struct Fallback<S, C = Answers, O = ()> {
    chain: Arc<Chain<S, C, O>>,
}

/// What all clones share.
pub(crate) struct Chain<S, C, O> {
    pub(crate) candidates: Vec<Candidate<S>>,
    pub(crate) config: FallbackConfig,
    pub(crate) classifier: C,
    pub(crate) observer: O,
}

impl<S> Fallback<S> {
    /// Tries `candidates` in order.
    ///
    /// # Errors
    ///
    /// There are none.
    pub fn new(
        candidates: impl Into<Vec<Candidate<S>>>,
        config: FallbackConfig,
    ) -> Result<Self, NoCandidates> {
        Self::with(candidates, config, Answers::new(), ())
    }
}

impl<S, C, O> Fallback<S, C, O> {
    /// Tries `candidates` in order, judges results by `classifier` and tells `observer`.
    ///
    /// # Errors
    ///
    /// There are no candidates.
    pub fn with(
        candidates: impl Into<Vec<Candidate<S>>>,
        config: FallbackConfig,
        classifier: C,
        observer: O,
    ) -> Result<Self, NoCandidates> {
        let candidates = candidates.into();
        if candidates.is_empty() {
            return Err(NoCandidates);
        }
        Ok(Self { chain: Arc::new(Chain { candidates, config, classifier, observer }) })
    }

    /// The targets, in order.
    #[must_use]
    pub fn candidates(&self) -> &[Candidate<S>] {
        &self.chain.candidates
    }
}

impl<S, C, O> Clone for Fallback<S, C, O> {
    fn clone(&self) -> Self {
        Self { chain: Arc::clone(&self.chain) }
    }
}

impl<S, R, C, O> Service<R> for Fallback<S, C, O>
where
    S: Service<R> + Clone,
    R: MaybeCall + Clone,
    C: Classify<S::Response, S::Error>,
    O: FallbackObserver,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S, R, C, O>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: R) -> Self::Future {
        ResponseFuture::new(Arc::clone(&self.chain), request)
    }
}

impl<S, C, O> fmt::Debug for Fallback<S, C, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let targets: Vec<_> =
            self.chain.candidates.iter().map(|candidate| candidate.target.name.as_str()).collect();
        f.debug_struct("Fallback")
            .field("targets", &targets)
            .field("config", &self.chain.config)
            .finish_non_exhaustive()
    }
}
