//! Programs that come as packages of the distribution.

use std::process::Command;

use crate::step;

/// Makes sure that `program` is there: where it is missing, `packages` are installed.
///
/// # Errors
///
/// That it is missing and cannot be installed from here, with what to do.
pub(crate) fn need(program: &str, probe: &str, packages: &[&str]) -> Result<(), String> {
    if step::succeeds(Command::new(program).arg(probe)) {
        return Ok(());
    }
    install(program, packages)
}

/// Installs `packages`, for the sake of `what`.
///
/// # Errors
///
/// That this is no Debian or Ubuntu, or not run by root, with what to do.
pub(crate) fn install(what: &str, packages: &[&str]) -> Result<(), String> {
    let list = packages.join(" ");
    if !step::succeeds(Command::new("apt-get").arg("--version")) {
        return Err(format!(
            "{what} is missing, and there is no apt-get to install it; install it (Debian calls it {list})"
        ));
    }
    if !is_root() {
        return Err(format!(
            "{what} is missing, and only root may install it; run `sudo apt-get install {list}`"
        ));
    }
    step::run("Update the list of packages", Command::new("apt-get").args(["update", "-qq"]))?;
    let mut command = Command::new("apt-get");
    command.args(["install", "-y", "-qq", "--no-install-recommends"]).args(packages);
    step::run(&format!("Install {list}"), command.env("DEBIAN_FRONTEND", "noninteractive"))
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
