use std::{sync::Arc, time::SystemTime};

use parking_lot::Mutex;
use serde_json::{Value, json};

/// What became of the last reload, for `/state`. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct ReloadStatus(Arc<Mutex<Option<Last>>>);

#[derive(Clone, Debug)]
struct Last {
    reloaded: Reloaded,
    at: SystemTime,
}

/// What became of a reload.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reloaded {
    /// The new configuration serves; in words, what it changed.
    Applied(String),
    /// It is wrong, and the last good one serves on; each mistake with its place.
    Refused(Vec<String>),
    /// It says what it said before.
    Unchanged,
}

impl ReloadStatus {
    /// No reload yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    pub(super) fn set(&self, reloaded: Reloaded, at: SystemTime) {
        *self.0.lock() = Some(Last { reloaded, at });
    }

    /// For `/state`: whether what is written is what serves, and what became of the last reload.
    pub(crate) fn json(&self) -> Value {
        let Some(last) = self.0.lock().clone() else { return json!({"good": true}) };
        let at = last.at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        match last.reloaded {
            Reloaded::Applied(changes) => {
                json!({"good": true, "reload": "applied", "at": at, "changes": changes})
            }
            Reloaded::Refused(errors) => {
                json!({"good": false, "reload": "refused", "at": at, "errors": errors})
            }
            Reloaded::Unchanged => json!({"good": true, "reload": "unchanged", "at": at}),
        }
    }
}
