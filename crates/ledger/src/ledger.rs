use std::{
    fmt, io,
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

use crate::{LedgerConfig, Recorder, status::Status, writer};

/// A ledger that is written. Whoever runs a gateway owns it; layers have its [`Recorder`].
///
/// Dropping it is like [`close`](Self::close).
pub struct Ledger {
    recorder: Recorder,
    writer: Option<JoinHandle<()>>,
}

impl Ledger {
    /// Begins to write, in a thread of its own. The store is opened there: one that is down, full, locked or broken is
    /// told to the log and tried again, and rows wait for it meanwhile, as many as the queue takes.
    ///
    /// # Errors
    ///
    /// The system gives no thread.
    pub fn open(config: LedgerConfig) -> io::Result<Self> {
        let recorder = Recorder::new(config.queue, Arc::new(Status::default()));
        let its = recorder.clone();
        let writer = thread::Builder::new()
            .name("backstop-ledger".to_owned())
            .spawn(move || writer::run(&config, its.queue(), its.status()))?;
        Ok(Self { recorder, writer: Some(writer) })
    }

    /// What takes rows.
    #[must_use]
    pub const fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// Takes no more rows, and writes those that wait. Blocks for at most 10 s; what is not written then is lost.
    pub fn close(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.recorder.queue().close();
        let Some(writer) = self.writer.take() else { return };
        for _ in 0..1000 {
            if writer.is_finished() {
                let _ = writer.join();
                break;
            }
            thread::park_timeout(Duration::from_millis(10));
        }
        let lost = self.recorder.waiting();
        if lost == 0 {
            return;
        }
        tracing::error!(target: "backstop::ledger", lost, "the ledger's store does not answer; its last rows are lost");
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        self.end();
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger").field("recorder", &self.recorder).finish_non_exhaustive()
    }
}
