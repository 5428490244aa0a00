//! What a simulator is told to do, and how far it has got.

use std::time::SystemTime;

use fastrand::Rng;
use tokio::time::Instant;

use crate::{
    behaviour::Behaviour,
    clock::Clock,
    dialect::Dialect,
    flavour::Flavour,
    limits::{Limits, Standing},
    script::{Scope, Script},
};

/// Everything about a simulator that may change while it runs.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) dialects: Vec<Dialect>,
    /// Whose OpenAI Chat Completions it speaks.
    pub(crate) flavour: Flavour,
    /// Accepted keys; empty: any.
    pub(crate) keys: Vec<String>,
    /// Known models; empty: any.
    pub(crate) models: Vec<String>,
    pub(crate) body_limit: usize,
    pub(crate) normal: Behaviour,
    /// What it does while it is down, and until when, if that is known.
    pub(crate) down: Option<(Behaviour, Option<Instant>)>,
    pub(crate) scripts: Vec<(Scope, Script)>,
    pub(crate) rates: Vec<(f64, Behaviour)>,
    pub(crate) limits: Limits,
    pub(crate) clock: Clock,
    pub(crate) random: Rng,
}

impl State {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            dialects: Dialect::ALL.to_vec(),
            flavour: Flavour::default(),
            keys: Vec::new(),
            models: Vec::new(),
            body_limit: BODY_LIMIT,
            normal: Behaviour::default(),
            down: None,
            scripts: Vec::new(),
            rates: Vec::new(),
            limits: Limits::default(),
            clock: Clock::new(SystemTime::now()),
            random: Rng::with_seed(seed),
        }
    }

    /// What is done with the next request with this key for this model. Uses up a step of the script that decides.
    ///
    /// Every rate draws a number for every request, so that a script does not change what the rates do later.
    pub(crate) fn next(&mut self, now: Instant, key: Option<&str>, model: Option<&str>) -> Behaviour {
        let mut drawn = None;
        for (rate, behaviour) in &self.rates {
            let hit = self.random.f64() < *rate;
            drawn = drawn.or_else(|| hit.then(|| behaviour.clone()));
        }
        if let Some(down) = self.down(now) {
            return down;
        }
        let (scripts, normal) = (&mut self.scripts, &self.normal);
        let wanted = [key.map(|key| Scope::Key(key.to_owned())), model.map(Scope::from), Some(Scope::All)];
        let mut scripted = wanted.into_iter().flatten().filter_map(|wanted| {
            let (_, script) = scripts.iter_mut().find(|(scope, _)| *scope == wanted)?;
            script.next()
        });
        scripted.next().or(drawn).unwrap_or_else(|| normal.clone())
    }

    /// What it does if it is down at `now`.
    pub(crate) fn down(&self, now: Instant) -> Option<Behaviour> {
        let (behaviour, until) = self.down.as_ref()?;
        until.is_none_or(|until| now < until).then(|| behaviour.clone())
    }

    pub(crate) fn set_script(&mut self, scope: Scope, script: Script) {
        self.scripts.retain(|(known, _)| *known != scope);
        self.scripts.push((scope, script));
    }

    pub(crate) fn count(&mut self, now: Instant, key: Option<&str>, model: Option<&str>) -> Standing {
        let standing = self.limits.count(now, |scope| match scope {
            Scope::All => true,
            Scope::Key(of) => key == Some(of),
            Scope::Model(of) => model == Some(of),
        });
        standing.unwrap_or_else(Standing::ample)
    }
}

/// Anthropic's limit for a request (<https://platform.claude.com/docs/en/api/errors>, "Request size limits").
const BODY_LIMIT: usize = 32 << 20;
