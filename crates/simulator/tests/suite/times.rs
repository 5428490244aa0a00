//! When things come, under paused time.

use std::time::Duration;

use backstop_simulator::{Answer, Behaviour, Dialect, Fault, Simulator};
use http_body_util::BodyExt;
use tokio::time::Instant;
use tower_service::Service;

use crate::common::{ask, request, streamed};

const SECOND: Duration = Duration::from_secs(1);

/// When the head came and when each frame did, and what was in it.
async fn times(behaviour: Behaviour, stream: bool) -> (Duration, Vec<(Duration, String)>) {
    let mut simulator = Simulator::new("a").with_behaviour(behaviour);
    let dialect = Dialect::OpenAiChat;
    let body = if stream { streamed(ask(dialect, "x")) } else { ask(dialect, "x") };
    let begun = Instant::now();
    let response = simulator.call(request(dialect, body.to_string())).await.unwrap();
    let head = begun.elapsed();
    let mut answer = response.into_body();
    let mut frames = Vec::new();
    while let Some(frame) = answer.frame().await {
        let bytes = frame.unwrap().into_data().unwrap();
        frames.push((begun.elapsed(), String::from_utf8_lossy(&bytes).into_owned()));
    }
    (head, frames)
}

fn tokens(count: u64) -> Behaviour {
    Answer::tokens(count).into()
}

#[tokio::test(start_paused = true)]
async fn without_a_fault_everything_is_there_at_once() {
    let (head, frames) = times(tokens(3), true).await;
    assert!(head.is_zero() && frames.iter().all(|(at, _)| at.is_zero()));
}

#[tokio::test(start_paused = true)]
async fn the_head_may_be_late() {
    let (head, frames) = times(tokens(3).with(Fault::head_after(SECOND * 3)), true).await;
    assert_eq!((head, frames[0].0), (SECOND * 3, SECOND * 3));
    let (head, _) = times(Behaviour::from(Fault::status(503)).with(Fault::head_after(SECOND)), false).await;
    assert_eq!(head, SECOND);
}

#[tokio::test(start_paused = true)]
async fn the_first_token_may_be_late_after_head_and_role() {
    let (head, frames) = times(tokens(3).with(Fault::first_token_after(SECOND * 20)), true).await;
    assert!(head.is_zero());
    assert!(frames[0].0.is_zero() && frames[0].1.contains("\"role\":\"assistant\""));
    assert!(frames[1..].iter().all(|(at, _)| *at == SECOND * 20));
}

#[tokio::test(start_paused = true)]
async fn the_whole_body_may_be_late() {
    for stream in [true, false] {
        let (head, frames) = times(tokens(3).with(Fault::body_after(SECOND * 9)), stream).await;
        assert!(head.is_zero() && frames.iter().all(|(at, _)| *at == SECOND * 9));
    }
}

#[tokio::test(start_paused = true)]
async fn tokens_come_at_a_pace() {
    let paced = tokens(4).with(Fault::first_token_after(SECOND)).with(Fault::token_every(SECOND * 2));
    let (_, frames) = times(paced, true).await;
    let at = |word: &str| frames.iter().find(|(_, text)| text.contains(word)).unwrap().0;
    assert_eq!(
        [at("\"w1\""), at("\" w2\""), at("\" w3\""), at("\" w4\"")],
        [1, 3, 5, 7].map(|times| SECOND * times)
    );
    assert_eq!(frames.last().unwrap().0, SECOND * 7);
}

#[tokio::test(start_paused = true)]
async fn pings_break_a_wait_up_and_nothing_else() {
    let waiting = tokens(2).with(Fault::first_token_after(SECOND * 10)).with(Fault::pings(SECOND * 3));
    let (_, frames) = times(waiting, true).await;
    let pings: Vec<_> =
        frames.iter().filter(|(_, text)| text == ": keep-alive\n\n").map(|(at, _)| *at).collect();
    assert_eq!(pings, [3, 6, 9].map(|times| SECOND * times));
    assert_eq!(frames.iter().find(|(_, text)| text.contains("\"w1\"")).unwrap().0, SECOND * 10);

    let silent = tokens(2).with(Fault::silent(1)).with(Fault::pings(SECOND * 3));
    let mut simulator = Simulator::new("a").with_behaviour(silent);
    let dialect = Dialect::AnthropicMessages;
    let response = simulator.call(request(dialect, streamed(ask(dialect, "x")).to_string())).await.unwrap();
    let (mut answer, mut pings, begun) = (response.into_body(), 0, Instant::now());
    let reading = async {
        while let Some(frame) = answer.frame().await {
            let bytes = frame.unwrap().into_data().unwrap();
            pings += usize::from(
                begun.elapsed() > SECOND && bytes == "event: ping\ndata: {\"type\": \"ping\"}\n\n",
            );
        }
    };
    assert!(tokio::time::timeout(SECOND * 31, reading).await.is_err());
    assert_eq!(pings, 10);
}

#[tokio::test(start_paused = true)]
async fn a_drip_is_one_byte_a_second() {
    for stream in [true, false] {
        let (_, frames) = times(tokens(1).with(Fault::drip(SECOND)), stream).await;
        assert!(frames.len() > 100);
        for (nth, (at, text)) in frames.iter().enumerate() {
            assert_eq!((*at, text.len()), (SECOND * (u32::try_from(nth).unwrap() + 1), 1));
        }
    }
}
