//! `cargo xtask test`: everything that the tests need, then the tests.

use std::env;

use crate::{debian, python, step, tools::Tools, workspace::Workspace};

/// Installs what the tests need and runs them: the workspace's by nextest, then the examples in the documentation.
/// With `filters`, only those that nextest finds by them.
///
/// # Errors
///
/// What is missing, or that a test failed.
pub(crate) fn run(workspace: &Workspace, filters: &[&str]) -> Result<(), String> {
    let tools = Tools::find(workspace, &["cargo-nextest"])?;
    for (program, package) in PROGRAMS {
        debian::need(program, "--version", &[package])?;
    }
    // Its programs are in no search path on Debian.
    if !std::fs::exists("/usr/lib/postgresql").unwrap_or_default() {
        debian::need("initdb", "--version", &["postgresql"])?;
    }
    let mut nextest = tools.cargo(workspace);
    nextest.args(["nextest", "run", "--workspace"]).args(filters);
    if env::var_os("BACKSTOP_FUZZ_SECONDS").is_none() {
        nextest.env("BACKSTOP_FUZZ_SECONDS", FUZZ_SECONDS);
    }
    let requirements = workspace.root.join("tests/sdk/requirements.txt");
    if requirements.exists() {
        let programs = python::environment(workspace, "python", &requirements)?;
        nextest.env("BACKSTOP_PYTHON", programs.join("python"));
    }
    step::run("Test", &mut nextest)?;
    if filters.is_empty() {
        let mut doctests = workspace.cargo();
        doctests.args(["test", "--workspace", "--doc", "--quiet"]);
        step::run("Test the examples in the documentation", &mut doctests)?;
    }
    Ok(())
}

/// What tests start, and the Debian package that it comes in.
const PROGRAMS: &[(&str, &str)] = &[("curl", "curl")];

/// Long enough to find what a second does not, and short beside the rest, which runs at the same time.
const FUZZ_SECONDS: &str = "20";
