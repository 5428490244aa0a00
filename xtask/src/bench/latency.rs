//! What time a subject adds to an answer under light load.

use std::fmt;

use super::{
    Stage,
    figure::median,
    load::Ask,
    subject::{Subject, UPSTREAM},
};
use crate::step;

/// Requests a second.
pub(crate) const RATE: usize = 200;

/// What time each subject adds.
#[derive(Debug, Default)]
pub(crate) struct Latencies(Vec<Latency>);

#[derive(Debug)]
struct Latency {
    kind: &'static str,
    through: &'static str,
    /// A pass each, in microseconds.
    p50: Vec<u64>,
    p99: Vec<u64>,
}

/// Has the upstream asked directly and through every subject, again and again.
///
/// # Errors
///
/// What went wrong.
pub(crate) fn measure(stage: &Stage, subjects: &[Subject]) -> Result<Latencies, String> {
    let mut latencies = Latencies::default();
    for pass in 1..=PASSES {
        for (kind, ask) in ASKS {
            let direct = std::iter::once((DIRECT, UPSTREAM));
            for (through, address) in
                direct.chain(subjects.iter().map(|subject| (subject.name, subject.address)))
            {
                ask.paced(stage, address, RATE, RATE / 4)?;
                let load = ask.paced(stage, address, RATE, REQUESTS)?;
                step::say(&format!(
                    "pass {pass}, {kind}, {through}: p50 {} µs, p99 {} µs",
                    load.p50, load.p99
                ));
                latencies.add(kind, through, load.p50, load.p99);
            }
        }
    }
    Ok(latencies)
}

impl Latencies {
    fn add(&mut self, kind: &'static str, through: &'static str, p50: u64, p99: u64) {
        match self.0.iter_mut().find(|latency| latency.kind == kind && latency.through == through) {
            Some(latency) => {
                latency.p50.push(p50);
                latency.p99.push(p99);
            }
            None => self.0.push(Latency { kind, through, p50: vec![p50], p99: vec![p99] }),
        }
    }
}

/// Medians, as a table in Markdown: first the upstream's own time, then what is added to it.
impl fmt::Display for Latencies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| case | through | p50 | p99 |\n| --- | --- | ---: | ---: |")?;
        for latency in &self.0 {
            let (kind, through) = (latency.kind, latency.through);
            let (p50, p99) = (median(&latency.p50), median(&latency.p99));
            let direct = self.0.iter().find(|other| other.kind == kind && other.through == DIRECT);
            match direct.filter(|_| through != DIRECT) {
                None => writeln!(f, "| {kind} | {through} | {p50} µs | {p99} µs |")?,
                Some(direct) => {
                    // Noise can make a proxy faster than no proxy.
                    let added = |time: u64, direct: &[u64]| time as f64 - median(direct) as f64;
                    let (p50, p99) = (added(p50, &direct.p50), added(p99, &direct.p99));
                    writeln!(f, "| {kind} | {through} | {p50:+} µs | {p99:+} µs |")?;
                }
            }
        }
        Ok(())
    }
}

const ASKS: [(&str, Ask); 2] = [
    ("pass-through, 1 KiB prompt", Ask::whole("gpt-4.1-mini", 1 << 10)),
    ("stream of 100 events", Ask::stream("gpt-4.1-mini", 1 << 10)),
];
const DIRECT: &str = "nothing between";
const PASSES: usize = 3;
const REQUESTS: usize = 1_000;
