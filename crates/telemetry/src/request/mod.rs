//! One report, and one log event, for every request.

mod body;
mod future;
mod layer;
mod log;
mod observer;
mod report;
mod running;
mod service;

pub use self::{
    body::RequestBody, future::RequestFuture, layer::RequestLayer, observer::RequestObserver,
    report::RequestReport, service::RequestLog,
};
