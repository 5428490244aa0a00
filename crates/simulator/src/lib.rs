//! A server that speaks provider dialects like the real ones, with faults.

#[cfg_attr(not(test), expect(dead_code, reason = "the server that asks them follows"))]
pub mod rules;
