//! The example programs, run as a reader runs them, over sockets.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test, in a helper too")]

mod alone;
mod embedded;
mod layers;
mod pipeline;
mod program;
