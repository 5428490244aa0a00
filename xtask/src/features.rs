//! `cargo xtask features`: each crate on its own.
//!
//! Built together, crates lend each other the features of what they share; a user of one crate has no such luck.

use crate::{step, workspace::Workspace};

/// Checks each crate without features and with each of its features alone.
///
/// # Errors
///
/// The first that does not compile.
pub(crate) fn run(workspace: &Workspace) -> Result<(), String> {
    for package in &workspace.crates {
        let none = std::iter::once(None);
        for feature in none.chain(package.features.iter().map(Some)) {
            let mut cargo = workspace.cargo();
            cargo.args(["check", "--quiet", "--package", &package.name, "--no-default-features"]);
            let with = feature.map_or("no feature", |feature| {
                cargo.args(["--features", feature]);
                feature.as_str()
            });
            step::run(&format!("Check {} with {with}", package.name), &mut cargo)?;
        }
    }
    Ok(())
}
