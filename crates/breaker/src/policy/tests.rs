use backstop_core::clock;
use proptest::{collection::vec, prelude::*};

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const FAILURE: Verdict = Verdict::Failure { weight: 1, timeout: false };
const TIMEOUT: Verdict = Verdict::Failure { weight: 1, timeout: true };
const STRONG: Verdict = Verdict::Failure { weight: 2, timeout: false };

fn circuit() -> Circuit {
    Circuit::new(BreakerConfig::new().with_jitter(0.0))
}

fn begin(circuit: &Circuit, now: Instant) -> Permit {
    circuit.admit(now).0.expect("it lets calls through")
}

fn wait(circuit: &Circuit, now: Instant) -> Option<Duration> {
    circuit.admit(now).0.expect_err("it refuses").retry_after
}

fn state(circuit: &Circuit, now: Instant) -> BreakerState {
    circuit.snapshot(now).state
}

/// Has `verdicts` come in, one attempt after the other.
fn play(circuit: &Circuit, verdicts: &[Verdict], now: Instant) {
    for verdict in verdicts {
        circuit.settle(begin(circuit, now), *verdict, now);
    }
}

#[test]
fn five_in_a_row_trip_and_strong_ones_count_twice() {
    let (circuit_, now) = (circuit(), clock::now());
    play(&circuit_, &[FAILURE; 4], now);
    assert_eq!(state(&circuit_, now), BreakerState::Closed);
    play(&circuit_, &[FAILURE], now);
    assert_eq!(wait(&circuit_, now + SECOND), Some(4 * SECOND));

    let circuit_ = circuit();
    play(&circuit_, &[STRONG, STRONG], now);
    assert_eq!(state(&circuit_, now), BreakerState::Closed);
    play(&circuit_, &[STRONG], now);
    assert!(wait(&circuit_, now).is_some());

    let circuit_ = circuit();
    play(&circuit_, &[FAILURE, FAILURE, FAILURE, FAILURE, Verdict::Neither, Verdict::Success, FAILURE], now);
    assert_eq!((state(&circuit_, now), circuit_.snapshot(now).counts.consecutive), (BreakerState::Closed, 1));
}

#[test]
fn failures_of_attempts_begun_before_the_last_success_are_not_in_a_row() {
    let (circuit, now) = (circuit(), clock::now());
    let old: Vec<_> = (0..4).map(|_| begin(&circuit, now)).collect();
    play(&circuit, &[Verdict::Success; 6], now);
    for permit in old {
        circuit.settle(permit, TIMEOUT, now);
    }
    play(&circuit, &[FAILURE], now);
    assert_eq!((state(&circuit, now), circuit.snapshot(now).counts.consecutive), (BreakerState::Closed, 1));
    // The window counts them all, old or new: the twelfth makes half of them failures.
    assert_eq!(circuit.snapshot(now).counts.attempts, 11);
    play(&circuit, &[FAILURE], now);
    assert!(matches!(state(&circuit, now), BreakerState::Open { .. }));
}

#[test]
fn half_of_ten_trip_within_the_window_only() {
    let mixed = [FAILURE, Verdict::Success, FAILURE, Verdict::Success, Verdict::Success];
    let (circuit_, now) = (circuit(), clock::now());
    play(&circuit_, &mixed, now);
    play(&circuit_, &[Verdict::Success, FAILURE, Verdict::Success, FAILURE], now + 29 * SECOND);
    assert_eq!(state(&circuit_, now), BreakerState::Closed);
    play(&circuit_, &[FAILURE], now + 29 * SECOND);
    assert!(wait(&circuit_, now + 29 * SECOND).is_some());

    let circuit_ = circuit();
    play(&circuit_, &mixed, now);
    play(&circuit_, &[Verdict::Success, FAILURE, Verdict::Success, FAILURE, FAILURE], now + 30 * SECOND);
    assert_eq!(state(&circuit_, now + 30 * SECOND), BreakerState::Closed);
}

#[test]
fn one_probe_at_a_time_decides() {
    let (circuit, now) = (circuit(), clock::now());
    play(&circuit, &[FAILURE; 5], now);
    let later = now + 5 * SECOND;
    let probe = begin(&circuit, later);
    assert_eq!(state(&circuit, later), BreakerState::HalfOpen);
    assert_eq!(wait(&circuit, later), Some(10 * SECOND), "a probe is under way");
    // Undecided: the slot is free again.
    assert_eq!(circuit.settle(probe, Verdict::Neither, later), None);
    let probe = begin(&circuit, later);
    let closed = circuit.settle(probe, Verdict::Success, later).unwrap();
    assert_eq!((closed.from, closed.to), (BreakerState::HalfOpen, BreakerState::Closed));
    assert_eq!(circuit.snapshot(later).counts.attempts, 0, "it starts anew");
}

#[test]
fn a_probe_that_takes_long_is_not_waited_for() {
    let (circuit, now) = (circuit(), clock::now());
    play(&circuit, &[FAILURE; 5], now);
    let slow = begin(&circuit, now + 5 * SECOND);
    assert_eq!(wait(&circuit, now + 14 * SECOND), Some(SECOND));
    let second = begin(&circuit, now + 15 * SECOND);
    // The first one's drop does not free the second one's slot.
    circuit.settle(slow, Verdict::Neither, now + 16 * SECOND);
    assert_eq!(wait(&circuit, now + 16 * SECOND), Some(9 * SECOND));
    circuit.settle(second, Verdict::Success, now + 17 * SECOND);
    assert_eq!(state(&circuit, now), BreakerState::Closed);
    // It belongs to the past.
    assert_eq!(circuit.settle(slow, FAILURE, now + 18 * SECOND), None);
}

#[test]
fn open_times_double_up_to_their_limit() {
    for (verdict, expected) in
        [(FAILURE, vec![5, 10, 20, 20, 20]), (TIMEOUT, vec![5, 10, 20, 40, 80, 120, 120])]
    {
        let (circuit, mut now) = (circuit(), clock::now());
        play(&circuit, &[verdict; 4], now);
        for seconds in expected {
            let permit = begin(&circuit, now);
            circuit.settle(permit, verdict, now);
            assert_eq!(wait(&circuit, now), Some(seconds * SECOND));
            now += seconds * SECOND;
        }
    }
}

#[test]
fn jitter_only_shortens_and_is_repeatable() {
    let now = clock::now();
    let open = || {
        let circuit = Circuit::new(BreakerConfig::new().with_seed(7));
        play(&circuit, &[FAILURE; 5], now);
        wait(&circuit, now).unwrap()
    };
    assert_eq!(open(), open());
    assert!(open() < 5 * SECOND && open() >= 4 * SECOND);
}

#[test]
fn an_operators_word_goes_first() {
    let (circuit, now) = (circuit(), clock::now());
    circuit.force(BreakerState::ForcedOpen, now);
    assert_eq!((wait(&circuit, now), wait(&circuit, now + 9 * SECOND)), (None, None));
    circuit.force(BreakerState::ForcedClosed, now);
    play(&circuit, &[FAILURE; 50], now);
    assert_eq!(state(&circuit, now), BreakerState::ForcedClosed);
    assert!(circuit.force(BreakerState::Closed, now).is_some());
    assert_eq!(circuit.force(BreakerState::Closed, now), None);
    play(&circuit, &[FAILURE; 4], now);
    assert_eq!(state(&circuit, now), BreakerState::Closed);
    play(&circuit, &[FAILURE; 1], now);
    let counts = circuit.snapshot(now).counts;
    assert_eq!((counts.opened, counts.rejected), (1, 2));
}

#[test]
fn threads_lose_no_count_and_share_one_probe() {
    let (circuit, now) = (circuit(), clock::now());
    let each = |work: &(dyn Fn() -> usize + Sync)| -> usize {
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(work)).collect();
            threads.into_iter().map(|thread| thread.join().expect("it does not panic")).sum()
        })
    };
    each(&|| {
        play(&circuit, &[Verdict::Success; 1_000], now);
        0
    });
    assert_eq!(circuit.snapshot(now).counts.attempts, 8_000);
    let tripped = each(&|| {
        let mut transitions = 0;
        for _ in 0..20_000 {
            if let Ok(permit) = circuit.admit(now).0 {
                transitions += usize::from(circuit.settle(permit, FAILURE, now).is_some());
            }
        }
        transitions
    });
    assert_eq!((tripped, circuit.snapshot(now).counts.opened), (1, 1), "it trips once");
    let admitted = each(&|| (0..100).filter(|_| circuit.admit(now + 5 * SECOND).0.is_ok()).count());
    assert_eq!(admitted, 1, "one probe among all threads");
}

#[derive(Clone, Copy, Debug)]
enum Action {
    Begin,
    /// The attempt that has run for the n-th longest ends.
    End(usize, Verdict),
    Pass(u64),
}

fn action() -> impl Strategy<Value = Action> {
    let verdict = prop_oneof![
        3 => Just(Verdict::Success),
        3 => Just(FAILURE),
        2 => Just(TIMEOUT),
        1 => Just(STRONG),
        1 => Just(Verdict::Neither),
    ];
    prop_oneof![
        5 => Just(Action::Begin),
        5 => (0_usize..6, verdict).prop_map(|(index, verdict)| Action::End(index, verdict)),
        2 => prop_oneof![0_u64..2_000, 0_u64..40_000].prop_map(Action::Pass),
    ]
}

/// The same rules, written as simply as can be: everything is kept, nothing is packed.
#[derive(Default)]
struct Model {
    now: u64,
    /// Changes of state so far.
    era: usize,
    open_until: Option<u64>,
    half_open: bool,
    openings: u32,
    /// The attempt that probes, and until when it is waited for.
    probe: Option<(usize, u64)>,
    attempts: Vec<Attempt>,
    /// Outcomes of this era: when, how many, whether failures.
    outcomes: Vec<(u64, u32, bool)>,
    successes: usize,
    in_a_row: u32,
}

#[derive(Clone, Copy)]
struct Attempt {
    era: usize,
    successes: usize,
    probes: bool,
}

impl Model {
    fn begin(&mut self) -> Result<usize, u64> {
        if let Some(until) = self.open_until {
            if self.now < until {
                return Err(until - self.now);
            }
            self.open_until = None;
            self.half_open = true;
            self.era += 1;
        }
        let number = self.attempts.len();
        if self.half_open {
            if let Some((_, until)) = self.probe
                && self.now < until
            {
                return Err(until - self.now);
            }
            self.probe = Some((number, self.now + 10_000));
        }
        self.attempts.push(Attempt { era: self.era, successes: self.successes, probes: self.half_open });
        Ok(number)
    }

    fn end(&mut self, number: usize, verdict: Verdict) {
        let attempt = self.attempts[number];
        if attempt.era != self.era {
            return;
        }
        match verdict {
            Verdict::Neither => self.probe = self.probe.filter(|(probe, _)| *probe != number),
            Verdict::Success if attempt.probes => {
                self.half_open = false;
                self.openings = 0;
                self.anew();
            }
            Verdict::Failure { timeout, .. } if attempt.probes => self.open(timeout),
            Verdict::Success => {
                self.outcomes.push((self.now, 1, false));
                self.successes += 1;
                self.in_a_row = 0;
            }
            Verdict::Failure { weight, timeout } => {
                self.outcomes.push((self.now, weight, true));
                let mut in_a_row = 0;
                if attempt.successes == self.successes {
                    self.in_a_row += weight;
                    in_a_row = self.in_a_row;
                }
                let (all, failures) = self.totals();
                if in_a_row >= 5 || (all >= 10 && 2 * failures >= all) {
                    self.open(timeout);
                }
            }
        }
    }

    fn totals(&self) -> (u32, u32) {
        let recent = self.outcomes.iter().filter(|(at, _, _)| at / 3_000 + 10 > self.now / 3_000);
        recent.fold((0, 0), |(all, failures), (_, weight, failed)| {
            (all + weight, failures + if *failed { *weight } else { 0 })
        })
    }

    fn open(&mut self, timeout: bool) {
        let longest = if timeout { 120_000 } else { 20_000 };
        self.open_until = Some(self.now + (5_000 << self.openings.min(20)).min(longest));
        self.half_open = false;
        self.openings += 1;
        self.anew();
    }

    fn anew(&mut self) {
        self.era += 1;
        self.successes += 1;
        self.in_a_row = 0;
        self.probe = None;
        self.outcomes.clear();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn decides_as_the_model_does(actions in vec(action(), 0..150)) {
        let (circuit, origin, mut model) = (circuit(), clock::now(), Model::default());
        // The window's slices are counted from the first outcome on: make that the model's zero.
        let permit = begin(&circuit, origin);
        circuit.settle(permit, Verdict::Neither, origin);
        let mut running: Vec<(usize, Permit)> = Vec::new();
        for action in actions {
            let now = origin + Duration::from_millis(model.now);
            match action {
                Action::Pass(time) => model.now += time,
                Action::Begin => match (circuit.admit(now).0, model.begin()) {
                    (Ok(permit), Ok(number)) => running.push((number, permit)),
                    (Err(rejected), Err(wait)) => {
                        prop_assert_eq!(rejected.retry_after, Some(Duration::from_millis(wait)));
                    }
                    (circuit, model) => prop_assert!(false, "{circuit:?}, but the model says {model:?}"),
                },
                Action::End(index, verdict) => {
                    if !running.is_empty() {
                        let (number, permit) = running.remove(index % running.len());
                        circuit.settle(permit, verdict, now);
                        model.end(number, verdict);
                    }
                }
            }
            let now = origin + Duration::from_millis(model.now);
            let (snapshot, (attempts, failures)) = (circuit.snapshot(now), model.totals());
            let state = match (model.open_until, model.half_open) {
                (Some(until), _) => BreakerState::Open { until: origin + Duration::from_millis(until) },
                (None, true) => BreakerState::HalfOpen,
                (None, false) => BreakerState::Closed,
            };
            prop_assert_eq!(snapshot.state, state);
            prop_assert_eq!((snapshot.counts.attempts, snapshot.counts.failures), (attempts, failures));
            prop_assert_eq!(snapshot.counts.consecutive, model.in_a_row);
        }
    }
}
