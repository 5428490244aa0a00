//! `backstop`: see `backstop --help`.

use std::process::ExitCode;

use backstop_gateway::{cli::Cli, commands};
use clap::Parser as _;

fn main() -> ExitCode {
    commands::run(Cli::parse().into_command())
}
