//! The process's log.

mod line;

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;

use self::line::JsonLine;

/// How log lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
#[non_exhaustive]
pub enum LogFormat {
    /// One JSON object a line.
    #[default]
    Json,
    /// For people.
    Text,
}

/// Sends the log to standard error. `filter` is a list of `target=level`; the default is `info`.
///
/// # Errors
///
/// What is wrong with `filter`.
pub fn init(format: LogFormat, filter: &str) -> Result<(), String> {
    let filter = EnvFilter::try_new(filter).map_err(|error| {
        format!("`{filter}` is no log filter ({error}); write one like `info,backstop=debug`")
    })?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let set = match format {
        LogFormat::Json => builder.event_format(JsonLine).try_init(),
        LogFormat::Text => builder.compact().try_init(),
    };
    set.map_err(|error| format!("the log cannot be set up: {error}"))
}
