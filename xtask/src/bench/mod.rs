//! `cargo xtask bench`: what the gateway costs, beside a bare hyper proxy and nginx, in one run.
//!
//! All of them stand before the same upstream of fixed bytes and are asked by the same callers. The one under test has one
//! core, upstream and callers the other. CPU time is the kernel's own account of the process
//! (`/proc/PID/task/*/schedstat`, nanoseconds on a core), the median of interleaved passes.

mod case;
mod cpu;
mod figure;
mod latency;
mod load;
mod memory;
mod nginx;
mod process;
mod subject;

use std::{
    fs,
    path::{Path, PathBuf},
};

use self::{case::Case, process::Running, subject::UPSTREAM};
use crate::{step, workspace::Workspace};

/// Where the programs are, and where their configurations go.
#[derive(Debug)]
struct Stage {
    programs: PathBuf,
    directory: PathBuf,
}

/// Measures and prints tables in Markdown. With `names`, only the CPU time of the cases whose names contain one of them,
/// and of those that they are compared with.
///
/// # Errors
///
/// What is missing or went wrong, in a sentence.
pub(crate) fn run(workspace: &Workspace, names: &[&str]) -> Result<(), String> {
    let cases = Case::named(names)?;
    let stage = Stage { programs: build(workspace)?, directory: workspace.target.join("bench") };
    fs::create_dir_all(&stage.directory)
        .map_err(|error| format!("cannot make {}: {error}", stage.directory.display()))?;
    nginx::install()?;
    let _upstream =
        Running::start("upstream", &stage.programs.join("bench-upstream"), &[UPSTREAM], process::REST)?;
    let whole = names.is_empty();
    let memory = if whole { Some(memory::measure(&stage)?) } else { None };
    let subjects = subject::all(&stage)?;
    let cpu = cpu::measure(&stage, &subjects, &cases)?;
    let latency = if whole { Some(latency::measure(&stage, &subjects)?) } else { None };
    step::say(&format!("\nCPU time a request:\n\n{cpu}"));
    if let Some(latency) = latency {
        step::say(&format!("Time added at {} requests a second:\n\n{latency}", latency::RATE));
    }
    if let Some(memory) = memory {
        step::say(&format!("Resident memory:\n\n{memory}"));
    }
    Ok(())
}

/// Builds everything that is measured, with optimizations. Gives the folder of the programs.
fn build(workspace: &Workspace) -> Result<PathBuf, String> {
    let mut cargo = workspace.cargo();
    cargo.args(["build", "--release", "-p", "backstop-gateway", "-p", "backstop-bench", "--bins"]);
    step::run("Build what is measured", &mut cargo)?;
    Ok(workspace.target.join("release"))
}

fn write(file: &Path, text: &str) -> Result<(), String> {
    fs::write(file, text).map_err(|error| format!("cannot write {}: {error}", file.display()))
}
