//! When to look at the files.

use std::{collections::BTreeSet, path::PathBuf, sync::Arc, time::Duration};

use notify::{
    Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _,
    event::{AccessKind, AccessMode},
};
use tokio::{sync::Notify, time};

use super::{Cause, Reloader, directories::directories};

/// Reloads at every SIGHUP and, with `files`, when a watched directory changes; never ends.
///
/// Cancel safety: dropping it stops the watching; a reload that runs comes to its end.
pub fn watch(reloader: Reloader, files: bool) -> impl Future<Output = ()> {
    // Set up at once, not when first polled: a SIGHUP that nobody hears ends a process.
    let reloader = Arc::new(reloader);
    let changed = Arc::new(Notify::new());
    let watcher = files.then(|| Directories::new(Arc::clone(&changed), reloader.files()));
    let hangup = Hangup::new();
    run(reloader, changed, watcher, hangup)
}

async fn run(
    reloader: Arc<Reloader>,
    changed: Arc<Notify>,
    mut watcher: Option<Directories>,
    mut hangup: Hangup,
) {
    let files = watcher.is_some();
    loop {
        let cause = tokio::select! {
            () = hangup.recv() => Cause::Asked,
            () = notice(&changed), if files => Cause::Noticed,
        };
        let reload = Arc::clone(&reloader);
        // Files are read and a stack is built: not on a thread that serves requests.
        if tokio::task::spawn_blocking(move || reload.reload(cause)).await.is_err() {
            tracing::error!(target: "backstop::config", "a reload has panicked; the last good configuration serves on");
        }
        if let Some(watcher) = &mut watcher {
            watcher.follow(reloader.files());
        }
    }
}

/// Resolves when something has changed and it has been quiet since, or when it is time to look anyhow.
async fn notice(changed: &Notify) {
    if time::timeout(POLL, changed.notified()).await.is_err() {
        return;
    }
    let quiet = async { while time::timeout(DEBOUNCE, changed.notified()).await.is_ok() {} };
    // A directory in which something is written all the time is never quiet.
    let _ = time::timeout(LONGEST_DEBOUNCE, quiet).await;
}

/// Watches the directories of the files, whichever these are now.
struct Directories {
    watcher: Option<RecommendedWatcher>,
    watched: BTreeSet<PathBuf>,
}

impl Directories {
    fn new(changed: Arc<Notify>, files: &[PathBuf]) -> Self {
        let hear = move |event: notify::Result<Event>| {
            // An error may hide a change.
            if event.map_or(true, |event| is_change(event.kind)) {
                changed.notify_one();
            }
        };
        let watcher = match notify::recommended_watcher(hear) {
            Ok(watcher) => Some(watcher),
            Err(error) => {
                tracing::warn!(target: "backstop::config", %error, every = ?POLL, "files cannot be watched; they are looked at from time to time");
                None
            }
        };
        let mut directories = Self { watcher, watched: BTreeSet::new() };
        directories.follow(files);
        directories
    }

    /// Links may point elsewhere now.
    fn follow(&mut self, files: &[PathBuf]) {
        let Some(watcher) = &mut self.watcher else { return };
        let wanted = directories(files);
        for gone in self.watched.difference(&wanted) {
            // A directory that was removed is not watched any more by itself.
            let _ = watcher.unwatch(gone);
        }
        for new in wanted.difference(&self.watched) {
            if let Err(error) = watcher.watch(new, RecursiveMode::NonRecursive) {
                tracing::warn!(target: "backstop::config", directory = %new.display(), %error, every = ?POLL, "a directory cannot be watched; its files are looked at from time to time");
            }
        }
        self.watched = wanted;
    }
}

/// Whether it may have given a file another content. Reading one, as a reload does, must not be heard.
const fn is_change(kind: EventKind) -> bool {
    !matches!(kind, EventKind::Access(_))
        || matches!(kind, EventKind::Access(AccessKind::Close(AccessMode::Write)))
}

/// The signal by which operators ask for a reload, on systems that have it.
struct Hangup {
    #[cfg(unix)]
    signal: Option<tokio::signal::unix::Signal>,
}

impl Hangup {
    #[cfg(unix)]
    fn new() -> Self {
        let signal = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup());
        if let Err(error) = &signal {
            tracing::warn!(target: "backstop::config", %error, "SIGHUP cannot be heard; it will end the process");
        }
        Self { signal: signal.ok() }
    }

    #[cfg(not(unix))]
    const fn new() -> Self {
        Self {}
    }

    async fn recv(&mut self) {
        #[cfg(unix)]
        if let Some(signal) = &mut self.signal
            && signal.recv().await.is_some()
        {
            return;
        }
        std::future::pending().await
    }
}

/// Several writes that belong together are one change.
const DEBOUNCE: Duration = Duration::from_millis(200);
const LONGEST_DEBOUNCE: Duration = Duration::from_secs(2);
/// Network file systems tell nobody of changes that another machine makes.
const POLL: Duration = Duration::from_secs(5);
