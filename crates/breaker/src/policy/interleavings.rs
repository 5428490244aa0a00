//! Every interleaving of a few threads at the breaker's lock-free part, explored by loom: `cargo xtask loom`.

use std::{
    sync::{
        Arc as StdArc,
        atomic::{AtomicUsize, Ordering as StdOrdering},
    },
    task::Wake,
};

use backstop_core::clock;
use loom::{sync::Arc, thread};

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const FAILURE: Verdict = Verdict::Failure { weight: 1, timeout: false };

/// Runs `test` under every interleaving of at most three preemptions, as loom's authors advise: most bugs need two.
fn explore(test: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(test);
}

/// Trips at the second failure in a row, and never by its share.
fn circuit(now: Instant) -> Arc<Circuit> {
    let config = BreakerConfig::new().with_jitter(0.0).with_consecutive(2).with_ratio(1.0, u32::MAX);
    let circuit = Circuit::new(config);
    // The window's time begins here, and not in one of the threads.
    circuit.since_origin(now);
    Arc::new(circuit)
}

fn opened(now: Instant) -> Arc<Circuit> {
    let circuit = circuit(now);
    for _ in 0..2 {
        let permit = circuit.admit(now).0.expect("it is closed");
        circuit.settle(permit, FAILURE, now);
    }
    circuit
}

/// What the gate says is what the state is.
fn is_consistent(circuit: &Circuit, now: Instant) -> bool {
    let passes = circuit.gate.load(Ordering::Acquire) & FREE != 0;
    passes == (circuit.snapshot(now).state == BreakerState::Closed)
}

#[test]
fn two_failures_trip_it_once() {
    let now = clock::now();
    // Alone they are too few; of the strong ones, each is enough.
    for weight in [1, 2] {
        explore(move || {
            let circuit = circuit(now);
            let permits = [(); 2].map(|()| circuit.admit(now).0.expect("it is closed"));
            let threads = permits.map(|permit| {
                let circuit = Arc::clone(&circuit);
                let verdict = Verdict::Failure { weight, timeout: false };
                thread::spawn(move || circuit.settle(permit, verdict, now).is_some())
            });
            let tripped = threads.map(|thread| thread.join().unwrap());
            assert_eq!(tripped.iter().filter(|tripped| **tripped).count(), 1);
            assert!(matches!(circuit.snapshot(now).state, BreakerState::Open { .. }));
            assert!(is_consistent(&circuit, now));
        });
    }
}

#[test]
fn a_success_between_two_failures_is_seen_or_came_too_late() {
    let now = clock::now();
    explore(move || {
        let circuit = circuit(now);
        let begin = || circuit.admit(now).0.expect("it is closed");
        let (one, two, good) = (begin(), begin(), begin());
        let other = Arc::clone(&circuit);
        let success = thread::spawn(move || other.settle(good, Verdict::Success, now));
        circuit.settle(one, FAILURE, now);
        let tripped = circuit.settle(two, FAILURE, now).is_some();
        success.join().unwrap();
        let counts = circuit.snapshot(now).counts;
        // Old failures behind the success are in no row; before it, both are, and what is open has forgotten them.
        assert_eq!(counts.opened, u64::from(tripped));
        assert_eq!(counts.consecutive, 0);
        assert!(is_consistent(&circuit, now));
    });
}

#[test]
fn one_of_two_probes() {
    let now = clock::now();
    explore(move || {
        let (circuit, later) = (opened(now), now + 5 * SECOND);
        let threads = [(); 2].map(|()| {
            let circuit = Arc::clone(&circuit);
            thread::spawn(move || {
                let permit = circuit.admit(later).0.ok()?;
                circuit.settle(permit, Verdict::Success, later);
                Some(permit.probe.is_some())
            })
        });
        let probes = threads.map(|thread| thread.join().unwrap());
        // Whoever comes second is refused, or finds it closed already.
        assert_eq!(probes.iter().filter(|probe| **probe == Some(true)).count(), 1, "{probes:?}");
        assert_eq!(circuit.snapshot(later).state, BreakerState::Closed);
        assert!(is_consistent(&circuit, later));
    });
}

#[test]
fn a_probe_that_is_dropped_frees_its_slot() {
    let now = clock::now();
    explore(move || {
        let (circuit, later) = (opened(now), now + 5 * SECOND);
        let probe = circuit.admit(later).0.expect("its time is up");
        let other = Arc::clone(&circuit);
        let drops = thread::spawn(move || other.settle(probe, Verdict::Neither, later));
        let second = circuit.admit(later).0;
        drops.join().unwrap();
        // Either the slot was free in time, or it is now.
        assert_eq!(circuit.admit(later).0.is_ok(), second.is_err());
        assert_eq!(circuit.snapshot(later).state, BreakerState::HalfOpen);
    });
}

#[test]
fn who_watches_misses_no_change() {
    #[derive(Default)]
    struct Woken(AtomicUsize);
    impl Wake for Woken {
        fn wake(self: StdArc<Self>) {
            self.0.fetch_add(1, StdOrdering::SeqCst);
        }
    }
    let now = clock::now();
    explore(move || {
        let circuit = circuit(now);
        let seen = circuit.snapshot(now).version;
        let other = Arc::clone(&circuit);
        let forces = thread::spawn(move || other.force(BreakerState::ForcedOpen, now));
        let (woken, mut place) = (StdArc::<Woken>::default(), None);
        let polled = circuit.poll_changed(seen, &mut place, &StdArc::clone(&woken).into());
        forces.join().unwrap();
        assert_eq!(woken.0.load(StdOrdering::SeqCst), usize::from(polled.is_pending()));
    });
}

#[test]
fn a_window_loses_nothing_when_its_slice_changes() {
    explore(|| {
        let window = Arc::new(Window::new(20 * SECOND));
        // An old slice, whose place is taken.
        window.add(Totals { attempts: 7, failures: 7 }, Duration::ZERO);
        let threads = [(1, 0), (1, 1)].map(|(attempts, failures)| {
            let window = Arc::clone(&window);
            thread::spawn(move || window.add(Totals { attempts, failures }, 20 * SECOND))
        });
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(window.totals(20 * SECOND), Totals { attempts: 2, failures: 1 });
    });
}
