//! The decisions about what cools, without I/O: `now` is an argument.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use backstop_core::{Class, Kind, clock, retry_after};

use super::{CooldownConfig, CooldownTarget, Cooling, Subject};

/// All that cools or did until lately.
#[derive(Clone, Debug, Default)]
pub(super) struct Entries(HashMap<Subject, Entry>);

#[derive(Clone, Debug)]
struct Entry {
    kind: Kind,
    until: Instant,
    failures: u32,
    /// Until when a probe that is under way is waited for.
    probe: Option<Instant>,
}

/// What a call takes along.
#[derive(Debug)]
pub(super) struct Pass {
    pub(super) credential: usize,
    begun: Instant,
    probes: Vec<(Subject, Instant)>,
}

/// Why no call can go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Blocked {
    pub(super) retry_after: Duration,
    pub(super) kind: Kind,
}

enum Status {
    Free,
    Probe,
    Cooling(Blocked),
}

impl Pass {
    /// For a time when nothing cools.
    pub(super) const fn free(credential: usize, now: Instant) -> Self {
        Self { credential, begun: now, probes: Vec::new() }
    }
}

impl Entries {
    /// The first of the target's credentials, from `turn` on, with which a call may go out.
    pub(super) fn choose(
        &mut self,
        target: &CooldownTarget,
        turn: usize,
        patience: Duration,
        now: Instant,
    ) -> Result<Pass, Blocked> {
        let mut earliest: Option<Blocked> = None;
        for ahead in 0..target.credentials() {
            let credential = turn.wrapping_add(ahead) % target.credentials();
            match self.blocked(target, credential, now) {
                None => return Ok(self.pass(target, credential, patience, now)),
                Some(blocked) => {
                    earliest = Some(earliest.map_or(blocked, |known| known.sooner(blocked)));
                }
            }
        }
        // A target has at least one credential.
        earliest.map_or_else(|| Ok(Pass::free(0, now)), Err)
    }

    /// Whether a call may go out with another credential than `credential`.
    pub(super) fn other_is_free(&self, target: &CooldownTarget, credential: usize, now: Instant) -> bool {
        (0..target.credentials())
            .any(|other| other != credential && self.blocked(target, other, now).is_none())
    }

    /// A call came to its end. Gives what this clears.
    pub(super) fn succeed(&mut self, target: &CooldownTarget, pass: &Pass) -> Vec<Subject> {
        self.release(pass);
        let mut cleared = Vec::new();
        for subject in target.subjects(pass.credential) {
            // A call that began before the failure, and only ended after it, says nothing.
            if self.0.get(&subject).is_some_and(|entry| entry.until <= pass.begun) {
                self.0.remove(&subject);
                cleared.push(subject);
            }
        }
        cleared
    }

    /// A call failed. Gives what cools now.
    pub(super) fn fail(
        &mut self,
        config: &CooldownConfig,
        target: &CooldownTarget,
        pass: &Pass,
        class: Class,
        now: Instant,
    ) -> Option<Cooling> {
        self.release(pass);
        let backoff = config.backoff(class.kind)?;
        let subject = target.subject(class, pass.credential)?;
        self.purge(now);
        let told = class.retry_after.filter(|_| class.kind == Kind::RateLimited);
        let told = told.map(|told| told.min(retry_after::MAX));
        let entry = self.0.entry(subject.clone()).or_insert(Entry {
            kind: class.kind,
            until: pass.begun,
            failures: 0,
            probe: None,
        });
        // One of a burst that failed together: it knows nothing new, save perhaps a later time.
        if entry.until <= pass.begun || entry.kind != class.kind {
            entry.failures = if entry.kind == class.kind { entry.failures.saturating_add(1) } else { 1 };
            entry.until =
                entry.until.max(clock::after(now, told.unwrap_or_else(|| backoff.after(entry.failures))));
        } else if let Some(told) = told {
            entry.until = entry.until.max(now + told);
        }
        entry.kind = class.kind;
        Some(entry.cooling(subject))
    }

    /// Frees what the call probed, undecided.
    pub(super) fn release(&mut self, pass: &Pass) {
        for (subject, patience_ends) in &pass.probes {
            if let Some(entry) = self.0.get_mut(subject)
                && entry.probe == Some(*patience_ends)
            {
                entry.probe = None;
            }
        }
    }

    pub(super) fn remove(&mut self, subject: &Subject) -> bool {
        self.0.remove(subject).is_some()
    }

    pub(super) fn clear(&mut self) -> Vec<Subject> {
        self.0.drain().map(|(subject, _)| subject).collect()
    }

    pub(super) fn list(&self) -> Vec<Cooling> {
        self.0.iter().map(|(subject, entry)| entry.cooling(subject.clone())).collect()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// What holds a call with `credential` back the longest.
    fn blocked(&self, target: &CooldownTarget, credential: usize, now: Instant) -> Option<Blocked> {
        let statuses = target.subjects(credential).into_iter().map(|subject| self.status(&subject, now));
        let blocked = statuses.filter_map(|status| match status {
            Status::Cooling(blocked) => Some(blocked),
            Status::Free | Status::Probe => None,
        });
        blocked.reduce(Blocked::later)
    }

    fn pass(&mut self, target: &CooldownTarget, credential: usize, patience: Duration, now: Instant) -> Pass {
        let mut pass = Pass::free(credential, now);
        for subject in target.subjects(credential) {
            if matches!(self.status(&subject, now), Status::Probe)
                && let Some(entry) = self.0.get_mut(&subject)
            {
                let patience_ends = clock::after(now, patience);
                entry.probe = Some(patience_ends);
                pass.probes.push((subject, patience_ends));
            }
        }
        pass
    }

    fn status(&self, subject: &Subject, now: Instant) -> Status {
        let Some(entry) = self.0.get(subject) else { return Status::Free };
        let cooling =
            |until: Instant| Status::Cooling(Blocked { retry_after: until - now, kind: entry.kind });
        if now < entry.until {
            return cooling(entry.until);
        }
        match entry.probe {
            _ if entry.kind == Kind::RateLimited => Status::Free,
            Some(patience_ends) if now < patience_ends => cooling(patience_ends),
            _ => Status::Probe,
        }
    }

    /// Forgets what has been free for long: whoever fails again then begins anew.
    fn purge(&mut self, now: Instant) {
        self.0.retain(|_, entry| now < clock::after(entry.until, MEMORY));
    }
}

impl Entry {
    const fn cooling(&self, subject: Subject) -> Cooling {
        Cooling { subject, kind: self.kind, until: self.until, failures: self.failures }
    }
}

impl Blocked {
    fn sooner(self, other: Self) -> Self {
        if other.retry_after < self.retry_after { other } else { self }
    }

    fn later(self, other: Self) -> Self {
        if other.retry_after > self.retry_after { other } else { self }
    }
}

/// For how long after its end a cooldown is remembered: its next failure cools for longer.
const MEMORY: Duration = Duration::from_secs(1800);

#[cfg(all(test, not(backstop_loom)))]
mod tests;
