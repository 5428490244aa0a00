//! The program, as its user starts it.

use std::process::Stdio;

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    process::{Child, Command},
};

use crate::common::{KEY, openai};

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_backstop-simulator"));
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// Starts it and reads where it listens.
async fn start(arguments: &[&str]) -> (Child, String) {
    let mut child = program(&[&["--listen", "127.0.0.1:0"], arguments].concat()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = lines.next_line().await.unwrap().unwrap();
    (child, line.strip_prefix("listening on http://").unwrap().to_owned())
}

async fn post(address: &str, key: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let body = openai("hello").to_string();
    let length = body.len();
    let request = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {key}\r\nconnection: close\r\n\
         content-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn it_serves_a_script_until_it_is_interrupted() {
    let file = std::env::temp_dir().join(format!("simulator-script-{}", std::process::id()));
    std::fs::write(&file, "# once\nmodel gpt-4.1 => status=503\n").unwrap();
    let (mut child, address) = start(&["--key", KEY, "--script", file.to_str().unwrap()]).await;
    assert!(post(&address, KEY).await.starts_with("HTTP/1.1 503 "));
    let answer = post(&address, KEY).await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("\"content\":\"hello\""), "{answer}");
    assert!(post(&address, "sk-wrong").await.starts_with("HTTP/1.1 401 "));
    let id = child.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().await.unwrap().success());
    let status = child.wait().await.unwrap();
    assert!(status.success(), "{status}");
    std::fs::remove_file(file).unwrap();
}

#[tokio::test]
async fn it_says_what_is_wrong_and_where() {
    let file = std::env::temp_dir().join(format!("simulator-broken-{}", std::process::id()));
    std::fs::write(&file, "\nmodel m => stauts=1\n").unwrap();
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let script = file.to_str().unwrap();
    for (arguments, expected) in [
        (
            vec!["--script", script],
            format!("backstop-simulator: {script}: line 2: behaviour `stauts=1`: no such word\n"),
        ),
        (vec!["--listen", &address], format!("backstop-simulator: cannot listen on {address}: ")),
        (vec!["--script", "/nowhere"], "backstop-simulator: /nowhere: No such file".to_owned()),
        (
            vec!["--behaviour", "odd"],
            "error: invalid value 'odd' for '--behaviour <BEHAVIOUR>': behaviour `odd`".to_owned(),
        ),
        (
            vec!["--dialect", "odd"],
            "error: invalid value 'odd' for '--dialect <DIALECT>': expected openai-chat or".to_owned(),
        ),
    ] {
        let output = program(&arguments).output().await.unwrap();
        assert!(!output.status.success());
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.starts_with(&expected), "{said}");
    }
    std::fs::remove_file(file).unwrap();
}
