//! Over HTTP/2.

use std::time::Duration;

use backstop_simulator::{Answer, Behaviour, Death, Dialect, Fault, Server, Simulator};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, client::conn::http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{net::TcpStream, task::JoinSet};

use crate::common::{KEY, openai, streamed, text_of};

type Sender = http2::SendRequest<Full<Bytes>>;

/// A connection, driven by a task of `tasks`.
async fn connect(server: &Server, tasks: &mut JoinSet<()>) -> Sender {
    let stream = TcpStream::connect(server.address()).await.unwrap();
    let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    // Some tests are about connections that break.
    tasks.spawn(async { connection.await.unwrap_or_default() });
    sender
}

async fn ask(sender: &mut Sender, stream: bool) -> hyper::Result<Response<Incoming>> {
    let body = if stream { streamed(openai("hello")) } else { openai("hello") };
    let request = Request::post("http://localhost/v1/chat/completions")
        .header("authorization", format!("Bearer {KEY}"));
    sender.send_request(request.body(Full::new(Bytes::from(body.to_string()))).unwrap()).await
}

#[tokio::test]
async fn many_answers_share_a_connection() {
    let simulator = Simulator::new("a")
        .with_behaviour(Behaviour::from(Answer::auto()).with(Fault::head_after(Duration::from_millis(50))));
    let server = simulator.start().await.unwrap();
    let mut tasks = JoinSet::new();
    let sender = connect(&server, &mut tasks).await;
    let mut asked = JoinSet::new();
    for _ in 0..20 {
        let mut sender = sender.clone();
        asked.spawn(async move {
            ask(&mut sender, false).await.unwrap().into_body().collect().await.unwrap().to_bytes()
        });
    }
    simulator.wait_for(20).await;
    for answer in asked.join_all().await {
        assert_eq!(text_of(Dialect::OpenAiChat, &serde_json::from_slice(&answer).unwrap()), "hello");
    }
}

#[tokio::test]
async fn a_reset_takes_the_connection_after_the_tokens() {
    let simulator = Simulator::new("a")
        .with_behaviour(Behaviour::from(Answer::tokens(60)).with(Fault::dies(40, Death::Reset)));
    let server = simulator.start().await.unwrap();
    let mut tasks = JoinSet::new();
    let mut sender = connect(&server, &mut tasks).await;
    let mut body = ask(&mut sender, true).await.unwrap().into_body();
    let (mut read, mut broken) = (Vec::new(), false);
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => read.extend_from_slice(&frame.into_data().unwrap()),
            Err(_) => {
                broken = true;
                break;
            }
        }
    }
    let text = String::from_utf8(read).unwrap();
    assert!(broken && text.contains("\" w40\"") && !text.contains("\" w41\""), "{text}");
    tasks.join_next().await.unwrap().unwrap();
    assert!(ask(&mut sender, false).await.is_err(), "the connection is gone");
}

#[tokio::test]
async fn a_reset_before_the_head_takes_the_connection() {
    let simulator = Simulator::new("a").with_behaviour(Fault::reset());
    let server = simulator.start().await.unwrap();
    let mut tasks = JoinSet::new();
    let mut sender = connect(&server, &mut tasks).await;
    assert!(ask(&mut sender, false).await.is_err());
    tasks.join_next().await.unwrap().unwrap();
}

#[tokio::test]
async fn a_caller_that_drops_one_stream_is_noticed() {
    let simulator = Simulator::new("a").with_behaviour(Fault::silent(1));
    let server = simulator.start().await.unwrap();
    let mut tasks = JoinSet::new();
    let mut sender = connect(&server, &mut tasks).await;
    let mut body = ask(&mut sender, true).await.unwrap().into_body();
    assert!(body.frame().await.unwrap().unwrap().is_data());
    drop(body);
    assert!(simulator.wait_for_cancelled(1).await[0].is_cancelled());
    simulator.set_behaviour(Answer::auto());
    assert_eq!(ask(&mut sender, false).await.unwrap().status(), 200);
}
