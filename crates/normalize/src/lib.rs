//! The edges of a Backstop stack: callers in, providers out, each in its own dialect.

pub mod ingress;
