//! Clocks over the response future: to the response head, and to the first token.

mod first_byte;
mod first_token;
mod future;

pub use self::{
    first_byte::{FirstByteTimeout, FirstByteTimeoutLayer},
    first_token::{FirstTokenTimeout, FirstTokenTimeoutLayer},
    future::ResponseFuture,
};
