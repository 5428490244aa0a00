//! Both edges together over a provider that is a function: what goes up, what comes back, and what is refused.

mod answers;
mod bad_input;
mod headers;
mod support;
