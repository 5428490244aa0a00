//! The listeners and what answers on them.

mod body;
mod gateway;
mod health;
mod listener;
mod models;

pub use self::{body::GatewayBody, gateway::Gateway, health::Health, listener::Listener};
