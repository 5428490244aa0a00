//! The cases that are measured, and the callers.

use std::{path::Path, process::Command};

use super::process;

/// One kind of request.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) requests: usize,
    prompt_bytes: usize,
    kind: &'static str,
}

/// What the callers report.
#[derive(Debug)]
pub(crate) struct Load {
    pub(crate) requests: usize,
    pub(crate) p50: u64,
    pub(crate) p99: u64,
}

/// Enough requests for several seconds a pass on one core.
pub(crate) const CASES: &[Case] = &[
    Case { name: "pass-through, 1 KiB prompt", requests: 40_000, prompt_bytes: 1024, kind: "whole" },
    Case { name: "pass-through, 64 KiB prompt", requests: 10_000, prompt_bytes: 64 << 10, kind: "whole" },
    Case { name: "stream of 100 events", requests: 4_000, prompt_bytes: 1024, kind: "stream" },
];

const CONNECTIONS: usize = 64;

impl Case {
    pub(crate) fn warm_up(&self) -> usize {
        (self.requests / 10).max(CONNECTIONS)
    }

    /// Has `requests` requests sent to `address` by 64 callers, one at a time each.
    pub(crate) fn load(&self, binaries: &Path, address: &str, requests: usize) -> Result<Load, String> {
        let output = Command::new("taskset")
            .args(["-c", process::REST])
            .arg(binaries.join("bench-load"))
            .args([address, &CONNECTIONS.to_string(), &requests.to_string(), &self.prompt_bytes.to_string(), self.kind])
            .output()
            .map_err(|error| format!("cannot start the callers with `taskset`: {error}"))?;
        if !output.status.success() {
            return Err(format!("{}: {}", self.name, String::from_utf8_lossy(&output.stderr).trim()));
        }
        let line = String::from_utf8_lossy(&output.stdout).into_owned();
        let figure = |name: &str| -> Result<u64, String> {
            let value = line.split_whitespace().find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
            value.and_then(|value| value.parse().ok()).ok_or_else(|| format!("the callers said no {name}: {line}"))
        };
        let requests = usize::try_from(figure("requests")?).map_err(|error| error.to_string())?;
        Ok(Load { requests, p50: figure("p50_us")?, p99: figure("p99_us")? })
    }
}
