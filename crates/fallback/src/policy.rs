//! Who is tried next: no clock and no service, all of it arguments.

use std::time::Duration;

use backstop_core::{Class, Kind, NextTarget};

use crate::{FallbackConfig, OnContentFilter};

/// What was tried so far, and who is left.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress {
    /// The places of the candidates that are left, the next one last.
    left: Vec<usize>,
    tried: usize,
    larger_than: Option<u64>,
    retry_after: Option<Duration>,
}

impl Progress {
    /// All of `places`, in order.
    pub(crate) fn new(places: impl DoubleEndedIterator<Item = usize>) -> Self {
        Self { left: places.rev().collect(), ..Self::default() }
    }

    /// The next candidate, if another may be tried. `window` tells a candidate's.
    pub(crate) fn next(
        &mut self,
        config: &FallbackConfig,
        window: impl Fn(usize) -> Option<u64>,
    ) -> Option<usize> {
        if self.tried >= config.max_targets {
            return None;
        }
        while let Some(place) = self.left.pop() {
            if self.larger_than.is_none_or(|failed| window(place).is_some_and(|window| window > failed)) {
                self.tried += 1;
                return Some(place);
            }
        }
        None
    }

    /// Takes note of a failure at a candidate with this `window`. Whether another one may do better.
    pub(crate) fn failed(&mut self, config: &FallbackConfig, class: Class, window: Option<u64>) -> bool {
        self.retry_after = match (self.retry_after, class.retry_after) {
            (Some(known), Some(new)) => Some(known.min(new)),
            (known, new) => known.or(new),
        };
        // A refusal of our own costs nobody anything: only calls that went out are bounded.
        if matches!(class.kind, Kind::Refused(_)) {
            self.tried = self.tried.saturating_sub(1);
        }
        match class.kind.row().next_target {
            NextTarget::Yes => true,
            NextTarget::LargerWindow => {
                // Of an unknown window nothing is known to be larger.
                self.larger_than = Some(self.larger_than.unwrap_or_default().max(window.unwrap_or(u64::MAX)));
                true
            }
            NextTarget::Policy => config.on_content_filter == OnContentFilter::Next,
            _ => false,
        }
    }

    /// When the caller may try again after `class`, the last word: the earliest time that any of the failed candidates
    /// told, where waiting helps at all.
    pub(crate) fn retry_after(&self, class: Class) -> Option<Duration> {
        if class.kind.row().next_target != NextTarget::Yes {
            return None;
        }
        self.retry_after.or_else(|| (class.kind == Kind::RateLimited).then_some(UNTOLD))
    }
}

/// For how long a key cools after a rate limit that tells no time.
const UNTOLD: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use backstop_core::Refusal;
    use proptest::{collection::vec, option, prelude::*, sample::select};

    use super::*;

    const CONFIG: FallbackConfig = FallbackConfig::new();

    #[test]
    fn goes_through_all_up_to_the_most() {
        let mut progress = Progress::new(0..7);
        let order: Vec<_> = std::iter::from_fn(|| progress.next(&CONFIG, |_| None)).collect();
        assert_eq!(order, [0, 1, 2, 3, 4]);
    }

    #[test]
    fn refusals_do_not_count() {
        let mut progress = Progress::new(0..20);
        let mut tried = Vec::new();
        while let Some(place) = progress.next(&CONFIG, |_| None) {
            let kind = if place % 2 == 0 { Kind::Refused(Refusal::BreakerOpen) } else { Kind::Server };
            progress.failed(&CONFIG, Class::new(kind), None);
            tried.push(place);
        }
        assert_eq!(
            tried,
            (0..10).collect::<Vec<_>>(),
            "five that were called, and the five refusals before them"
        );
    }

    #[test]
    fn a_prompt_that_is_too_long_goes_only_where_the_window_is_larger() {
        let windows = [Some(100), None, Some(100), Some(50), Some(200), Some(300)];
        let mut progress = Progress::new(0..windows.len());
        let mut next = |failed: Option<usize>| {
            if let Some(failed) = failed {
                assert!(progress.failed(&CONFIG, Class::new(Kind::ContextLength), windows[failed]));
            }
            progress.next(&CONFIG, |place| windows[place])
        };
        assert_eq!(next(None), Some(0));
        assert_eq!(next(Some(0)), Some(4));
        assert_eq!(next(Some(4)), Some(5));
        assert_eq!(next(Some(5)), None);

        let mut progress = Progress::new(0..2);
        progress.next(&CONFIG, |_| None);
        assert!(progress.failed(&CONFIG, Class::new(Kind::ContextLength), None));
        assert_eq!(progress.next(&CONFIG, |_| Some(1_000_000)), None, "the failed one's window is unknown");
    }

    #[test]
    fn the_table_and_the_chain_decide() {
        let goes_on =
            |config: FallbackConfig, kind| Progress::new(0..2).failed(&config, Class::new(kind), None);
        for kind in Kind::ALL {
            let expected = !matches!(kind, Kind::InvalidRequest | Kind::Cancelled | Kind::ContentFilter);
            assert_eq!(goes_on(CONFIG, *kind), expected, "{kind}");
        }
        assert!(goes_on(CONFIG.with_on_content_filter(OnContentFilter::Next), Kind::ContentFilter));
    }

    #[test]
    fn the_earliest_retry_after_wins() {
        let mut progress = Progress::new(0..3);
        for seconds in [Some(9), None, Some(4)] {
            let told = seconds.map(Duration::from_secs);
            progress.failed(&CONFIG, Class::new(Kind::RateLimited).retry_after(told), None);
        }
        let after = |kind| progress.retry_after(Class::new(kind));
        assert_eq!(after(Kind::RateLimited), Some(Duration::from_secs(4)));
        assert_eq!(after(Kind::InvalidRequest), None, "waiting does not help");
        let untold = Progress::new(0..3);
        assert_eq!(untold.retry_after(Class::new(Kind::RateLimited)), Some(Duration::from_secs(1)));
        assert_eq!(untold.retry_after(Class::new(Kind::Server)), None);
    }

    /// What a chain does, written as one loop over everything.
    fn naive(places: &[(Option<u64>, Kind)], config: &FallbackConfig) -> Vec<usize> {
        let (mut tried, mut calls, mut larger_than) = (Vec::new(), 0, 0);
        for (place, (window, kind)) in places.iter().enumerate() {
            if larger_than > 0 && window.is_none_or(|window| window <= larger_than) {
                continue;
            }
            if calls == config.max_targets {
                break;
            }
            tried.push(place);
            calls += usize::from(!matches!(kind, Kind::Refused(_)));
            match kind {
                Kind::InvalidRequest | Kind::Cancelled => break,
                Kind::ContentFilter if config.on_content_filter == OnContentFilter::Stop => break,
                Kind::ContextLength => larger_than = larger_than.max(window.unwrap_or(u64::MAX)),
                _ => {}
            }
        }
        tried
    }

    proptest! {
        #[test]
        fn goes_where_one_loop_would(
            places in vec((option::of(1_u64..6), select(Kind::ALL)), 0..12),
            most in 1_usize..6,
            next in any::<bool>(),
        ) {
            let on_content_filter = if next { OnContentFilter::Next } else { OnContentFilter::Stop };
            let config = CONFIG.with_max_targets(most).with_on_content_filter(on_content_filter);
            let (mut progress, mut tried) = (Progress::new(0..places.len()), Vec::new());
            while let Some(place) = progress.next(&config, |place| places[place].0) {
                tried.push(place);
                if !progress.failed(&config, Class::new(places[place].1), places[place].0) {
                    break;
                }
            }
            prop_assert_eq!(tried, naive(&places, &config));
        }
    }
}
