//! The gateway: every layer of Backstop, composed from a YAML file and served to OpenAI, Anthropic and Gemini clients.
//!
//! The binary is `backstop`; this library is what it is made of, for those who embed the whole stack.

pub mod cli;
pub mod commands;
pub mod ledger;
pub mod log;
pub mod reload;
pub mod server;
pub mod stack;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
