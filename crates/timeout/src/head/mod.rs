//! The clock over the response future alone: to the response head.

mod first_byte;
mod future;

pub use self::{
    first_byte::{FirstByteTimeout, FirstByteTimeoutLayer},
    future::ResponseFuture,
};
