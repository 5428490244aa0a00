//! Over real sockets.

use std::time::Duration;

use crate::common::{KEY, openai, streamed};
use backstop_simulator::{Answer, Behaviour, Cut, Death, Door, End, Fault, Server, Simulator};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// Sends an HTTP/1.1 request and reads until the connection ends.
async fn raw(server: &Server, body: &str) -> (String, Option<std::io::ErrorKind>) {
    let mut stream = send(server, body).await;
    let mut read = Vec::new();
    let end =
        timeout(Duration::from_secs(10), stream.read_to_end(&mut read)).await.expect("the connection ends");
    (String::from_utf8_lossy(&read).into_owned(), end.err().map(|error| error.kind()))
}

async fn send(server: &Server, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {KEY}\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

fn ask() -> String {
    openai("hello").to_string()
}

fn ask_stream() -> String {
    streamed(openai("hello")).to_string()
}

async fn served(behaviour: impl Into<Behaviour>) -> (Simulator, Server) {
    let simulator = Simulator::new("a").with_behaviour(behaviour);
    let server = simulator.start().await.unwrap();
    (simulator, server)
}

#[tokio::test]
async fn an_answer_comes_over_the_socket() {
    let (simulator, server) = served(Answer::text("hi")).await;
    let (text, error) = raw(&server, &ask()).await;
    assert!(text.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
    assert!(text.contains("\"content\":\"hi\"") && text.contains("\r\ncontent-length: "));
    assert_eq!(error, None);
    let (text, error) = raw(&server, &ask_stream()).await;
    assert!(
        text.contains("transfer-encoding: chunked") && text.ends_with("data: [DONE]\n\n\r\n0\r\n\r\n"),
        "{text}"
    );
    assert_eq!(error, None);
    let records = simulator.wait_for_ends(2).await;
    assert!(records.iter().all(|record| matches!(record.end, End::Complete(_))));
    assert_eq!(records[0].json(), openai("hello"));
}

#[tokio::test]
async fn a_reset_is_a_reset() {
    let (simulator, server) = served(Fault::reset()).await;
    let (text, error) = raw(&server, &ask()).await;
    assert_eq!((text.as_str(), error), ("", Some(std::io::ErrorKind::ConnectionReset)));
    assert!(matches!(simulator.wait_for_ends(1).await[0].end, End::Broken(_)));
}

#[tokio::test]
async fn a_reset_in_the_body_comes_after_the_tokens() {
    let (_, server) = served(Behaviour::from(Answer::tokens(60)).with(Fault::dies(40, Death::Reset))).await;
    let (text, error) = raw(&server, &ask_stream()).await;
    assert_eq!(error, Some(std::io::ErrorKind::ConnectionReset));
    assert!(text.contains("\" w40\"") && !text.contains("w41"), "{text}");
}

#[tokio::test]
async fn a_closed_body_has_no_last_chunk_and_a_clean_one_has() {
    let dying = |how| Behaviour::from(Answer::tokens(6)).with(Fault::dies(4, how));
    let (_, server) = served(dying(Death::Closed)).await;
    let (text, error) = raw(&server, &ask_stream()).await;
    assert_eq!(error, None);
    assert!(text.contains("w4") && !text.contains("w5") && !text.ends_with("0\r\n\r\n"), "{text}");
    let (_, server) = served(dying(Death::CleanEnd)).await;
    let (text, error) = raw(&server, &ask_stream()).await;
    assert_eq!(error, None);
    assert!(text.contains("w4") && !text.contains("w5") && text.ends_with("0\r\n\r\n"), "{text}");
}

#[tokio::test]
async fn a_cut_body_is_shorter_than_it_said() {
    let (_, server) = served(Fault::cut_body(Cut::Length)).await;
    let (text, error) = raw(&server, &ask()).await;
    assert_eq!(error, None);
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    assert_eq!(body.len(), length.parse::<usize>().unwrap() / 2);
    let (_, server) = served(Fault::cut_body(Cut::Chunked)).await;
    let (text, _) = raw(&server, &ask()).await;
    assert!(text.contains("transfer-encoding: chunked") && !text.ends_with("0\r\n\r\n"), "{text}");
}

#[tokio::test]
async fn a_caller_that_leaves_is_noticed() {
    for behaviour in [Behaviour::from(Fault::no_answer()), Fault::silent(2).into()] {
        let (simulator, server) = served(behaviour).await;
        let stream = send(&server, &ask_stream()).await;
        simulator.wait_until(|records| records.iter().any(|record| !record.body.is_empty())).await;
        drop(stream);
        let records = timeout(Duration::from_secs(5), simulator.wait_for_cancelled(1)).await.unwrap();
        assert!(records[0].is_cancelled());
    }
}

#[tokio::test]
async fn a_closed_door_refuses_and_opens_again() {
    let (_, server) = served(Answer::auto()).await;
    server.set_door(Door::Closed).await.unwrap();
    let error = TcpStream::connect(server.address()).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
    server.set_door(Door::Open).await.unwrap();
    assert!(raw(&server, &ask()).await.0.starts_with("HTTP/1.1 200 OK"));
}

#[tokio::test]
async fn odd_doors_are_odd() {
    let (simulator, server) = served(Answer::auto()).await;
    server.set_door(Door::Reset).await.unwrap();
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let error = stream.read(&mut [0]).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);

    server.set_door(Door::TlsAlert).await.unwrap();
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(b"anything").await.unwrap();
    let mut alert = Vec::new();
    stream.read_to_end(&mut alert).await.unwrap();
    assert_eq!(alert, [21, 3, 3, 0, 2, 2, 40]);

    server.set_door(Door::Mute).await.unwrap();
    let mut stream = send(&server, &ask()).await;
    assert!(timeout(Duration::from_millis(200), stream.read(&mut [0])).await.is_err());
    assert_eq!(simulator.requests().len(), 0);
    assert_eq!(server.accepted(), 3);
}

#[tokio::test]
async fn a_stopped_server_lets_streams_end() {
    let slow = Behaviour::from(Answer::tokens(5)).with(Fault::token_every(Duration::from_millis(20)));
    let (simulator, server) = served(slow).await;
    let mut stream = send(&server, &ask_stream()).await;
    simulator.wait_for(1).await;
    let address = server.address();
    let mut read = String::new();
    let (_, result) = tokio::join!(server.stop(), stream.read_to_string(&mut read));
    result.unwrap();
    assert!(read.contains("[DONE]"));
    assert!(TcpStream::connect(address).await.is_err());
}
