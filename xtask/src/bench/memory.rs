//! Resident memory: idle, and with streams open.

use std::{fmt, thread, time::Duration};

use super::{
    Stage,
    load::{Ask, Through},
    subject::{self, BACKSTOP},
};
use crate::step;

/// What memory each subject holds.
#[derive(Debug)]
pub(crate) struct Memories(Vec<Memory>);

#[derive(Debug)]
struct Memory {
    through: &'static str,
    idle_kib: u64,
    open_kib: u64,
}

/// Looks at every subject fresh from its start, after a few answers, and with 1,000 streams open.
///
/// # Errors
///
/// What went wrong.
pub(crate) fn measure(stage: &Stage) -> Result<Memories, String> {
    let mut memories = Vec::new();
    for subject in subject::all(stage)? {
        let through = if subject.name == BACKSTOP { Through::Gateway } else { Through::Proxy };
        // What is set up by the first request belongs to the idle process.
        Ask::stream("gpt-4.1-mini", 1 << 10).closed_loop(stage, subject.address, 1)?;
        let idle_kib = subject.process.resident_kib()?;
        let streams = Ask::open_stream(through).open(stage, subject.address, STREAMS)?;
        #[expect(clippy::disallowed_methods, reason = "the subject settles; nothing runs on this thread")]
        thread::sleep(Duration::from_secs(1));
        let open_kib = subject.process.resident_kib()?;
        drop(streams);
        step::say(&format!("{}: idle {idle_kib} KiB, with {STREAMS} streams {open_kib} KiB", subject.name));
        memories.push(Memory { through: subject.name, idle_kib, open_kib });
    }
    Ok(Memories(memories))
}

impl Memory {
    fn stream_kib(&self) -> f64 {
        self.open_kib.saturating_sub(self.idle_kib) as f64 / STREAMS as f64
    }
}

/// A table in Markdown.
impl fmt::Display for Memories {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| through | idle | a stream of {STREAMS} | ratio |\n| --- | ---: | ---: | ---: |")?;
        for memory in &self.0 {
            let (through, stream) = (memory.through, memory.stream_kib());
            let ratio = self.0.first().map_or(1.0, |bare| stream / bare.stream_kib());
            let idle = memory.idle_kib as f64 / 1024.0;
            writeln!(f, "| {through} | {idle:.1} MiB | {stream:.1} KiB | {ratio:.2} |")?;
        }
        Ok(())
    }
}

const STREAMS: usize = 1_000;
