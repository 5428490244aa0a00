//! The provider against servers on real sockets.

mod calls;
mod compression;
mod contract;
mod failures;
mod support;
