//! The provider against servers on real sockets.

mod calls;
mod compression;
mod failures;
mod support;
