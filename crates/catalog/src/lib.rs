//! What is known of providers and models: where they are, what they can do, and what they cost.
//!
//! ```
//! use backstop_catalog::Catalog;
//!
//! let catalog = Catalog::bundled();
//! assert_eq!(catalog.provider("anthropic").unwrap().base_url, "https://api.anthropic.com");
//!
//! // A dated snapshot is the model that it is a snapshot of.
//! let model = catalog.model("openai", "gpt-4.1-mini-2025-04-14").unwrap();
//! assert_eq!(model.max_output, Some(32_768));
//!
//! // What is unknown stays unknown.
//! assert!(catalog.model("openai", "gpt-99").is_none());
//! ```
//!
//! The data is bundled with the program and never fetched; each row names its source. Every figure can be overridden per
//! target ([`ModelOverrides`]).

mod catalog;
mod listed;
mod model;
mod overrides;
mod price;
mod provider;

pub use self::{
    catalog::Catalog,
    model::{Model, Reasoning},
    overrides::ModelOverrides,
    price::{Above, Hours, Price},
    provider::Provider,
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
