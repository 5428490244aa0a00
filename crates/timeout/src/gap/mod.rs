//! Clocks over the gaps of a body: no byte at all, and no semantic event.

mod future;
mod idle;
mod silent;

pub use self::{
    future::ResponseFuture,
    idle::{IdleTimeout, IdleTimeoutLayer},
    silent::{SilentTimeout, SilentTimeoutLayer},
};
