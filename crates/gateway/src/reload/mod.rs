//! A new configuration without a restart.
//!
//! ```text
//! SIGHUP, a change in a watched directory, or a look every few seconds
//!   → read → anything new? → validate → compare → build on what stays → one atomic swap
//! ```
//!
//! - A wrong configuration changes nothing: the last good one serves on, the log says what is wrong and where, the
//!   counter `backstop_config_reload_total{result="refused"}` goes up, and `/state` tells it. `/readyz` stays as it is.
//! - Calls that run end on the stack that they began with; new ones begin on the new one.
//! - A target that keeps its name, endpoint, credentials and breaker figures keeps its connections, its breaker and its
//!   cooldowns. What changed begins anew.
//! - What is set up once, at the start (all of `server`), needs a restart; the log says so.
//!
//! Directories are watched, not files: editors replace files, and mounted config maps swap a symbolic link.

mod change;
mod diff;
mod directories;
mod files;
mod reloader;
mod status;
mod watch;

pub use self::{
    change::Cause,
    files::fingerprint,
    reloader::Reloader,
    status::{ReloadStatus, Reloaded},
    watch::watch,
};
