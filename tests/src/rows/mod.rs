//! The rows of the failure scenarios, each declared once.

pub mod bodies;
pub mod bytes;
pub mod garbage;
pub mod limits;
pub mod mistakes;
pub mod outages;
pub mod streams;
