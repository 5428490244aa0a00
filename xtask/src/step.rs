//! Steps: commands that are announced, run and judged.

use std::{
    process::Command,
    time::{Duration, SystemTime},
};

/// Runs `command` under a headline, with its output on the terminal.
///
/// # Errors
///
/// That it cannot be started, or how it ended.
pub(crate) fn run(headline: &str, command: &mut Command) -> Result<(), String> {
    say(&format!("\n==> {headline}"));
    let started = SystemTime::now();
    let status = command.status().map_err(|error| {
        format!("{headline}: `{}` cannot be started: {error}", command.get_program().display())
    })?;
    if status.success() {
        say(&format!("==> {headline}: {}", spoken(started.elapsed().unwrap_or_default())));
        Ok(())
    } else {
        Err(format!("{headline} failed ({status}): {}", line(command)))
    }
}

/// Whether `command` can be started and succeeds; its output is thrown away.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

/// Prints a line for the developer.
pub(crate) fn say(line: &str) {
    #[expect(clippy::print_stdout, reason = "a task's own output")]
    {
        println!("{line}");
    }
}

/// Prints why the task failed.
pub(crate) fn complain(error: &str) {
    #[expect(clippy::print_stderr, reason = "a task's own output")]
    {
        eprintln!("xtask: {error}");
    }
}

fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.display().to_string()).collect::<Vec<_>>().join(" ")
}

fn spoken(time: Duration) -> String {
    format!("{}.{} s", time.as_secs(), time.subsec_millis() / 100)
}
