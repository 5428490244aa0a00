//! The simulator's wall clock: it starts with the machine's and goes on with tokio's, so that paused time moves it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// A wall clock that obeys tokio's.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    begun: SystemTime,
    at: Instant,
}

impl Clock {
    /// A clock that shows `begun` now.
    pub(crate) fn new(begun: SystemTime) -> Self {
        Self { begun, at: Instant::now() }
    }

    /// What the clock shows at `now`.
    pub(crate) fn wall(&self, now: Instant) -> SystemTime {
        self.begun + now.saturating_duration_since(self.at)
    }

    /// Seconds since 1970 at `now`.
    pub(crate) fn unix(&self, now: Instant) -> u64 {
        self.wall(now).duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs()
    }
}

/// `2026-08-19T14:34:57Z`, as Anthropic writes the time of a reset.
pub(crate) fn rfc3339(unix: u64) -> String {
    let (days, rest) = (unix / 86_400, unix % 86_400);
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// `1h2m3s`, `6m0s`, `2s`, `120ms`: durations as OpenAI's rate-limit headers write them.
pub(crate) fn short(duration: Duration) -> String {
    let millis = duration.as_millis();
    if millis < 1000 {
        return format!("{millis}ms");
    }
    let seconds = duration.as_secs();
    let fraction = match duration.subsec_millis() {
        0 => String::new(),
        rest => format!(".{rest:03}").trim_end_matches('0').to_owned(),
    };
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, second) => format!("{second}{fraction}s"),
        (0, minute, second) => format!("{minute}m{second}{fraction}s"),
        (hour, minute, second) => format!("{hour}h{minute}m{second}{fraction}s"),
    }
}

/// Year, month and day of a day since 1970 (Hinnant, "chrono-Compatible Low-Level Date Algorithms").
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_as_the_providers_write_them() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(951_827_696), "2000-02-29T12:34:56Z");
        assert_eq!(rfc3339(1_787_150_097), "2026-08-19T14:34:57Z");
        assert_eq!(short(Duration::from_millis(120)), "120ms");
        assert_eq!(short(Duration::from_millis(7660)), "7.66s");
        assert_eq!(short(Duration::from_secs(360)), "6m0s");
        assert_eq!(short(Duration::from_secs(3723)), "1h2m3s");
    }

    #[tokio::test(start_paused = true)]
    async fn the_clock_moves_with_paused_time() {
        let clock = Clock::new(UNIX_EPOCH + Duration::from_secs(100));
        tokio::time::advance(Duration::from_secs(7)).await;
        assert_eq!(clock.unix(Instant::now()), 107);
    }
}
