use backstop_core::{Class, Scope, Text};

use super::Subject;

/// What a [`CooldownLayer`](super::CooldownLayer) calls, and with how many credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CooldownTarget {
    provider: Text,
    model: Text,
    credentials: usize,
}

impl CooldownTarget {
    /// The model `model` at `provider`, which has a pool of `credentials`. A provider without any has one implicit one.
    #[must_use]
    pub fn new(provider: impl Into<Text>, model: impl Into<Text>, credentials: usize) -> Self {
        Self { provider: provider.into(), model: model.into(), credentials: credentials.max(1) }
    }

    /// The provider.
    #[must_use]
    pub const fn provider(&self) -> &Text {
        &self.provider
    }

    /// The model, in the provider's words.
    #[must_use]
    pub const fn model(&self) -> &Text {
        &self.model
    }

    /// How many credentials there are to choose from, at least 1.
    #[must_use]
    pub const fn credentials(&self) -> usize {
        self.credentials
    }

    /// What cools after a failure of `class` with `credential`.
    pub(super) fn subject(&self, class: Class, credential: usize) -> Option<Subject> {
        match class.scope {
            Scope::Model => Some(self.of_model()),
            Scope::KeyModel => Some(self.of_key_and_model(credential)),
            Scope::Request => None,
            // A limit of a whole account or endpoint: as far as we can tell, all that this key does there.
            _ => Some(self.of_key(credential)),
        }
    }

    /// All that a call with `credential` depends on.
    pub(super) fn subjects(&self, credential: usize) -> [Subject; 3] {
        [self.of_model(), self.of_key(credential), self.of_key_and_model(credential)]
    }

    fn of_model(&self) -> Subject {
        Subject::Model { provider: self.provider.clone(), model: self.model.clone() }
    }

    fn of_key(&self, credential: usize) -> Subject {
        Subject::Key { provider: self.provider.clone(), credential }
    }

    fn of_key_and_model(&self, credential: usize) -> Subject {
        Subject::KeyModel { provider: self.provider.clone(), credential, model: self.model.clone() }
    }
}
