//! Scripts, headers, rates and records.

use std::time::Duration;

use backstop_simulator::{Answer, Behaviour, Dialect, End, Fault, Scope, Script, Simulator};
use http::Request;
use http_body_util::{BodyExt, Full};
use serde_json::json;
use tokio::time::{Instant, timeout};
use tower_service::Service;

use crate::common::{KEY, call, openai, request, say, streamed};

async fn status(simulator: &Simulator, model: &str) -> u16 {
    let mut body = openai("x");
    body["model"] = json!(model);
    match call(simulator, request(Dialect::OpenAiChat, body.to_string())).await {
        Ok(read) => read.status.as_u16(),
        Err(_) => 0,
    }
}

#[tokio::test(start_paused = true)]
async fn each_model_plays_its_script_and_is_healthy_afterwards() {
    let simulator = Simulator::new("a");
    simulator.script("gpt-4.1", [Fault::status(500), Fault::status(503), Fault::reset()]);
    simulator.script("gpt-4o", Script::new([Answer::auto()]).then_always(Fault::status(529)));
    let mut seen = Vec::new();
    for model in ["gpt-4.1", "gpt-4o", "gpt-4.1", "gpt-4o", "gpt-4.1", "gpt-4.1", "gpt-4o"] {
        seen.push(status(&simulator, model).await);
    }
    assert_eq!(seen, [500, 200, 503, 529, 0, 200, 529]);
    simulator.script(Scope::All, [Fault::status(418)]);
    assert_eq!((status(&simulator, "gpt-4o").await, status(&simulator, "other").await), (529, 418));
    simulator.calm();
    assert_eq!(status(&simulator, "gpt-4o").await, 200);
}

#[tokio::test(start_paused = true)]
async fn down_lasts_until_healed() {
    let simulator = Simulator::new("a");
    simulator.script("m", [Fault::status(500)]);
    simulator.down(Fault::status(503));
    assert_eq!((status(&simulator, "m").await, status(&simulator, "m").await), (503, 503));
    let probe = || {
        let request = Request::get("/v1/models").header("authorization", "Bearer x");
        call(&simulator, request.body(Full::default()).unwrap())
    };
    assert_eq!(probe().await.unwrap().status, 503, "no list of models either");
    simulator.heal();
    assert_eq!((status(&simulator, "m").await, status(&simulator, "m").await), (500, 200));
    assert_eq!(probe().await.unwrap().status, 200);
}

#[tokio::test(start_paused = true)]
async fn down_may_end_by_itself() {
    let simulator = Simulator::new("a");
    simulator.down_for(Duration::from_secs(60), Fault::status(503));
    tokio::time::advance(Duration::from_millis(59_999)).await;
    assert_eq!(status(&simulator, "m").await, 503);
    tokio::time::advance(Duration::from_millis(1)).await;
    assert_eq!(status(&simulator, "m").await, 200);
}

#[tokio::test(start_paused = true)]
async fn old_requests_are_forgotten_but_counted() {
    let simulator = Simulator::new("a").with_memory(4);
    let mut waiting = simulator.clone();
    simulator.script(Scope::All, [Fault::no_answer()]);
    let held = waiting.call(request(Dialect::OpenAiChat, openai("x").to_string()));
    let mut held = std::pin::pin!(held);
    assert!(timeout(Duration::from_secs(1), held.as_mut()).await.is_err());
    for _ in 0..20 {
        assert_eq!(status(&simulator, "m").await, 200);
    }
    let kept = simulator.wait_for(21).await;
    assert!((4..=5).contains(&kept.len()), "{}", kept.len());
    assert_eq!((kept[0].number, kept[0].is_over()), (0, false), "what is under way stays");
    assert_eq!(kept.last().unwrap().number, 20);
    assert_eq!(simulator.told().output, 20);
    assert_eq!(simulator.billed(), simulator.told());
    assert_eq!(simulator.wait_for_ends(20).await.len(), kept.len());
    assert!(timeout(Duration::from_secs(1), simulator.wait_for_ends(21)).await.is_err());
    simulator.forget();
    assert_eq!((simulator.requests().len(), simulator.told().output), (1, 0));
    assert_eq!(status(&simulator, "m").await, 200);
    assert_eq!(simulator.requests()[1].number, 21, "ids are not given twice");
}

#[tokio::test(start_paused = true)]
async fn a_header_says_what_happens_and_nothing_else_does() {
    let simulator = Simulator::new("a").with_behaviour(Fault::status(500));
    let ask = |fault: &str| {
        let mut request = request(Dialect::OpenAiChat, openai("x").to_string());
        request.headers_mut().insert("x-simulator-fault", fault.parse().unwrap());
        request
    };
    let read = call(&simulator, ask("status=429; retry-after=2s")).await.unwrap();
    assert_eq!((read.status.as_u16(), read.header("retry-after")), (429, "2"));
    assert_eq!(call(&simulator, ask("ok")).await.unwrap().status, 200);
    assert!(call(&simulator, ask("reset")).await.unwrap_err().is_reset());
    let read = call(&simulator, ask("stauts=429")).await.unwrap();
    assert_eq!(read.status, 400);
    assert!(read.text().contains("behaviour `stauts=429`: no such word"));
}

#[tokio::test(start_paused = true)]
async fn a_rate_hits_its_share_and_always_the_same_requests() {
    let play = |seed| async move {
        let simulator = Simulator::seeded("a", seed);
        simulator.rate(0.1, Fault::status(500));
        let mut seen = Vec::new();
        for _ in 0..400 {
            seen.push(status(&simulator, "m").await);
        }
        seen
    };
    let seen = play(7).await;
    let hits = seen.iter().filter(|status| **status == 500).count();
    assert!((20..=65).contains(&hits), "{hits}");
    assert_eq!(seen, play(7).await);
    assert_ne!(seen, play(8).await);
}

#[tokio::test(start_paused = true)]
async fn a_script_file_is_played() {
    let simulator = Simulator::new("a");
    simulator.load("model m => status=500 | ok | always reset\n* => status=503\n").unwrap();
    let mut seen = Vec::new();
    for model in ["m", "other", "m", "other", "m", "m"] {
        seen.push(status(&simulator, model).await);
    }
    assert_eq!(seen, [500, 503, 200, 200, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn what_came_in_is_recorded() {
    let simulator = Simulator::new("a");
    let begun = Instant::now();
    say(&simulator, Dialect::OpenAiChat, &streamed(openai("hello"))).await;
    let record = simulator.wait_for_ends(1).await.remove(0);
    assert_eq!((record.number, record.at), (0, begun));
    assert_eq!((record.method.as_str(), record.uri.path()), ("POST", "/v1/chat/completions"));
    assert_eq!(record.headers["authorization"], format!("Bearer {KEY}"));
    assert_eq!(record.json(), streamed(openai("hello")));
    assert_eq!((record.dialect, record.streamed), (Dialect::OpenAiChat, true));
    assert_eq!((record.model.as_deref(), record.key.as_deref()), (Some("gpt-4.1"), Some(KEY)));
    assert_eq!(record.status.map(|status| status.as_u16()), Some(200));
    assert!(matches!(record.end, End::Complete(_)));
}

#[tokio::test(start_paused = true)]
async fn who_waits_is_woken_when_it_happens() {
    let simulator =
        Simulator::new("a").with_behaviour(Behaviour::from(Answer::tokens(3)).with(Fault::silent(2)));
    let mut caller = simulator.clone();
    let (_, records) = tokio::join!(
        async {
            tokio::time::sleep(Duration::from_secs(5)).await;
            let body = streamed(openai("x")).to_string();
            let response = caller.call(request(Dialect::OpenAiChat, body)).await.unwrap();
            let mut body = response.into_body();
            let first = body.frame().await.unwrap().unwrap();
            assert!(first.is_data());
            tokio::time::sleep(Duration::from_secs(5)).await;
        },
        async {
            let arrived = simulator.wait_for(1).await;
            assert_eq!(arrived.len(), 1);
            simulator.wait_until(|records| records[0].end == End::Answering).await;
            simulator.wait_for_cancelled(1).await
        }
    );
    let End::Cancelled(at) = records[0].end else { panic!("{:?}", records[0].end) };
    assert_eq!(at - records[0].at, Duration::from_secs(5));
    assert!(timeout(Duration::from_secs(1), simulator.wait_for(2)).await.is_err());
}
