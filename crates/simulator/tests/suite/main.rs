//! The simulator from outside, in process under paused time and over sockets.
#![expect(clippy::unwrap_used, reason = "a helper that cannot do its work is a failed test")]

mod answers;
mod any_input;
mod common;
mod control;
mod corpus;
mod errors;
mod faults;
mod flavours;
mod gemini;
mod http2;
mod limits;
mod parity;
mod program;
mod reasoning;
mod socket;
mod text;
mod times;
mod tools;
mod wire;
