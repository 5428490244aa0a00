//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::log::LogFormat;

/// Backstop keeps LLM features alive when a provider does not.
#[derive(Debug, Parser)]
#[command(name = "backstop", version, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
#[non_exhaustive]
pub enum Command {
    /// Serve chains of providers to OpenAI, Anthropic and Gemini clients.
    Serve(ServeArguments),
    /// Check a configuration and show what it means, without serving.
    Check(ConfigArguments),
    /// Watch requests survive a provider's failures: simulated providers, the gateway and traffic in one process.
    Demo(DemoArguments),
}

/// Where the configuration comes from.
#[derive(Debug, Args)]
#[non_exhaustive]
pub struct ConfigArguments {
    /// A YAML file; may be given several times, and the files add up. Without any, a chain is built from the API keys in
    /// the environment.
    #[arg(long = "config", short = 'c', value_name = "FILE", env = "BACKSTOP_CONFIG", value_delimiter = ',')]
    pub files: Vec<PathBuf>,
}

/// How the log is written.
#[derive(Debug, Args)]
#[non_exhaustive]
pub struct LogArguments {
    /// The form of log lines.
    #[arg(long, value_enum, default_value_t, env = "BACKSTOP_LOG_FORMAT")]
    pub log_format: LogFormat,
    /// What is logged: `target=level`, separated by commas.
    #[arg(long, default_value = "info", value_name = "FILTER", env = "BACKSTOP_LOG")]
    pub log: String,
}

/// What `serve` is told.
#[derive(Debug, Args)]
#[non_exhaustive]
pub struct ServeArguments {
    #[command(flatten)]
    pub(crate) config: ConfigArguments,
    #[command(flatten)]
    pub(crate) log: LogArguments,
    /// The address to listen on, instead of the configuration's.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<std::net::SocketAddr>,
    /// Do not watch the configuration files; SIGHUP still reloads them.
    #[arg(long)]
    pub(crate) no_watch: bool,
}

/// What `demo` is told.
#[derive(Debug, Args)]
#[non_exhaustive]
pub struct DemoArguments {
    /// The address that the gateway listens on.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub(crate) listen: std::net::SocketAddr,
    /// End after the traffic instead of serving on.
    #[arg(long)]
    pub(crate) once: bool,
}

impl Cli {
    /// What to do.
    #[must_use]
    pub fn into_command(self) -> Command {
        self.command
    }
}
