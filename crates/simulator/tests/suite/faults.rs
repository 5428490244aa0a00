//! What goes wrong with an answer.

use std::time::Duration;

use backstop_simulator::{Answer, Behaviour, Cut, Death, Dialect, End, Fault, Simulator};
use http::HeaderValue;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::time::timeout;
use tower_service::Service;

use crate::common::{Read, ask, call, request, say, streamed, text_of_events};

fn sixty(fault: Fault) -> Simulator {
    Simulator::new("a").with_behaviour(Behaviour::from(Answer::tokens(60)).with(fault))
}

fn body(dialect: Dialect) -> Value {
    streamed(ask(dialect, "x"))
}

/// How many of the sixty tokens came.
fn tokens(dialect: Dialect, read: &Read) -> usize {
    text_of_events(dialect, &read.events()).split_whitespace().count()
}

fn is_complete(read: &Read) -> bool {
    let text = read.text();
    text.contains("data: [DONE]")
        || text.contains("event: message_stop")
        || text.contains("\"finishReason\":")
}

/// Whether a stream says why it ends.
fn is_finished(text: &str) -> bool {
    let words = ["\"finish_reason\":\"stop\"", "\"stop_reason\":\"end_turn\"", "\"finishReason\":\"STOP\""];
    words.iter().any(|word| text.contains(word))
}

#[tokio::test(start_paused = true)]
async fn a_connection_breaks_before_the_head() {
    type Is = fn(&backstop_simulator::Broken) -> bool;
    let table: [(Fault, Is, std::io::ErrorKind); 3] = [
        (Fault::reset(), backstop_simulator::Broken::is_reset, std::io::ErrorKind::ConnectionReset),
        (Fault::refused(), backstop_simulator::Broken::is_refused, std::io::ErrorKind::ConnectionRefused),
        (Fault::tls(), backstop_simulator::Broken::is_tls, std::io::ErrorKind::InvalidData),
    ];
    for (fault, is, kind) in table {
        let simulator = Simulator::new("a").with_behaviour(fault);
        let dialect = Dialect::OpenAiChat;
        let broken = call(&simulator, request(dialect, ask(dialect, "x").to_string())).await.unwrap_err();
        assert!(is(&broken));
        let source = std::error::Error::source(&broken).unwrap().downcast_ref::<std::io::Error>().unwrap();
        assert_eq!(source.kind(), kind);
        assert!(matches!(simulator.requests()[0].end, End::Broken(_)));
    }
}

#[tokio::test(start_paused = true)]
async fn silence_lasts_until_the_caller_leaves() {
    let simulator = Simulator::new("a").with_behaviour(Fault::no_answer());
    let dialect = Dialect::OpenAiChat;
    let asked = call(&simulator, request(dialect, ask(dialect, "x").to_string()));
    assert!(timeout(Duration::from_secs(3600), asked).await.is_err());
    let records = simulator.wait_for_cancelled(1).await;
    let End::Cancelled(at) = records[0].end else { panic!("{:?}", records[0].end) };
    assert_eq!(at - records[0].at, Duration::from_secs(3600));
    assert_eq!(records[0].status, None);
}

#[tokio::test(start_paused = true)]
async fn a_stream_dies_after_its_tokens() {
    for dialect in Dialect::ALL {
        for after in [0, 1, 40, 60, 99] {
            let simulator = sixty(Fault::dies(after, Death::CleanEnd));
            let read = say(&simulator, dialect, &body(dialect)).await;
            assert_eq!(tokens(dialect, &read), usize::try_from(after.min(60)).unwrap());
            assert!(read.broken.is_none() && !is_complete(&read));
            assert!(
                !read.text().contains("\"finish_reason\":\"stop\"") && !read.text().contains("message_delta")
            );
            let broken = say(&sixty(Fault::dies(after, Death::Reset)), dialect, &body(dialect)).await;
            assert_eq!(tokens(dialect, &broken), tokens(dialect, &read));
            assert!(broken.broken.unwrap().is_reset());
            let broken = say(&sixty(Fault::dies(after, Death::Closed)), dialect, &body(dialect)).await;
            assert!(broken.broken.unwrap().is_truncated());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_dead_stream_is_billed_for_what_it_sent() {
    let dialect = Dialect::OpenAiChat;
    let simulator = sixty(Fault::dies(40, Death::Reset));
    say(&simulator, dialect, &body(dialect)).await;
    let record = simulator.requests().pop().unwrap();
    assert!(matches!(record.end, End::Broken(_)));
    assert_eq!((record.sent_tokens, record.told), (40, None));
    assert_eq!((simulator.told().output, simulator.billed().output, simulator.billed().input), (0, 40, 8));
}

#[tokio::test(start_paused = true)]
async fn a_stream_falls_silent_and_stays_open() {
    for dialect in Dialect::ALL {
        for (after, leads) in [(0, 0), (20, 20)] {
            let mut simulator = sixty(Fault::silent(after));
            let response = simulator.call(request(dialect, body(dialect).to_string())).await.unwrap();
            let mut answer = response.into_body();
            let mut text = String::new();
            let end = timeout(Duration::from_secs(600), async {
                while let Some(frame) = answer.frame().await {
                    text.push_str(std::str::from_utf8(&frame.unwrap().into_data().unwrap()).unwrap());
                }
            });
            assert!(end.await.is_err(), "the stream does not end");
            assert_eq!(text.matches("\"w").count() + text.matches("\" w").count(), leads, "{text}");
            // Gemini's first words are its first sign of life.
            let begun = dialect != Dialect::GeminiGenerate || after > 0;
            assert_eq!(text.contains("\"role\":"), begun);
            drop(answer);
            assert!(simulator.wait_for_cancelled(1).await[0].is_cancelled());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn one_event_is_broken_and_the_rest_is_not() {
    for dialect in Dialect::ALL {
        let read = say(&sixty(Fault::break_event(20)), dialect, &body(dialect)).await;
        let events = read.events();
        let broken = events.iter().filter(|event| event.data != "[DONE]");
        let broken = broken.filter(|event| serde_json::from_str::<Value>(&event.data).is_err());
        assert_eq!(broken.count(), 1);
        assert!(is_complete(&read));
        assert!(read.text().contains("\" w20\"") && read.text().contains("\" w22\""));
    }
}

#[tokio::test(start_paused = true)]
async fn the_sentinel_may_be_missing() {
    for dialect in Dialect::ALL {
        let read = say(&sixty(Fault::no_sentinel()), dialect, &body(dialect)).await;
        assert_eq!(tokens(dialect, &read), 60);
        // Gemini has none: nothing is missing.
        assert_eq!(is_complete(&read), dialect == Dialect::GeminiGenerate);
        assert!(is_finished(&read.text()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_complete_answer_may_stay_open() {
    for dialect in Dialect::ALL {
        let behaviour =
            Behaviour::from(Answer::tokens(3)).with(Fault::no_sentinel()).with(Fault::never_ends());
        let mut simulator = Simulator::new("a").with_behaviour(behaviour);
        let response = simulator.call(request(dialect, body(dialect).to_string())).await.unwrap();
        let mut answer = response.into_body();
        let mut text = String::new();
        let end = timeout(Duration::from_secs(600), async {
            while let Some(frame) = answer.frame().await {
                text.push_str(std::str::from_utf8(&frame.unwrap().into_data().unwrap()).unwrap());
            }
        });
        assert!(end.await.is_err(), "it stays open");
        assert!(is_finished(&text));
        assert!(!text.contains("[DONE]") && !text.contains("message_stop"));
    }
}

#[tokio::test(start_paused = true)]
async fn errors_come_as_events() {
    for dialect in Dialect::ALL {
        for after in [0, 7] {
            let read = say(&sixty(Fault::error_event(after)), dialect, &body(dialect)).await;
            assert_eq!(read.status, 200);
            let events = read.events();
            let error = events.last().unwrap();
            let word = if dialect == Dialect::GeminiGenerate { "status" } else { "type" };
            assert!(error.json()["error"][word].is_string());
            assert_eq!(error.name.as_deref(), (dialect == Dialect::AnthropicMessages).then_some("error"));
            assert_eq!(
                text_of_events(dialect, &events).split_whitespace().count(),
                usize::try_from(after).unwrap()
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn two_hundred_is_no_promise() {
    for dialect in Dialect::ALL {
        for body in [ask(dialect, "x"), body(dialect)] {
            let streams = body["stream"] == true;
            let html = say(&sixty(Fault::html()), dialect, &body).await;
            assert_eq!(
                (html.status.as_u16(), html.header("content-type")),
                (200, "text/html; charset=utf-8")
            );
            assert!(html.text().starts_with("<html>"));
            let broken = say(&sixty(Fault::broken_json()), dialect, &body).await;
            assert_eq!(broken.status.as_u16(), 200);
            assert!(broken.header("content-type").starts_with("application/json"));
            assert!(serde_json::from_slice::<Value>(&broken.bytes()).is_err() && broken.broken.is_none());
            let error = say(&sixty(Fault::error_object()), dialect, &body).await;
            assert_eq!(error.status, 200);
            assert!(error.json()["error"]["message"].is_string());
            let empty = say(&sixty(Fault::empty_choices()), dialect, &body).await;
            assert_eq!(empty.status, 200);
            match (dialect, streams) {
                (Dialect::OpenAiChat, false) => assert_eq!(empty.json()["choices"], json!([])),
                (Dialect::GeminiGenerate, streams) => {
                    let answer = if streams { empty.events()[0].json() } else { empty.json() };
                    assert!(answer["usageMetadata"].is_object() && answer.get("candidates").is_none());
                }
                (_, false) => assert_eq!(
                    (&empty.json()["content"], &empty.json()["stop_reason"]),
                    (&json!([]), &Value::Null)
                ),
                (..) => assert!(is_complete(&empty) && tokens(dialect, &empty) == 0),
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_breaks_off_halfway() {
    let dialect = Dialect::OpenAiChat;
    let whole = say(&sixty(Fault::bom()), dialect, &ask(dialect, "x")).await.bytes().len();
    for (cut, says) in [(Cut::Length, true), (Cut::Chunked, false)] {
        let read = say(&sixty(Fault::cut_body(cut)), dialect, &ask(dialect, "x")).await;
        assert!(read.broken.as_ref().unwrap().is_truncated());
        assert_eq!(read.headers.contains_key("content-length"), says);
        assert!(read.bytes().len().abs_diff(whole / 2) <= 2);
        let read = say(&sixty(Fault::cut_body(cut)), dialect, &body(dialect)).await;
        assert!(read.broken.unwrap().is_truncated() && !read.frames.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_is_repeated_forever() {
    let simulator = sixty(Fault::repeat_forever(Duration::from_millis(100)));
    let dialect = Dialect::AnthropicMessages;
    let mut simulator_again = simulator.clone();
    let response = simulator_again.call(request(dialect, body(dialect).to_string())).await.unwrap();
    let mut answer = response.into_body();
    let mut seen = 0;
    let end = timeout(Duration::from_secs(60), async {
        while let Some(frame) = answer.frame().await {
            seen += usize::from(frame.unwrap().into_data().unwrap().windows(4).any(|four| four == b"\"w1\""));
        }
    });
    assert!(end.await.is_err());
    assert!((590..=601).contains(&seen), "{seen}");
    drop(answer);
    assert!(simulator.requests()[0].is_cancelled());
}

#[tokio::test(start_paused = true)]
async fn a_redirect_points_elsewhere() {
    let location = HeaderValue::from_static("http://elsewhere.example/v1/messages");
    for dialect in Dialect::ALL {
        let read = say(&sixty(Fault::redirect(location.clone())), dialect, &ask(dialect, "x")).await;
        assert_eq!((read.status.as_u16(), read.header("location")), (307, location.to_str().unwrap()));
    }
}

#[tokio::test(start_paused = true)]
async fn whole_answers_die_in_the_middle_too() {
    let dialect = Dialect::AnthropicMessages;
    let read = say(&sixty(Fault::dies(10, Death::Reset)), dialect, &ask(dialect, "x")).await;
    assert!(read.broken.unwrap().is_reset());
    let mut simulator = sixty(Fault::silent(10));
    let response = simulator.call(request(dialect, ask(dialect, "x").to_string())).await.unwrap();
    assert!(timeout(Duration::from_secs(60), response.into_body().collect()).await.is_err());
}
