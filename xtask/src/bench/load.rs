//! The callers.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use super::{Stage, process};

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask {
    /// The path, where no gateway chooses it by the model.
    pub(crate) path: &'static str,
    model: &'static str,
    prompt_bytes: usize,
    kind: &'static str,
}

/// What the callers report.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) requests: u64,
    pub(crate) p50: u64,
    pub(crate) p99: u64,
}

/// Streams that are held open while this value lives.
#[derive(Debug)]
pub(crate) struct OpenStreams(Child);

impl Ask {
    pub(crate) const fn whole(model: &'static str, prompt_bytes: usize) -> Self {
        Self { path: CHAT, model, prompt_bytes, kind: "whole" }
    }

    pub(crate) const fn stream(model: &'static str, prompt_bytes: usize) -> Self {
        Self { path: CHAT, model, prompt_bytes, kind: "stream" }
    }

    /// A stream that stays open after its first word.
    pub(crate) const fn open_stream(through: Through) -> Self {
        let path = match through {
            Through::Gateway => CHAT,
            Through::Proxy => "/open/v1/chat/completions",
        };
        Self { path, model: "open", prompt_bytes: 1 << 10, kind: "stream" }
    }

    /// Has `requests` requests sent to `address` by 64 callers, one at a time each.
    pub(crate) fn closed_loop(&self, stage: &Stage, address: &str, requests: usize) -> Result<Load, String> {
        self.load(stage, "closed", address, [CONNECTIONS, requests])
    }

    /// Has `requests` requests sent to `address`, `rate` a second.
    pub(crate) fn paced(
        &self,
        stage: &Stage,
        address: &str,
        rate: usize,
        requests: usize,
    ) -> Result<Load, String> {
        self.load(stage, "paced", address, [rate, requests])
    }

    /// Opens `streams` streams.
    pub(crate) fn open(&self, stage: &Stage, address: &str, streams: usize) -> Result<OpenStreams, String> {
        let mut command = self.command(stage, "open", address);
        command
            .arg(streams.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit());
        let mut callers = command.spawn().map_err(|error| cannot_start(&error))?;
        let mut line = String::new();
        if let Some(out) = callers.stdout.take() {
            BufReader::new(out)
                .read_line(&mut line)
                .map_err(|error| format!("the callers say nothing: {error}"))?;
        }
        let streams = OpenStreams(callers);
        if line.starts_with("open=") {
            Ok(streams)
        } else {
            Err("the callers could not open their streams".to_owned())
        }
    }

    fn load(&self, stage: &Stage, way: &str, address: &str, figures: [usize; 2]) -> Result<Load, String> {
        let mut command = self.command(stage, way, address);
        command.args(figures.map(|figure| figure.to_string()));
        let output = command.output().map_err(|error| cannot_start(&error))?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
        }
        let line = String::from_utf8_lossy(&output.stdout).into_owned();
        let figure = |name: &str| -> Result<u64, String> {
            let value = line.split_whitespace().find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
            value
                .and_then(|value| value.parse().ok())
                .ok_or_else(|| format!("the callers said no {name}: {line}"))
        };
        Ok(Load { requests: figure("requests")?, p50: figure("p50_us")?, p99: figure("p99_us")? })
    }

    fn command(&self, stage: &Stage, way: &str, address: &str) -> Command {
        let mut command = process::on_core(process::REST, &stage.programs.join("bench-load"));
        command.args([way, address, self.path, self.model, &self.prompt_bytes.to_string(), self.kind]);
        command
    }
}

/// Who chooses the upstream's path.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Through {
    Gateway,
    Proxy,
}

impl Drop for OpenStreams {
    fn drop(&mut self) {
        // The callers leave when their input ends.
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

fn cannot_start(error: &std::io::Error) -> String {
    format!("cannot start the callers with `prlimit` and `taskset`: {error}")
}

const CHAT: &str = "/v1/chat/completions";
const CONNECTIONS: usize = 64;
