//! Clocks over head and body together: a whole, unstreamed attempt, and a whole request.

mod deadline;
mod future;
mod layer;

pub use self::{
    deadline::{Deadline, DeadlineLayer},
    future::ResponseFuture,
    layer::{TotalTimeout, TotalTimeoutLayer},
};
