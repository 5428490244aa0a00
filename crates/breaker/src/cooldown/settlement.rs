use std::{sync::Arc, time::Instant};

use backstop_core::{
    Class, Scope,
    classify::{Outcome, Settle},
    clock,
};

use super::{CooldownTarget, Cooldowns, entries::Pass};

/// Tells the registry how a call ended: at the latest when it is dropped, which frees what it probed.
#[derive(Debug)]
pub struct Settlement {
    cooldowns: Cooldowns,
    target: Arc<CooldownTarget>,
    pass: Option<Pass>,
}

impl Settlement {
    pub(super) const fn new(cooldowns: Cooldowns, target: Arc<CooldownTarget>, pass: Pass) -> Self {
        Self { cooldowns, target, pass: Some(pass) }
    }

    /// The call failed at its head. Gives whether another credential is free where this one was to blame.
    pub(super) fn fail(&mut self, class: Class, now: Instant) -> bool {
        let Some(pass) = self.pass.take() else { return false };
        self.cooldowns.settle(&self.target, &pass, Outcome::Failed(class), now);
        matches!(class.scope, Scope::Key | Scope::KeyModel)
            && self.cooldowns.other_is_free(&self.target, pass.credential, now)
    }
}

impl Settle for Settlement {
    fn settle(&mut self, outcome: Outcome, now: Instant) {
        if let Some(pass) = self.pass.take() {
            self.cooldowns.settle(&self.target, &pass, outcome, now);
        }
    }
}

impl Drop for Settlement {
    fn drop(&mut self) {
        if self.pass.is_some() {
            self.settle(Outcome::Dropped, clock::now());
        }
    }
}
