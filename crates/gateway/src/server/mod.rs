//! The listeners and what answers on them.

mod admin;
mod body;
mod edge;
mod gateway;
mod health;
mod listener;
mod models;
mod own;
mod wire;

pub use self::{
    admin::Admin,
    body::GatewayBody,
    gateway::{Gateway, GatewayFuture},
    health::Health,
    listener::Listener,
};
