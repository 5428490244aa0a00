//! One step of the trail for every call of a target.

mod body;
mod future;
mod layer;
mod observer;
mod running;
mod service;

pub use self::{
    body::AttemptBody, future::AttemptFuture, layer::AttemptLayer, observer::AttemptObserver,
    service::Attempt,
};
