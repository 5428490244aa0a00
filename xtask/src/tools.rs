//! Cargo subcommands that do not come with the toolchain.

use std::{env, ffi::OsString, process::Command};

use crate::{python, step, workspace::Workspace};

/// Where the subcommands are.
#[derive(Debug)]
pub(crate) struct Tools {
    path: OsString,
}

impl Tools {
    /// Finds `names` (such as `cargo-nextest`), and installs all tools from `xtask/tools.txt` where one is missing.
    ///
    /// # Errors
    ///
    /// What cannot be installed.
    pub(crate) fn find(workspace: &Workspace, names: &[&str]) -> Result<Self, String> {
        let path = env::var_os("PATH").unwrap_or_default();
        let there = |name: &&str| step::succeeds(Command::new(name).arg("--version"));
        if names.iter().all(there) {
            return Ok(Self { path });
        }
        let programs = python::environment(workspace, "cargo", &workspace.root.join("xtask/tools.txt"))?;
        let path = env::join_paths(std::iter::once(programs).chain(env::split_paths(&path)))
            .map_err(|error| format!("the target directory's name cannot stand in PATH: {error}"))?;
        Ok(Self { path })
    }

    /// Cargo, with the subcommands in reach.
    pub(crate) fn cargo(&self, workspace: &Workspace) -> Command {
        let mut command = workspace.cargo();
        command.env("PATH", &self.path);
        command
    }
}
