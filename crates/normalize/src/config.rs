use std::time::Duration;

use backstop_core::{Dialect, Flavour};
use backstop_dialect::Facts;

/// One provider's side.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NormalizeConfig {
    /// What the provider speaks.
    pub dialect: Dialect,
    /// What is known of the model. Default: nothing, so nothing is refused on its behalf.
    pub facts: Facts,
    /// What happens to a request that the target cannot express in full. Default: [`Unsupported::Refuse`].
    pub unsupported: Unsupported,
    /// The longest unstreamed answer, in bytes. Default: 64 MiB.
    pub answer_limit: usize,
    /// How long a complete stream is waited for to bring usage and terminator. Default: 1 s.
    pub terminator_wait: Duration,
}

/// What happens to a request that the target cannot express in full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unsupported {
    /// A constraint or content that cannot be expressed fails the attempt as `Unsupported`, so that another target is
    /// tried; preferences are dropped and reported. The default.
    #[default]
    Refuse,
    /// Whatever cannot be expressed is dropped and reported.
    Drop,
}

impl NormalizeConfig {
    /// The defaults, for a provider that speaks `dialect`.
    #[must_use]
    pub fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            facts: Facts::default(),
            unsupported: Unsupported::Refuse,
            answer_limit: 64 << 20,
            terminator_wait: Duration::from_secs(1),
        }
    }

    /// Says what is known of the model.
    #[must_use]
    pub const fn with_facts(mut self, facts: Facts) -> Self {
        self.facts = facts;
        self
    }

    /// Says whose OpenAI Chat Completions the provider speaks. What only OpenAI itself knows is then not asked of others.
    #[must_use]
    pub const fn with_flavour(mut self, flavour: Flavour) -> Self {
        self.facts.flavour = flavour;
        if !matches!(flavour, Flavour::Openai | Flavour::Compatible) {
            self.facts.newer_openai_names = false;
        }
        self
    }

    /// Says what happens to a request that the target cannot express in full.
    #[must_use]
    pub const fn with_unsupported(mut self, unsupported: Unsupported) -> Self {
        self.unsupported = unsupported;
        self
    }

    /// Sets the longest unstreamed answer, in bytes.
    #[must_use]
    pub const fn with_answer_limit(mut self, answer_limit: usize) -> Self {
        self.answer_limit = answer_limit;
        self
    }

    /// Sets how long a complete stream is waited for to bring usage and terminator.
    #[must_use]
    pub const fn with_terminator_wait(mut self, terminator_wait: Duration) -> Self {
        self.terminator_wait = terminator_wait;
        self
    }
}
