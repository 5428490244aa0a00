//! What is measured: three ways to the same upstream.

use super::{
    Stage, nginx,
    process::{Running, TESTED},
};

/// Where the upstream of fixed bytes listens.
pub(crate) const UPSTREAM: &str = "127.0.0.1:9300";
/// The yardstick's name.
pub(crate) const BARE: &str = "bare hyper proxy";
/// The gateway's name.
pub(crate) const BACKSTOP: &str = "backstop";

/// A proxy or gateway that runs.
#[derive(Debug)]
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    pub(crate) address: &'static str,
    pub(crate) process: Running,
}

/// Starts all of them, with the yardstick first.
///
/// # Errors
///
/// Which one does not start, and why.
pub(crate) fn all(stage: &Stage) -> Result<Vec<Subject>, String> {
    let nginx_file = nginx::configure(&stage.directory, NGINX_ADDRESS, UPSTREAM)?;
    let nginx_arguments = ["-p".into(), stage.directory.clone(), "-c".into(), nginx_file];
    let file = stage.directory.join("backstop.yaml");
    super::write(&file, &configuration())?;
    let backstop_arguments = ["serve".into(), "--config".into(), file];
    let bare = stage.programs.join("bench-proxy");
    let mut subjects = vec![
        Subject {
            name: BARE,
            address: BARE_ADDRESS,
            process: Running::start(BARE, &bare, &[BARE_ADDRESS, UPSTREAM], TESTED)?,
        },
        Subject {
            name: "nginx",
            address: NGINX_ADDRESS,
            process: Running::start("nginx", "nginx".as_ref(), &nginx_arguments, TESTED)?,
        },
        Subject {
            name: BACKSTOP,
            address: BACKSTOP_ADDRESS,
            process: Running::start(BACKSTOP, &stage.programs.join("backstop"), &backstop_arguments, TESTED)?,
        },
    ];
    for subject in &mut subjects {
        subject.process.wait_for(subject.address)?;
    }
    Ok(subjects)
}

// The default stack, whole: every layer is there, and nothing is tuned for the measurement. Only the chain whose first
// provider always fails has no retries and no breaker, which would keep the provider from being asked at all.
fn configuration() -> String {
    format!(
        "server: {{ listen: \"{BACKSTOP_ADDRESS}\" }}
providers:
  bench: {{ dialect: openai-chat, base_url: \"http://{UPSTREAM}/v1\", api_key: bench-key }}
  other: {{ dialect: openai-chat, base_url: \"http://{UPSTREAM}/v1\", api_key: bench-key }}
  claude: {{ dialect: anthropic-messages, base_url: \"http://{UPSTREAM}\", api_key: bench-key }}
  broken: {{ dialect: openai-chat, base_url: \"http://{UPSTREAM}/fail/v1\", api_key: bench-key }}
  silent: {{ dialect: openai-chat, base_url: \"http://{UPSTREAM}/open/v1\", api_key: bench-key }}
chains:
  gpt-4.1-mini: {{ targets: [bench/gpt-4.1-mini, other/gpt-4.1-mini] }}
  translated: {{ targets: [claude/claude-sonnet-4-5, other/gpt-4.1-mini] }}
  failing: {{ retries: 0, breaker: off, targets: [broken/gpt-4.1-mini, other/gpt-4.1-mini] }}
  open: {{ targets: [silent/gpt-4.1-mini, other/gpt-4.1-mini] }}
"
    )
}

const BARE_ADDRESS: &str = "127.0.0.1:9301";
const NGINX_ADDRESS: &str = "127.0.0.1:9302";
const BACKSTOP_ADDRESS: &str = "127.0.0.1:9303";
