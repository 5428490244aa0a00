//! The simulator from outside, in process under paused time and over sockets.
#![expect(clippy::unwrap_used, reason = "a helper that cannot do its work is a failed test")]

mod common;
mod socket;
mod text;
