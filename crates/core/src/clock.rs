//! The one clock: tokio's, so that tests can pause it.

use std::time::Instant;

/// The present moment.
///
/// Reads tokio's clock, which a test can pause and advance. Every decision in Backstop takes `now` as an
/// argument; services and bodies read it here, once, and hand it down.
#[must_use]
pub fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
