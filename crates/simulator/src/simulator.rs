//! The simulator's handle.

use std::{sync::Arc, time::Duration, time::SystemTime};

use parking_lot::Mutex;
use tokio::time::Instant;

use crate::{
    behaviour::Behaviour,
    clock::Clock,
    dialect::Dialect,
    flavour::Flavour,
    memory::Memory,
    record::Recorded,
    recorder::Recorder,
    script::{Scope, Script},
    state::State,
    usage::Usage,
};

/// A simulated provider: a service in process, a server with [`Simulator::serve`], and the handle of both.
///
/// Clones are the same provider. Everything may be changed at any time and holds for the requests that come in
/// afterwards.
#[derive(Debug, Clone)]
pub struct Simulator {
    pub(crate) shared: Arc<Shared>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) name: String,
    pub(crate) seed: u64,
    pub(crate) state: Mutex<State>,
    pub(crate) recorder: Recorder,
}

impl Simulator {
    /// A healthy provider that speaks every dialect, each on its own paths, and accepts any key and any model.
    ///
    /// The name is in no answer; it seeds the ids, so that simulators with different names give different ones.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        let name = name.into();
        let seed = crate::ids::hash(name.as_bytes());
        Self::seeded(name, seed)
    }

    /// The same with a seed of its own, for ids and rates.
    #[must_use]
    pub fn seeded(name: impl Into<String>, seed: u64) -> Self {
        let shared = Shared {
            name: name.into(),
            seed,
            state: Mutex::new(State::new(seed)),
            recorder: Recorder::default(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Accepts this key, and from the first such call on no others.
    #[must_use]
    pub fn with_key(self, key: impl Into<String>) -> Self {
        self.shared.state.lock().keys.push(key.into());
        self
    }

    /// Knows this model, and from the first such call on no others.
    #[must_use]
    pub fn with_model(self, model: impl Into<String>) -> Self {
        self.shared.state.lock().models.push(model.into());
        self
    }

    /// Speaks only this dialect. Paths of others are unknown.
    #[must_use]
    pub fn with_dialect(self, dialect: Dialect) -> Self {
        self.shared.state.lock().dialects = vec![dialect];
        self
    }

    /// Speaks OpenAI Chat Completions as this provider does, and refuses what it refuses. The default is OpenAI itself.
    /// Other dialects are spoken as before.
    #[must_use]
    pub fn with_flavour(self, flavour: Flavour) -> Self {
        self.shared.state.lock().flavour = flavour;
        self
    }

    /// Answers 413 to bodies of more than so many bytes. The default is 32 MiB.
    #[must_use]
    pub fn with_body_limit(self, bytes: usize) -> Self {
        self.shared.state.lock().body_limit = bytes;
        self
    }

    /// What it does when nothing else says what. The default is a healthy [`Answer::auto`](crate::Answer::auto).
    #[must_use]
    pub fn with_behaviour(self, behaviour: impl Into<Behaviour>) -> Self {
        self.set_behaviour(behaviour);
        self
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// Changes what it does when nothing else says what.
    pub fn set_behaviour(&self, behaviour: impl Into<Behaviour>) {
        self.shared.state.lock().normal = behaviour.into();
    }

    /// Plays `script` for the requests that `scope` names, in place of what it played for them before. A `&str` is a
    /// model.
    ///
    /// Each request that comes in takes a step of the first script that has one: its key's, its model's, that of all.
    /// Requests that are then refused for other reasons have taken theirs.
    pub fn script(&self, scope: impl Into<Scope>, script: impl Into<Script>) {
        self.shared.state.lock().set_script(scope.into(), script.into());
    }

    /// Does the same with every request until [`Simulator::heal`]. Comes before scripts and rates, whose steps wait.
    pub fn down(&self, behaviour: impl Into<Behaviour>) {
        self.shared.state.lock().down = Some((behaviour.into(), None));
    }

    /// The same for so long, from now on, by tokio's clock.
    pub fn down_for(&self, time: Duration, behaviour: impl Into<Behaviour>) {
        self.shared.state.lock().down = Some((behaviour.into(), Some(Instant::now() + time)));
    }

    /// Ends what [`Simulator::down`] or [`Simulator::down_for`] began.
    pub fn heal(&self) {
        self.shared.state.lock().down = None;
    }

    /// Does this with a share of the requests, drawn from the seed in the order of arrival. Scripts come first.
    ///
    /// Several rates are drawn independently; the first that hits counts.
    pub fn rate(&self, share: f64, behaviour: impl Into<Behaviour>) {
        self.shared.state.lock().rates.push((share, behaviour.into()));
    }

    /// Forgets all scripts and rates and is up again.
    pub fn calm(&self) {
        let mut state = self.shared.state.lock();
        (state.scripts, state.rates, state.down) = (Vec::new(), Vec::new(), None);
    }

    /// Lets `most` requests through in each window of `per`, beginning with the first; the others get 429 with
    /// `retry-after`. The rate-limit headers tell where it stands.
    ///
    /// Counted is what bears a good key and breaks no rule, also if a fault becomes of it.
    pub fn limit(&self, scope: impl Into<Scope>, most: u64, per: Duration) {
        self.shared.state.lock().limits.set(scope.into(), most, per);
    }

    /// Lifts a limit.
    pub fn lift(&self, scope: impl Into<Scope>) {
        self.shared.state.lock().limits.lift(&scope.into());
    }

    /// Withdraws a key: requests with it get 401 from now on.
    ///
    /// A simulator that accepts any key goes on doing so; name the good ones first.
    pub fn revoke(&self, key: &str) {
        let mut state = self.shared.state.lock();
        if state.keys.iter().any(|known| known == key) {
            state.keys.retain(|known| known != key);
            if state.keys.is_empty() {
                // No key is good any more, which is not the same as that any is.
                state.keys.push(String::new());
            }
        }
    }

    /// Remembers only the last so many requests. The default is 65,536; sums and counts go on all the same.
    #[must_use]
    pub fn with_memory(self, requests: usize) -> Self {
        self.shared.recorder.set_memory(requests);
        self
    }

    /// Everything that came in, in order, as far back as it remembers.
    #[must_use]
    pub fn requests(&self) -> Vec<Recorded> {
        self.shared.recorder.all()
    }

    /// Sets the wall clock, which goes on from there with tokio's. It is in `created`, in dates and in times of resets; with
    /// the same time two simulators of one name give the same answers to the byte.
    #[must_use]
    pub fn with_time(self, time: SystemTime) -> Self {
        self.shared.state.lock().clock = Clock::new(time);
        self
    }

    /// Forgets everything that came in and has ended, counts and sums included. What is under way stays.
    pub fn forget(&self) {
        self.shared.recorder.forget();
    }

    /// Waits until so many requests have come in.
    pub async fn wait_for(&self, count: usize) -> Vec<Recorded> {
        self.shared.recorder.wait(|memory| memory.arrived() >= count).await
    }

    /// Waits until so many requests have ended, however they did.
    pub async fn wait_for_ends(&self, count: usize) -> Vec<Recorded> {
        self.shared.recorder.wait(|memory| memory.over() >= count).await
    }

    /// Waits until the caller has left so many requests before their end.
    pub async fn wait_for_cancelled(&self, count: usize) -> Vec<Recorded> {
        self.shared.recorder.wait(|memory| memory.cancelled() >= count).await
    }

    /// Waits until what came in is as `done` wants it. It is asked whenever something changes.
    pub async fn wait_until(&self, mut done: impl FnMut(&[Recorded]) -> bool) -> Vec<Recorded> {
        self.shared.recorder.wait(|memory| done(memory.records())).await
    }

    /// The sum of the usage that callers were told: what a client that adds up its answers must come to.
    #[must_use]
    pub fn told(&self) -> Usage {
        self.shared.recorder.look(Memory::told)
    }

    /// What the invoice will say: prompts that were answered with success and the tokens that went out, told or not. A
    /// provider bills a stream that its caller left.
    #[must_use]
    pub fn billed(&self) -> Usage {
        self.shared.recorder.look(Memory::billed)
    }
}
