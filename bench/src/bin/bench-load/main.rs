//! The callers of the speed figures.
//!
//! - `bench-load closed ADDRESS PATH MODEL PROMPT_BYTES whole|stream CONNECTIONS REQUESTS`: a closed loop, each connection
//!   with one request at a time.
//! - `bench-load paced ADDRESS PATH MODEL PROMPT_BYTES whole|stream RATE REQUESTS`: a request every 1/RATE seconds,
//!   whether or not the earlier ones were answered; the time counts from the moment that the request was due.
//! - `bench-load open ADDRESS PATH MODEL PROMPT_BYTES stream STREAMS`: that many streams, opened and then left open
//!   until standard input ends.
//!
//! Each prints one line of `name=value` pairs. A response that is no 200, or shorter than the whole answer, ends it with an
//! error.

mod closed;
mod connection;
mod open;
mod paced;
mod request;
mod tally;

use std::{env, process::ExitCode};

use self::request::Template;

type Failed = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "the reason is this program's output")]
            {
                eprintln!("bench-load: {error}");
            }
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Failed> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["closed", request @ .., connections, requests] => {
            let template = Template::parse(request)?;
            say(&closed::run(&template, connections.parse()?, requests.parse()?).await?.to_string());
        }
        ["paced", request @ .., rate, requests] => {
            let template = Template::parse(request)?;
            say(&paced::run(&template, rate.parse()?, requests.parse()?).await?.to_string());
        }
        ["open", request @ .., streams] => {
            let streams = open::run(&Template::parse(request)?, streams.parse()?).await?;
            say(&format!("open={}", streams.count()));
            streams.hold().await?;
        }
        _ => {
            return Err(
                "usage: bench-load closed|paced|open ADDRESS PATH MODEL PROMPT_BYTES whole|stream …".into()
            );
        }
    }
    Ok(())
}

fn say(line: &str) {
    #[expect(clippy::print_stdout, reason = "the figures are this program's output")]
    {
        println!("{line}");
    }
}
