//! `cargo xtask ci`: everything that a change must pass, what is cheap to fail first.
//!
//! All steps but the last share one target directory and one set of compiler flags, so that nothing is built twice:
//! warnings become errors by arguments of clippy and rustdoc, which leave the dependencies alone.

use crate::{features, loom, step, test, tools::Tools, workspace::Workspace};

/// Runs all of it, to the first failure.
///
/// # Errors
///
/// The step that failed.
pub(crate) fn run(workspace: &Workspace) -> Result<(), String> {
    step::run("Format", workspace.cargo().args(["fmt", "--all", "--check"]))?;
    let tools = Tools::find(workspace, &["cargo-nextest", "cargo-deny", "cargo-shear"])?;
    let deny = ["deny", "--log-level", "error", "check", "bans", "licenses", "sources"];
    step::run("Licences and sources", tools.cargo(workspace).args(deny))?;
    step::run("Unused dependencies", tools.cargo(workspace).arg("shear"))?;
    let clippy = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
    step::run("Lints", workspace.cargo().args(clippy))?;
    features::run(workspace)?;
    let mut doc = workspace.cargo();
    doc.args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings");
    step::run("Documentation", &mut doc)?;
    test::run(workspace, &[])?;
    loom::run(workspace)?;
    step::say("\n==> Everything passed.");
    Ok(())
}
