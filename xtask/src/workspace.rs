//! The workspace: where it is, where it builds, and what it is made of.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// The workspace.
#[derive(Debug)]
pub(crate) struct Workspace {
    /// The directory of the root manifest.
    pub(crate) root: PathBuf,
    /// The directory that cargo builds in.
    pub(crate) target: PathBuf,
    /// The published crates: those under `crates/`.
    pub(crate) crates: Vec<Package>,
}

/// A crate.
#[derive(Debug)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// Without `default`.
    pub(crate) features: Vec<String>,
}

impl Workspace {
    /// Asks cargo.
    ///
    /// # Errors
    ///
    /// That cargo does not answer, or not what is expected.
    pub(crate) fn find() -> Result<Self, String> {
        let output = cargo(Path::new(env!("CARGO_MANIFEST_DIR")))
            .args(["metadata", "--format-version", "1", "--no-deps"])
            .output()
            .map_err(|error| format!("cargo cannot be started: {error}"))?;
        if !output.status.success() {
            return Err(format!(
                "`cargo metadata` failed: {}",
                String::from_utf8_lossy(&output.stderr).trim()
            ));
        }
        let metadata: Value = serde_json::from_slice(&output.stdout)
            .map_err(|error| format!("`cargo metadata` gave no JSON: {error}"))?;
        let directory = |name: &str| {
            let path = metadata[name].as_str().map(PathBuf::from);
            path.ok_or_else(|| format!("`cargo metadata` gave no {name}"))
        };
        let (root, target) = (directory("workspace_root")?, directory("target_directory")?);
        let packages = metadata["packages"].as_array().map(Vec::as_slice).unwrap_or_default();
        let folder = root.join("crates");
        let crates = packages
            .iter()
            .filter(|package| {
                package["manifest_path"].as_str().is_some_and(|path| Path::new(path).starts_with(&folder))
            })
            .filter_map(Package::of)
            .collect();
        Ok(Self { root, target, crates })
    }

    /// Cargo, to be run in the root.
    pub(crate) fn cargo(&self) -> Command {
        cargo(&self.root)
    }

    /// Where what the tests need is installed.
    pub(crate) fn test_tools(&self) -> PathBuf {
        self.target.join("test-tools")
    }
}

impl Package {
    fn of(package: &Value) -> Option<Self> {
        let features = package["features"].as_object()?;
        let features = features.keys().filter(|name| *name != "default").cloned().collect();
        Some(Self { name: package["name"].as_str()?.to_owned(), features })
    }
}

/// Cargo without what `cargo run` told this program of its own package: build scripts that look at it would run again.
fn cargo(directory: &Path) -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(directory);
    for (name, _) in std::env::vars_os() {
        let leaked = name.to_str().is_some_and(|name| {
            name.starts_with("CARGO_PKG_")
                || matches!(name, "CARGO" | "CARGO_MANIFEST_DIR" | "CARGO_MANIFEST_PATH")
        });
        if leaked {
            command.env_remove(name);
        }
    }
    command
}
