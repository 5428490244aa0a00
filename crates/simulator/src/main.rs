//! The simulator as a program.

use std::{fmt::Display, io::Write, net::SocketAddr, path::PathBuf, process::ExitCode};

use backstop_simulator::{Behaviour, Dialect, Flavour, Server, Simulator};
use clap::Parser;

/// Plays an LLM provider: answers, refuses and fails like the real ones.
///
/// POST /v1/chat/completions speaks OpenAI Chat Completions, POST /v1/messages Anthropic Messages,
/// POST /v1beta/models/MODEL:generateContent and :streamGenerateContent Google Gemini, GET …/models all of them.
/// It echoes what it is told unless a script, a behaviour or the header x-simulator-fault says otherwise.
///
/// A behaviour is words with `;` between them, such as `status=429; retry-after=2s`, `tokens=60; dies=40 reset`,
/// `first-token-after=20s`, `html`, `ok`. A script file has lines such as `model gpt-4.1 => status=500 | always ok`. The
/// documentation of the crate backstop-simulator lists all of it.
#[derive(Debug, Parser)]
#[command(name = "backstop-simulator", version)]
struct Arguments {
    /// Where to listen; port 0 is a free one
    #[arg(long, default_value = "127.0.0.1:9000", value_name = "ADDRESS")]
    listen: SocketAddr,

    /// The only dialect to speak: openai-chat, anthropic-messages or gemini-generate [default: all]
    #[arg(long, value_parser = dialect)]
    dialect: Option<Dialect>,

    /// Whose OpenAI Chat Completions to speak: openai, deepseek, qwen or mistral
    #[arg(long, default_value = "openai", value_parser = flavour)]
    flavour: Flavour,

    /// An API key to accept; may be given again [default: any]
    #[arg(long = "key", value_name = "KEY")]
    keys: Vec<String>,

    /// A model to know; may be given again [default: any]
    #[arg(long = "model", value_name = "MODEL")]
    models: Vec<String>,

    /// What to do with every request that nothing else is said of
    #[arg(long, default_value = "ok", value_name = "BEHAVIOUR")]
    behaviour: Behaviour,

    /// A file that says what to do with which requests
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,

    /// A name that seeds ids and rates
    #[arg(long, default_value = "simulator")]
    name: String,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            // Without a standard error there is nobody to tell.
            let _ = writeln!(std::io::stderr(), "backstop-simulator: {problem}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), String> {
    let simulator = simulator(&arguments)?;
    let listen = arguments.listen;
    let server = simulator.serve(listen).await.map_err(about(&format!("cannot listen on {listen}")))?;
    tokio::select! {
        // Who reads that it listens may interrupt it at once: Ctrl-C is listened for first.
        biased;
        interrupted = tokio::signal::ctrl_c() => interrupted.map_err(about("cannot wait for Ctrl-C"))?,
        error = announce(&server) => return Err(about("cannot write")(error)),
    }
    server.stop().await;
    Ok(())
}

/// Says where it listens and then nothing more.
async fn announce(server: &Server) -> std::io::Error {
    match writeln!(std::io::stdout(), "listening on {}", server.url()) {
        Ok(()) => std::future::pending().await,
        Err(error) => error,
    }
}

fn simulator(arguments: &Arguments) -> Result<Simulator, String> {
    let mut simulator = Simulator::new(&arguments.name)
        .with_flavour(arguments.flavour)
        .with_behaviour(arguments.behaviour.clone());
    if let Some(dialect) = arguments.dialect {
        simulator = simulator.with_dialect(dialect);
    }
    simulator = arguments.keys.iter().fold(simulator, Simulator::with_key);
    simulator = arguments.models.iter().fold(simulator, Simulator::with_model);
    if let Some(file) = &arguments.script {
        let named = file.display().to_string();
        let text = std::fs::read_to_string(file).map_err(about(&named))?;
        simulator.load(&text).map_err(about(&named))?;
    }
    Ok(simulator)
}

fn dialect(name: &str) -> Result<Dialect, String> {
    Dialect::named(name).ok_or_else(|| {
        let known = Dialect::ALL.map(Dialect::name).join(" or ");
        format!("expected {known}")
    })
}

fn flavour(name: &str) -> Result<Flavour, String> {
    Flavour::named(name).ok_or_else(|| {
        let known = Flavour::ALL.map(Flavour::name).join(" or ");
        format!("expected {known}")
    })
}

fn about<E: Display>(what: &str) -> impl FnOnce(E) -> String {
    let what = what.to_owned();
    move |error| format!("{what}: {error}")
}
