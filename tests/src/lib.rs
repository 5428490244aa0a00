//! Whole-system tests: the test binaries are beside this file's folder, what they share is here.

pub mod canned;
pub mod client;
pub mod control;
pub mod gateway;
pub mod program;
pub mod reading;
pub mod upstream;
