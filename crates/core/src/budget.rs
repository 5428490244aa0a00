//! How many retries recent traffic can bear.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// Bounds retries to a share of recent traffic, so that a provider in trouble is not given more to do just then.
///
/// A fixed number of retries multiplies traffic exactly when every call fails; a budget does not: with the default of
/// 20 % the extra load is at most a fifth, plus a floor of 10 a second so that quiet services can retry at all. It
/// covers retries on the same target and hedges; falling over to another target is not charged.
///
/// Shared by `Arc`. Counted over the last ten seconds, in ten slices.
#[derive(Debug)]
pub struct RetryBudget {
    ratio: f64,
    floor_per_second: u32,
    slices: Mutex<Slices>,
}

#[derive(Debug, Default)]
struct Slices {
    origin: Option<Instant>,
    current: u64,
    slices: [Slice; SLICES],
}

#[derive(Clone, Copy, Debug, Default)]
struct Slice {
    calls: u32,
    retries: u32,
}

const SLICES: usize = 10;
const SLICE: Duration = Duration::from_secs(1);

impl RetryBudget {
    /// Retries up to `ratio` of the calls of the last ten seconds, and `floor_per_second` in any case.
    #[must_use]
    pub fn new(ratio: f64, floor_per_second: u32) -> Self {
        Self { ratio: ratio.max(0.0), floor_per_second, slices: Mutex::default() }
    }

    /// Notes a call: a first try, not a retry.
    pub fn deposit(&self, now: Instant) {
        let mut slices = self.slices.lock();
        let current = slices.advance(now);
        slices.slices[current].calls = slices.slices[current].calls.saturating_add(1);
    }

    /// Takes one retry out of the budget. `false`: there is none left, do not retry.
    pub fn try_withdraw(&self, now: Instant) -> bool {
        let mut slices = self.slices.lock();
        let current = slices.advance(now);
        let (calls, retries) = slices.totals();
        let share = self.ratio * f64::from(calls);
        let floor = f64::from(self.floor_per_second) * SLICE.as_secs_f64() * SLICES as f64;
        if f64::from(retries) + 1.0 > share + floor {
            return false;
        }
        slices.slices[current].retries = slices.slices[current].retries.saturating_add(1);
        true
    }
}

impl Default for RetryBudget {
    /// 20 % of recent traffic, and 10 a second in any case.
    fn default() -> Self {
        Self::new(0.2, 10)
    }
}

impl Slices {
    /// Forgets what is older than ten slices. Gives the index of the current one.
    fn advance(&mut self, now: Instant) -> usize {
        let origin = *self.origin.get_or_insert(now);
        let slice = now.saturating_duration_since(origin).as_secs() / SLICE.as_secs();
        let passed = slice.saturating_sub(self.current).min(SLICES as u64);
        for ahead in 1..=passed {
            self.slices[index(self.current + ahead)] = Slice::default();
        }
        if passed == SLICES as u64 {
            self.slices = <[Slice; SLICES]>::default();
        }
        self.current = self.current.max(slice);
        index(self.current)
    }

    fn totals(&self) -> (u32, u32) {
        self.slices.iter().fold((0_u32, 0_u32), |(calls, retries), slice| {
            (calls.saturating_add(slice.calls), retries.saturating_add(slice.retries))
        })
    }
}

fn index(slice: u64) -> usize {
    usize::try_from(slice % SLICES as u64).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::clock;

    #[tokio::test]
    async fn a_share_of_traffic_and_a_floor() {
        let (budget, now) = (RetryBudget::new(0.5, 1), clock::now());
        let drain = |now| (0..100).take_while(|_| budget.try_withdraw(now)).count();
        assert_eq!(drain(now), 10, "the floor alone");
        for _ in 0..8 {
            budget.deposit(now);
        }
        assert_eq!(drain(now), 4, "half of eight calls");
        assert_eq!(drain(now + Duration::from_secs(9)), 0, "still within the window");
        assert_eq!(drain(now + Duration::from_secs(10)), 10, "the window has passed");
        assert_eq!(drain(now + Duration::from_secs(1000)), 10);
    }

    #[derive(Clone, Copy, Debug)]
    enum Action {
        Deposit,
        Withdraw,
        Pass(u64),
    }

    fn action() -> impl Strategy<Value = Action> {
        prop_oneof![
            4 => Just(Action::Deposit),
            4 => Just(Action::Withdraw),
            2 => prop_oneof![0_u64..1_500, 0_u64..30_000].prop_map(Action::Pass),
        ]
    }

    proptest! {
        #[test]
        fn gives_what_a_list_of_all_calls_would(actions in vec(action(), 0..300), ratio in 0.0..2.0_f64, floor in 0_u32..2) {
            let origin = clock::now();
            let (budget, mut now) = (RetryBudget::new(ratio, floor), 0_u64);
            // All that ever happened, by the second that it happened in.
            let (mut calls, mut retries) = (Vec::new(), Vec::new());
            budget.deposit(origin);
            calls.push(0);
            for action in actions {
                let at = origin + Duration::from_millis(now);
                let recent = |times: &[u64]| times.iter().filter(|second| **second + 10 > now / 1000).count() as f64;
                match action {
                    Action::Pass(milliseconds) => now += milliseconds,
                    Action::Deposit => {
                        budget.deposit(at);
                        calls.push(now / 1000);
                    }
                    Action::Withdraw => {
                        let allowed = ratio * recent(&calls) + f64::from(floor) * 10.0;
                        let expected = recent(&retries) + 1.0 <= allowed;
                        prop_assert_eq!(budget.try_withdraw(at), expected);
                        if expected {
                            retries.push(now / 1000);
                        }
                    }
                }
            }
        }
    }
}
