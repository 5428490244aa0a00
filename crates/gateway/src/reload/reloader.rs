use std::{fmt, path::PathBuf, sync::Arc, time::SystemTime};

use backstop_config::{Config, ConfigError, Environment};
use backstop_telemetry::metrics::Reload;
use parking_lot::Mutex;

use super::{Cause, ReloadStatus, Reloaded, diff::Diff, files::fingerprint};
use crate::stack::{SharedStack, StackBuilder};

/// Puts a new stack in the place of the one that serves, if the files say something new that is good.
///
/// Reads files and builds a stack on the thread that calls it: call it where blocking is allowed.
pub struct Reloader {
    files: Vec<PathBuf>,
    stack: SharedStack,
    status: ReloadStatus,
    // The fingerprint of what was looked at last. Held while a reload runs, so there is one at a time.
    seen: Mutex<u64>,
}

impl Reloader {
    /// Reloads `files`, from which the stack in `stack` was built when their [`fingerprint`] was `seen`, and says in
    /// `status` what became of it.
    #[must_use]
    pub fn new(files: Vec<PathBuf>, seen: u64, stack: SharedStack, status: ReloadStatus) -> Self {
        Self { files, stack, status, seen: Mutex::new(seen) }
    }

    /// The files.
    #[must_use]
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// Looks at the files. `None` where there is nothing to do.
    pub fn reload(&self, cause: Cause) -> Option<Reloaded> {
        if self.files.is_empty() {
            tracing::warn!(target: TARGET, "there is no file to reload: the configuration comes from the environment");
            return None;
        }
        let mut seen = self.seen.lock();
        let now = fingerprint(&self.files);
        if cause == Cause::Noticed && now == *seen {
            return None;
        }
        *seen = now;
        let reloaded = self.load();
        self.stack.load().metrics().reloaded(match &reloaded {
            Reloaded::Applied(_) => Reload::Applied,
            Reloaded::Refused(_) => Reload::Refused,
            Reloaded::Unchanged => Reload::Unchanged,
        });
        match &reloaded {
            Reloaded::Applied(changes) => {
                tracing::info!(target: TARGET, %cause, changes, "the new configuration serves");
            }
            Reloaded::Unchanged => {
                tracing::info!(target: TARGET, %cause, "the configuration says what it said before")
            }
            Reloaded::Refused(_) => {}
        }
        self.status.set(reloaded.clone(), SystemTime::now());
        Some(reloaded)
    }

    fn load(&self) -> Reloaded {
        let config = match Config::load(&self.files, &Environment::process()) {
            Ok(config) => config,
            Err(errors) => return refuse(errors.errors()),
        };
        let previous = self.stack.load_full();
        let diff = Diff::of(previous.config(), &config);
        for path in &diff.needs_restart {
            tracing::warn!(
                target: TARGET,
                path,
                "this cannot change while the process runs: it stays as it was until a restart"
            );
        }
        if diff.is_empty() {
            return Reloaded::Unchanged;
        }
        match StackBuilder::new(config).with_previous(&previous).build() {
            Ok(stack) => {
                self.stack.store(Arc::new(stack));
                Reloaded::Applied(diff.to_string())
            }
            Err(error) => {
                tracing::error!(target: TARGET, %error, "{REFUSED}");
                Reloaded::Refused(vec![error.to_string()])
            }
        }
    }
}

fn refuse(errors: &[ConfigError]) -> Reloaded {
    for error in errors {
        let (line, column) = error.place.unzip();
        tracing::error!(target: TARGET, file = error.file, line, column, error = error.message, "{REFUSED}");
    }
    Reloaded::Refused(errors.iter().map(ToString::to_string).collect())
}

impl fmt::Debug for Reloader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reloader").field("files", &self.files).finish_non_exhaustive()
    }
}

const TARGET: &str = "backstop::config";
const REFUSED: &str = "the configuration is wrong; the last good one serves on";
