//! Clocks that run from the call on, through head and body: up to the first token, or to the end.

mod deadline;
mod first_token;
mod future;
mod total;

pub use self::{
    deadline::{Deadline, DeadlineLayer},
    first_token::{FirstTokenTimeout, FirstTokenTimeoutLayer},
    future::ResponseFuture,
    total::{TotalTimeout, TotalTimeoutLayer},
};
