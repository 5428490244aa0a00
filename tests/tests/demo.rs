//! `backstop demo`, as whoever tries it out sees it.

use backstop_core::Dialect;
use backstop_tests::{
    client::Ask,
    gateway::Gateway,
    program::{self, Folder},
};
use tokio::net::TcpListener;

#[tokio::test]
async fn once_plays_everything_and_ends() {
    let ended = program::run(&["demo", "--once", "--listen", "127.0.0.1:0"], &[]).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.err);
    assert!(ended.err.is_empty(), "{}", ended.err);
    assert!(ended.out.ends_with("\nEvery caller got what it should.\n"), "{}", ended.out);
    let rows: Vec<_> = ended
        .out
        .lines()
        .filter(|line| line.trim_start().split(' ').next().is_some_and(|word| word.parse::<u32>().is_ok()))
        .collect();
    assert!(rows.len() >= 20, "{}", ended.out);
    for says in [
        "429 once, Retry-After 1 s    the answer, from openai ",
        "503, always                  the answer, from anthropic ",
        "openai: never answers                the answer, from anthropic ",
        "its beginning, then an error event",
        "openai and anthropic: 503            the answer, from local ",
        "one clear error, 503",
        "tried: openai/gpt-4.1-mini unauthorized (",
        " timeout_first_token (",
    ] {
        assert!(ended.out.contains(says), "`{says}` in\n{}", ended.out);
    }
    assert!(ended.out.lines().any(all_of_them), "{}", ended.out);
}

/// `n of n answered whole`, whatever n is: it depends on the machine.
fn all_of_them(line: &str) -> bool {
    let Some((_, rest)) = line.split_once(" ms: ") else { return false };
    let words: Vec<_> = rest.split(' ').collect();
    words.len() == 5 && words[0] == words[2] && words[3..] == ["answered", "whole"]
}

#[tokio::test]
async fn otherwise_it_serves_on_with_a_provider_down() {
    let mut command = program::backstop();
    command.args(["demo", "--listen", "127.0.0.1:0"]);
    let demo = Gateway::spawn(command, Folder::new()).await;
    demo.said("Requests show up here:").await;
    for dialect in [Dialect::OpenaiChat, Dialect::AnthropicMessages] {
        for streamed in [false, true] {
            let (seen, _) =
                Ask::new(dialect, "chat", "hello there").streamed(streamed).send(demo.address()).await;
            assert!(seen.is_success(), "{}", seen.body);
            assert_eq!(seen.text, "hello there");
            assert_eq!(seen.header("x-backstop-target"), "anthropic/claude-haiku-4-5");
        }
    }
    demo.said("  chat: 200 success in ").await;
    demo.signal("TERM").await;
    let (status, err) = demo.ended().await;
    assert!(status.success(), "{status}: {err}");
}

#[tokio::test]
async fn a_port_in_use_is_told() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ended = program::run(&["demo", "--listen", &address, "--once"], &[]).await;
    assert_eq!(ended.code, Some(1), "{}", ended.out);
    let says = format!(
        "backstop: cannot listen on {address}: the port is in use; stop what listens there, or choose another with `--listen`\n"
    );
    assert_eq!(ended.err, says);
    let open = program::run(&["demo", "--listen", "0.0.0.0:0"], &[]).await;
    assert_eq!(open.code, Some(2));
    assert!(open.err.contains("`--listen 0.0.0.0:0` can be reached from other machines"), "{}", open.err);
}
