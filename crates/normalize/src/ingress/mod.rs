//! The edge where callers come in: any HTTP request in, a call through the stack, an answer in the caller's dialect out.

mod answer;
mod body;
mod config;
mod future;
mod gathered;
mod in_flight;
mod layer;
mod observer;
mod read;
mod refusal;
mod response;
mod service;

pub use self::{
    body::IngressBody, config::IngressConfig, future::ResponseFuture, in_flight::BytesInFlight,
    layer::IngressLayer, observer::IngressObserver, service::Ingress,
};
