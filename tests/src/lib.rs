//! Whole-system tests: the test binaries are beside this file's folder, what they share is here.

pub mod client;
pub mod reading;
