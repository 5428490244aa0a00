//! What the command line can ask for.

mod check;
mod demo;
mod error;
mod models;
mod report;
mod serve;

use std::{future::Future, process::ExitCode};

use tokio::runtime::Builder;

pub use self::error::CommandError;
use crate::cli::Command;

/// Does what `command` says, and tells on standard error what went wrong.
///
/// Exit codes: 0 done, 1 something outside failed (a port in use), 2 the configuration or the command line is wrong.
#[must_use]
pub fn run(command: Command) -> ExitCode {
    let result = match command {
        Command::Serve(arguments) => block_on(serve::serve(arguments)),
        Command::Report(arguments) => report::report(&arguments),
        Command::Check(arguments) => check::check(&arguments),
        Command::Models(arguments) => models::models(&arguments),
        Command::Demo(arguments) => block_on(demo::demo(arguments)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            #[expect(
                clippy::print_stderr,
                reason = "the command line's own error, where no log is set up yet"
            )]
            {
                eprintln!("backstop: {error}");
            }
            error.code()
        }
    }
}

fn block_on(future: impl Future<Output = Result<(), CommandError>>) -> Result<(), CommandError> {
    // On one core, workers would only hand work to each other.
    let one = std::thread::available_parallelism().is_ok_and(|cores| cores.get() == 1);
    let mut builder = if one { Builder::new_current_thread() } else { Builder::new_multi_thread() };
    let runtime = builder
        .enable_all()
        .build()
        .map_err(|error| CommandError::outside(format!("the runtime cannot be started: {error}")))?;
    let result = runtime.block_on(future);
    // What was cut off must not keep the process alive.
    runtime.shutdown_background();
    result
}
