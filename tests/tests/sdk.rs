//! The official Python SDKs, unmodified, through the real binary to every upstream dialect.
//!
//! What is asked and what must come of it is written in Python, in `tests/sdk`, where the SDKs' users are. Here are the
//! gateway and the simulated provider that it talks to. `cargo xtask test` installs the SDKs.

use std::{
    env,
    fmt::Write as _,
    path::{Path, PathBuf},
    process::{Output, Stdio},
    time::Duration,
};

use backstop_simulator::Simulator;
use backstop_tests::{control::Control, gateway::Gateway};
use tokio::{process::Command, time::timeout};

#[tokio::test]
async fn openai_sdk_to_openai() {
    run("test_openai", "openai").await;
}

#[tokio::test]
async fn openai_sdk_to_anthropic() {
    run("test_openai", "anthropic").await;
}

#[tokio::test]
async fn anthropic_sdk_to_openai() {
    run("test_anthropic", "openai").await;
}

#[tokio::test]
async fn anthropic_sdk_to_anthropic() {
    run("test_anthropic", "anthropic").await;
}

#[tokio::test]
async fn openai_sdk_to_gemini() {
    run("test_openai", "gemini").await;
}

#[tokio::test]
async fn anthropic_sdk_to_gemini() {
    run("test_anthropic", "gemini").await;
}

#[tokio::test]
async fn google_sdk_to_openai() {
    run("test_google", "openai").await;
}

#[tokio::test]
async fn google_sdk_to_anthropic() {
    run("test_google", "anthropic").await;
}

#[tokio::test]
async fn google_sdk_to_gemini() {
    run("test_google", "gemini").await;
}

#[tokio::test]
async fn errors_of_gemini() {
    run("test_errors", "gemini").await;
}

#[tokio::test]
async fn what_openais_callers_ask_is_nothing_that_gemini_refuses() {
    run("test_traps.Traps.test_openai", "gemini").await;
}

#[tokio::test]
async fn what_anthropics_callers_ask_is_nothing_that_gemini_refuses() {
    run("test_traps.Traps.test_anthropic", "gemini").await;
}

#[tokio::test]
async fn errors_of_openai() {
    run("test_errors", "openai").await;
}

#[tokio::test]
async fn errors_of_anthropic() {
    run("test_errors", "anthropic").await;
}

/// In the other dialect: within one, a request is passed through as it is, and the provider's word is the caller's.
#[tokio::test]
async fn nothing_is_sent_that_openai_refuses() {
    run("test_traps.Traps.test_anthropic", "openai").await;
}

#[tokio::test]
async fn nothing_is_sent_that_anthropic_refuses() {
    run("test_traps.Traps.test_openai", "anthropic").await;
}

/// Runs a Python module of tests against a gateway whose provider speaks the dialect of `upstream`.
async fn run(module: &str, upstream: &str) {
    let simulator = Simulator::new("provider").with_key("upstream-key");
    let server = simulator.start().await.expect("a free port");
    let control = Control::start(simulator).await;
    let gateway = Gateway::start(&configuration(&server.url(), upstream)).await;
    let address = format!("http://{}", gateway.address());
    let output = python(&["-m", "unittest", "-v", module], &address, &control.url(), upstream).await;
    let (said, log) = (String::from_utf8_lossy(&output.stderr), gateway.log());
    assert!(output.status.success(), "{said}\nthe gateway's log:\n{log}");
    let ran = said.lines().find_map(|line| line.strip_prefix("Ran ")?.split(' ').next()?.parse::<u32>().ok());
    assert!(ran.is_some_and(|ran| ran > 0), "nothing ran: {said}");
    assert!(!said.contains("skipped"), "{said}");
}

/// A plain model and one that reasons; a retry, a fallback; and for each failure a provider and a chain of its own, so
/// that no cooldown meets another.
fn configuration(url: &str, upstream: &str) -> String {
    let (dialect, base_url, plain, reasoning, modern, lacking) = match upstream {
        "anthropic" => (
            "anthropic-messages",
            url.to_owned(),
            "claude-haiku-4-5",
            "claude-sonnet-5",
            "claude-opus-4-6",
            "claude-opus-4-8",
        ),
        "gemini" => (
            "gemini-generate",
            url.to_owned(),
            "gemini-2.5-flash-lite",
            "gemini-3-flash-preview",
            "gemini-2.5-pro",
            "gemini-2.5-flash",
        ),
        _ => ("openai-chat", format!("{url}/v1"), "gpt-4.1-mini", "gpt-5-mini", "gpt-5.1", "gpt-5.6-terra"),
    };
    let provider = format!("{{ dialect: {dialect}, base_url: \"{base_url}\", api_key: upstream-key }}");
    let chain = "retries: 0, breaker: off, timeouts: { first_byte: 1s, total: 1s }";
    let mut providers = format!("providers:\n  {upstream}: {provider}\n");
    let mut text = format!(
        "chains:
  plain: {{ targets: [{{ model: {upstream}/{plain} }}] }}
  reasoning: {{ targets: [{{ model: {upstream}/{reasoning} }}] }}
  modern: {{ targets: [{{ model: {upstream}/{modern} }}] }}
  lacking: {{ targets: [{{ model: {upstream}/{lacking} }}, {{ model: {upstream}/{plain} }}] }}
  retried: {{ targets: [{{ model: {upstream}/{plain}-retried }}], retries: 1 }}
  fallback:
    targets:
      - {{ model: {upstream}/{plain}-first, retries: 0 }}
      - {{ model: {upstream}/{plain}-second }}
"
    );
    let failures = include_str!("../sdk/failures.txt").lines().filter_map(|line| line.split_once(": "));
    let plain_and_streamed = failures.flat_map(|(name, _)| [name.to_owned(), format!("{name}-streamed")]);
    for name in plain_and_streamed.chain(["async", "gone"].map(str::to_owned)) {
        for sdk in ["openai", "anthropic", "google"] {
            let name = format!("{name}-{sdk}");
            // Writing into a string cannot fail.
            let _ = writeln!(providers, "  {name}: {provider}");
            let _ = writeln!(text, "  {name}: {{ targets: [{{ model: {name}/{plain}-{name} }}], {chain} }}");
        }
    }
    format!("{providers}{text}")
}

async fn python(arguments: &[&str], gateway: &str, control: &str, upstream: &str) -> Output {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("sdk");
    let run = Command::new(interpreter())
        .args(arguments)
        .current_dir(directory)
        .env_clear()
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("BACKSTOP_GATEWAY", gateway)
        .env("BACKSTOP_CONTROL", control)
        .env("BACKSTOP_UPSTREAM", upstream)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    timeout(Duration::from_secs(150), run).await.expect("Python ends within 150 s").expect("Python runs")
}

/// The Python that the SDKs are installed for.
fn interpreter() -> PathBuf {
    let given = env::var_os("BACKSTOP_PYTHON").map(PathBuf::from);
    let python = given.unwrap_or_else(|| {
        let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
        target.join("test-tools/python/bin/python")
    });
    assert!(
        python.is_file(),
        "there is no {}: the official SDKs are not installed; `cargo xtask test` installs them and runs this test",
        python.display()
    );
    python
}
