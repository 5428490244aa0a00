//! The layers, composed from a configuration.
//!
//! ```text
//! ingress → request log → router → deadline → fallback
//!   → each target: adapt → retry → attempt → cooldown → breaker → total → commit
//!       → validate → first token → silent → idle → first byte → normalize → provider
//! ```

mod breakers;
mod build;
mod chain;
mod hooks;
mod lives;
mod names;
mod pools;
mod provider;
mod router;
mod target;
mod validate;

pub use self::{
    build::{BuildError, Stack, StackBuilder},
    chain::Chain,
    hooks::{ChainHook, TargetHook},
    names::Named,
    provider::{Leaf, LeafLayers, leaf},
    router::{Router, RouterFuture, SharedStack},
    target::Target,
};
