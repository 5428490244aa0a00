use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use backstop_core::{Class, Kind, classify::Outcome};
use parking_lot::Mutex;

use super::{
    CooldownConfig, CooldownObserver, CooldownTarget, Cooling, Subject,
    entries::{Blocked, Entries, Pass},
};

/// What cools, shared by all chains. Cheap to clone.
///
/// While nothing cools, a call costs one atomic load; else a short lock. Bounded: one entry for each credential, model,
/// or pair of the two that has failed within the last half hour.
#[derive(Clone)]
pub struct Cooldowns(Arc<Inner>);

struct Inner {
    config: CooldownConfig,
    observer: Box<dyn CooldownObserver + Send + Sync>,
    entries: Mutex<Entries>,
    /// How many entries there are.
    known: AtomicUsize,
}

impl Cooldowns {
    /// Nothing cools yet.
    #[must_use]
    pub fn new(config: CooldownConfig) -> Self {
        Self::with_observer(config, ())
    }

    /// Nothing cools yet, and `observer` hears of all that will.
    #[must_use]
    pub fn with_observer(
        config: CooldownConfig,
        observer: impl CooldownObserver + Send + Sync + 'static,
    ) -> Self {
        let (entries, known) = (Mutex::default(), AtomicUsize::new(0));
        Self(Arc::new(Inner { config, observer: Box::new(observer), entries, known }))
    }

    /// All that cools or did until lately and has not succeeded since, in no order.
    #[must_use]
    pub fn list(&self) -> Vec<Cooling> {
        self.0.entries.lock().list()
    }

    /// Frees `subject` at once. `false` where it was free already.
    pub fn clear(&self, subject: &Subject) -> bool {
        let cleared = self.change(|entries| entries.remove(subject));
        if cleared {
            self.0.observer.cleared(subject);
        }
        cleared
    }

    /// Frees everything at once.
    pub fn clear_all(&self) {
        for subject in self.change(Entries::clear) {
            self.0.observer.cleared(&subject);
        }
    }

    /// Chooses a credential for a call, the `turn`-th if that is free.
    pub(super) fn choose(&self, target: &CooldownTarget, turn: usize, now: Instant) -> Result<Pass, Blocked> {
        if self.0.known.load(Ordering::Acquire) == 0 {
            return Ok(Pass::free(turn % target.credentials(), now));
        }
        let chosen = self.0.entries.lock().choose(target, turn, self.0.config.probe_patience, now);
        if let Err(blocked) = &chosen {
            self.0.observer.refused(target, blocked.retry_after);
        }
        chosen
    }

    /// Whether a call may go out with another credential than `credential`.
    pub(super) fn other_is_free(&self, target: &CooldownTarget, credential: usize, now: Instant) -> bool {
        target.credentials() > 1 && self.0.entries.lock().other_is_free(target, credential, now)
    }

    pub(super) fn settle(&self, target: &CooldownTarget, pass: &Pass, outcome: Outcome, now: Instant) {
        match outcome {
            Outcome::Failed(class) => self.fail(target, pass, class, now),
            _ if self.0.known.load(Ordering::Acquire) == 0 => {}
            Outcome::Success => {
                for subject in self.change(|entries| entries.succeed(target, pass)) {
                    self.0.observer.cleared(&subject);
                }
            }
            // Dropped, or an outcome that is yet to come.
            _ => self.0.entries.lock().release(pass),
        }
    }

    fn fail(&self, target: &CooldownTarget, pass: &Pass, class: Class, now: Instant) {
        let config = &self.0.config;
        let Some(cooling) = self.change(|entries| entries.fail(config, target, pass, class, now)) else {
            return;
        };
        if cooling.failures == 1 && cooling.kind != Kind::RateLimited {
            let credential = match &cooling.subject {
                Subject::Key { credential, .. } | Subject::KeyModel { credential, .. } => Some(*credential),
                Subject::Model { .. } => None,
            };
            self.0.observer.alert(cooling.kind, target.provider(), credential);
        }
        self.0.observer.cooled(&cooling);
    }

    fn change<T>(&self, change: impl FnOnce(&mut Entries) -> T) -> T {
        let mut entries = self.0.entries.lock();
        let changed = change(&mut entries);
        self.0.known.store(entries.len(), Ordering::Release);
        changed
    }
}

impl Default for Cooldowns {
    fn default() -> Self {
        Self::new(CooldownConfig::default())
    }
}

impl fmt::Debug for Cooldowns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cooldowns").field("entries", &*self.0.entries.lock()).finish_non_exhaustive()
    }
}
