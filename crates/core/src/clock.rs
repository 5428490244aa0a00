//! The one clock: tokio's, so that tests can pause it.

use std::time::{Duration, Instant};

/// The present moment.
///
/// Reads tokio's clock, which a test can pause and advance. Every decision in Backstop takes `now` as an
/// argument; services and bodies read it here, once, and hand it down.
#[must_use]
pub fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// The moment that is `wait` away from `now`; for a wait that no clock can count, such as [`Duration::MAX`], one that
/// is decades away.
#[must_use]
pub fn after(now: Instant, wait: Duration) -> Instant {
    now.checked_add(wait).unwrap_or_else(|| now + FAR)
}

/// Some thirty years.
const FAR: Duration = Duration::from_secs(86_400 * 365 * 30);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn no_wait_is_too_long() {
        let now = now();
        assert_eq!(after(now, Duration::from_secs(2)), now + Duration::from_secs(2));
        assert_eq!(after(now, Duration::MAX), now + FAR);
    }
}
