//! `cargo xtask loom`: the breaker's lock-free part under every interleaving of a few threads.
//!
//! Loom's types take the place of std's by a compiler flag, so this builds into a directory of its own.

use crate::{step, workspace::Workspace};

/// Builds and runs the tests in `crates/breaker/src/policy/interleavings.rs`.
///
/// # Errors
///
/// That an interleaving breaks what is asserted.
pub(crate) fn run(workspace: &Workspace) -> Result<(), String> {
    let mut cargo = workspace.cargo();
    cargo
        .args(["test", "--package", "backstop-breaker", "--lib", "--target-dir"])
        .arg(workspace.target.join("loom"));
    cargo.env("RUSTFLAGS", "--cfg backstop_loom");
    step::run("Explore interleavings", &mut cargo)
}
