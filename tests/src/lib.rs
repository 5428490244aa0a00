//! Whole-system tests: the test binaries are beside this file's folder, what they share is here.

pub mod canned;
pub mod case;
pub mod client;
pub mod control;
pub mod gateway;
pub mod led;
pub mod live;
pub mod maker;
pub mod page;
pub mod program;
pub mod reading;
pub mod row;
pub mod rows;
pub mod run;
pub mod simulated;
pub mod upstream;
pub mod verdict;
pub mod wait;

/// The README's Rust blocks are doc tests here.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
#[expect(clippy::exhaustive_structs, reason = "holds nothing but its documentation")]
pub struct Readme;
