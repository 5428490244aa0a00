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
    /// What a span of time was like and cost, from the ledger.
    Report(ReportArguments),
    /// List and search the models that the catalogue knows, with their prices.
    Models(ModelsArguments),
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

/// What `models` is told.
#[derive(Debug, Default, Args)]
#[non_exhaustive]
pub struct ModelsArguments {
    /// Words that the model's name (`provider/model`) has; all of them.
    #[arg(value_name = "SEARCH")]
    pub(crate) search: Vec<String>,
    /// Only this provider's.
    #[arg(long, value_name = "PROVIDER")]
    pub(crate) provider: Option<String>,
    /// Only those that can do this: tools, images, documents, audio, json_schema, reasoning, prompt_cache, prefill. May be
    /// given several times.
    #[arg(long, value_name = "CAPABILITY")]
    pub(crate) capability: Vec<String>,
    /// Only those whose input and output cost at most this many dollars a million tokens.
    #[arg(long, value_name = "DOLLARS")]
    pub(crate) max_price: Option<String>,
    /// As JSON, with all that is known of each.
    #[arg(long)]
    pub(crate) json: bool,
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

/// What `report` is told.
#[derive(Debug, Args)]
#[non_exhaustive]
pub struct ReportArguments {
    #[command(flatten)]
    pub(crate) config: ConfigArguments,
    /// The ledger, instead of the configuration's: a SQLite file, or the URL of a Postgres database.
    #[arg(long, value_name = "FILE", env = "BACKSTOP_LEDGER", hide_env_values = true)]
    pub(crate) ledger: Option<String>,
    /// How far back it goes, such as `7d` or `12h`. Widened to whole hours.
    #[arg(long, value_name = "TIME", default_value = "7d")]
    pub(crate) since: String,
    /// When it begins, instead: a day or a moment in UTC, such as `2026-11-25` or `2026-11-25T09:00:00Z`.
    #[arg(long, value_name = "MOMENT")]
    pub(crate) from: Option<String>,
    /// When it ends. Default: now.
    #[arg(long, value_name = "MOMENT")]
    pub(crate) to: Option<String>,
    /// A report as a table or as JSON; or the rows of the attempts, as CSV or as JSON lines.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: ReportFormat,
    /// The same as `--format json`.
    #[arg(long)]
    pub(crate) json: bool,
    /// With `csv` and `jsonl`: the rows of the requests instead.
    #[arg(long)]
    pub(crate) requests: bool,
}

/// How a report is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
#[non_exhaustive]
pub enum ReportFormat {
    /// For people.
    #[default]
    Table,
    /// The report as one JSON object.
    Json,
    /// The rows, with a head.
    Csv,
    /// The rows, one JSON object a line.
    Jsonl,
}

impl Cli {
    /// What to do.
    #[must_use]
    pub fn into_command(self) -> Command {
        self.command
    }
}
