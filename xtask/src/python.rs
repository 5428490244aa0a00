//! Python environments: one directory each, installed once for each list of requirements.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{debian, step, workspace::Workspace};

/// The environment `name` with everything in the file `requirements`. Gives the directory of its programs.
///
/// # Errors
///
/// What is missing or cannot be installed.
pub(crate) fn environment(workspace: &Workspace, name: &str, requirements: &Path) -> Result<PathBuf, String> {
    let wanted = fs::read_to_string(requirements)
        .map_err(|error| format!("cannot read {}: {error}", requirements.display()))?;
    let directory = workspace.test_tools().join(name);
    let (programs, installed) = (directory.join("bin"), directory.join("installed.txt"));
    // The list is kept beside what it led to: another list is another environment.
    if fs::read_to_string(&installed).is_ok_and(|installed| installed == wanted) {
        return Ok(programs);
    }
    create(&directory)?;
    let headline = format!("Install {} into {}", requirements.display(), directory.display());
    let mut pip = Command::new(programs.join("python"));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"])
        .arg(requirements);
    step::run(&headline, &mut pip)?;
    fs::write(&installed, wanted)
        .map_err(|error| format!("cannot write {}: {error}", installed.display()))?;
    Ok(programs)
}

fn create(directory: &Path) -> Result<(), String> {
    debian::need("python3", "--version", PACKAGES)?;
    let headline = format!("Make a Python environment in {}", directory.display());
    let venv = || {
        let mut command = Command::new("python3");
        command.args(["-m", "venv", "--clear"]).arg(directory);
        command
    };
    // Debian's python3 comes without the part that puts pip into an environment.
    if !step::succeeds(Command::new("python3").args(["-c", "import ensurepip, venv"])) {
        debian::install("Python's venv module", PACKAGES)?;
    }
    step::run(&headline, &mut venv())
}

const PACKAGES: &[&str] = &["python3", "python3-venv"];
