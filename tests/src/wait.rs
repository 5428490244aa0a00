//! Waiting for what must happen, and for what must no longer.

use std::time::Duration;

use tokio::time::{sleep, timeout};

/// The result of `future`, which must come within `limit`.
///
/// # Panics
///
/// Where it does not.
pub async fn within<T>(limit: Duration, what: &str, future: impl Future<Output = T>) -> T {
    match timeout(limit, future).await {
        Ok(result) => result,
        Err(_) => panic!("not within {limit:?}: {what}"),
    }
}

/// Waits until `condition` holds: for what no event tells of.
///
/// # Panics
///
/// Where it does not hold within `limit`.
pub async fn until(limit: Duration, what: &str, mut condition: impl FnMut() -> bool) {
    within(limit, what, async {
        while !condition() {
            sleep(Duration::from_millis(2)).await;
        }
    })
    .await;
}

/// Waits until `reading` has not changed for `quiet`, and gives it.
///
/// # Panics
///
/// Where it goes on changing for more than half a minute.
pub async fn settled(quiet: Duration, mut reading: impl FnMut() -> u64) -> u64 {
    within(Duration::from_secs(30), "a reading that settles", async {
        let mut last = reading();
        loop {
            sleep(quiet).await;
            let now = reading();
            if now == last {
                return now;
            }
            last = now;
        }
    })
    .await
}
