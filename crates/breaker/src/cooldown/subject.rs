use std::{fmt, time::Instant};

use backstop_core::{Kind, Text};

/// What cools.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Subject {
    /// A credential of a provider.
    Key {
        /// The provider.
        provider: Text,
        /// The credential's place in the provider's pool.
        credential: usize,
    },
    /// A credential of a provider with one model.
    KeyModel {
        /// The provider.
        provider: Text,
        /// The credential's place in the provider's pool.
        credential: usize,
        /// The model.
        model: Text,
    },
    /// A model of a provider.
    Model {
        /// The provider.
        provider: Text,
        /// The model.
        model: Text,
    },
}

/// Something that cools, or did until lately and has not succeeded since.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cooling {
    /// What.
    pub subject: Subject,
    /// After what kind of failure.
    pub kind: Kind,
    /// Until when it is left alone.
    pub until: Instant,
    /// So many failures one after the other, where a burst counts as one.
    pub failures: u32,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key { provider, credential } => write!(f, "{}#{credential}", &**provider),
            Self::KeyModel { provider, credential, model } => {
                write!(f, "{}#{credential}/{}", &**provider, &**model)
            }
            Self::Model { provider, model } => write!(f, "{}/{}", &**provider, &**model),
        }
    }
}
