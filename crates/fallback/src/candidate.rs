use std::sync::Arc;

use backstop_core::{Needs, Peek, Target};

/// One target of a chain: its service, its name, and what it can take.
#[derive(Clone, Debug)]
pub struct Candidate<S> {
    pub(crate) service: S,
    pub(crate) target: Arc<Target>,
    pub(crate) window: Option<u64>,
    pub(crate) lacks: Needs,
}

impl<S> Candidate<S> {
    /// A target of which nothing is known: it may serve every request.
    #[must_use]
    pub fn new(service: S, target: impl Into<Arc<Target>>) -> Self {
        Self { service, target: target.into(), window: None, lacks: Needs::default() }
    }

    /// Sets the longest prompt that it takes, in tokens; `None` is unknown.
    #[must_use]
    pub const fn with_window(mut self, window: Option<u64>) -> Self {
        self.window = window;
        self
    }

    /// Says what it is known to be unable to do.
    #[must_use]
    pub const fn with_lacks(mut self, lacks: Needs) -> Self {
        self.lacks = lacks;
        self
    }

    /// Its target.
    #[must_use]
    pub const fn target(&self) -> &Arc<Target> {
        &self.target
    }

    /// Whether a request may be served, as far as is known.
    pub(crate) fn fits(&self, peek: &Peek) -> bool {
        let (needs, lacks) = (peek.needs, self.lacks);
        let lacking = needs.tools && lacks.tools
            || needs.images && lacks.images
            || needs.documents && lacks.documents
            || needs.audio && lacks.audio
            || needs.json_schema && lacks.json_schema
            || needs.prefill && lacks.prefill;
        // The count of tokens is a guess from bytes: only what is hopeless is passed over.
        let too_long = self.window.is_some_and(|window| peek.prompt_tokens / 2 > window);
        !lacking && !too_long
    }
}
