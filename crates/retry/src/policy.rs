//! Whether and when to try again: no clock, no dice, all of it arguments.

use std::time::Duration;

use backstop_core::{Class, Retryable, retry_after};

use crate::RetryConfig;

/// What was retried so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tried {
    /// With the same credential.
    pub(crate) same_key: u32,
    /// With another one.
    pub(crate) other_key: u32,
}

/// Another try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Again {
    pub(crate) wait: Duration,
    pub(crate) other_key: bool,
}

/// Whether to try again after `class`. `dice` is evenly spread over `0.0..1.0`.
pub(crate) fn decide(config: &RetryConfig, class: Class, tried: Tried, dice: f64) -> Option<Again> {
    if class.other_key && tried.other_key < config.other_keys {
        return Some(Again { wait: Duration::ZERO, other_key: true });
    }
    let (row, told) = (class.kind.row(), class.retry_after.map(|told| told.min(retry_after::MAX)));
    let allowed = match row.retryable {
        Retryable::Yes => config.retries,
        Retryable::Once | Retryable::WhenTold => config.retries.min(1),
        _ => 0,
    };
    if tried.same_key >= allowed || told.is_some_and(|wait| wait > config.max_wait) {
        return None;
    }
    let wait = match (row.retryable, told) {
        // Never early; a little late, so that callers who were told the same do not come back as one.
        (Retryable::WhenTold, told) => told?.mul_f64(1.0 + dice / 10.0),
        (_, told) => backoff(config, tried.same_key, dice).max(told.unwrap_or_default()),
    };
    Some(Again { wait, other_key: false })
}

/// Full jitter: anywhere between none and the doubled backoff.
fn backoff(config: &RetryConfig, retries: u32, dice: f64) -> Duration {
    let doubled = config.backoff.saturating_mul(2_u32.saturating_pow(retries));
    doubled.min(config.max_backoff).mul_f64(dice)
}

#[cfg(test)]
mod tests {
    use backstop_core::Kind;
    use proptest::prelude::*;

    use super::*;

    fn class(kind: Kind, told: Option<u64>) -> Class {
        Class::new(kind).retry_after(told.map(Duration::from_millis))
    }

    #[test]
    fn the_table_decides() {
        let config = RetryConfig::new().with_retries(2);
        let tried = |same_key| Tried { same_key, other_key: 0 };
        let again = |kind, told, same_key| decide(&config, class(kind, told), tried(same_key), 0.5);
        for kind in [Kind::Server, Kind::Overloaded] {
            assert_eq!(again(kind, None, 0).unwrap().wait, Duration::from_millis(125));
            assert_eq!(again(kind, None, 1).unwrap().wait, Duration::from_millis(250));
            assert_eq!(again(kind, None, 2), None);
            assert_eq!(again(kind, Some(2000), 0).unwrap().wait, Duration::from_secs(2));
            assert_eq!(again(kind, Some(4000), 0), None);
        }
        for kind in [Kind::Transport, Kind::Malformed] {
            assert!(again(kind, None, 0).is_some());
            assert_eq!(again(kind, None, 1), None);
        }
        assert_eq!(again(Kind::RateLimited, None, 0), None);
        assert_eq!(again(Kind::RateLimited, Some(2000), 0).unwrap().wait, Duration::from_millis(2100));
        assert_eq!(again(Kind::RateLimited, Some(2000), 1), None);
        assert_eq!(again(Kind::RateLimited, Some(3001), 0), None);
        let never = Kind::ALL.iter().filter(|kind| kind.row().retryable == Retryable::No);
        for kind in never {
            assert_eq!(again(*kind, Some(1), 0), None, "{kind}");
        }
        assert_eq!(
            decide(&RetryConfig::new().with_retries(0), class(Kind::Server, None), tried(0), 0.5),
            None
        );
    }

    #[test]
    fn another_key_is_tried_at_once() {
        let mut class = class(Kind::Unauthorized, None);
        class.other_key = true;
        let config = RetryConfig::new();
        let again = decide(&config, class, Tried::default(), 0.9).unwrap();
        assert_eq!(again, Again { wait: Duration::ZERO, other_key: true });
        assert_eq!(decide(&config, class, Tried { same_key: 0, other_key: 3 }, 0.9), None);
    }

    proptest! {
        #[test]
        fn waits_stay_within_their_bounds(dice in 0.0..1.0_f64, retries in 0..40_u32, told in prop::option::of(0..10_000_u64)) {
            let config = RetryConfig::new().with_retries(40);
            let tried = Tried { same_key: retries, other_key: 0 };
            for kind in Kind::ALL {
                if let Some(again) = decide(&config, class(*kind, told), tried, dice) {
                    let told = told.map(Duration::from_millis).unwrap_or_default();
                    prop_assert!(again.wait >= told, "never earlier than told");
                    prop_assert!(told <= config.max_wait);
                    prop_assert!(again.wait <= config.max_backoff.max(told.mul_f64(1.1)));
                }
            }
        }
    }
}
