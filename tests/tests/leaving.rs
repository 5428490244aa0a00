//! Row 26: the caller leaves.

use std::time::Duration;

use backstop_simulator::{Answer, Behaviour, Fault, Script};
use backstop_tests::{
    gateway::Gateway,
    live::Live,
    row::{Row, Way},
    run::{Outcome, Stage, Staged, judge},
    verdict::Verdict,
};
use futures_util::future::join_all;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r26_before_an_answer() {
    let row = Row::new("26-waiting", "is slow, and the caller leaves", "nothing; the call is cancelled")
        .a(Script::always(Fault::no_answer()));
    leave(&row, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r26_in_mid_stream() {
    let slow = Behaviour::from(Answer::tokens(60)).with(Fault::token_every(Duration::from_millis(200)));
    let row =
        Row::new("26-streaming", "streams, and the caller leaves", "nothing more; the call is cancelled")
            .a(Script::always(slow))
            .ways(&[Way::Streamed]);
    leave(&row, true).await;
}

async fn leave(row: &Row, reads: bool) {
    let mut variants = row.variants();
    variants.retain(|variant| !variant.long);
    let stage = Stage::new(row, variants).await;
    let mut gateway = Gateway::start(&stage.yaml).await;
    let played = stage.staged.iter().enumerate().map(|(at, staged)| {
        let address = gateway.address();
        async move { Outcome::new(staged.variant, play(at, staged, address, reads).await) }
    });
    judge(row, &join_all(played).await);
    assert!(gateway.is_running());
}

async fn play(at: usize, staged: &Staged, address: &str, reads: bool) -> Verdict {
    let mut v = Verdict::default();
    let ask = staged.ask(at);
    {
        let mut head = std::pin::pin!(ask.start(address));
        if reads {
            let mut live = Live::new(staged.variant.ingress, head.await);
            live.until("w3").await;
        } else {
            tokio::select! {
                _ = &mut head => v.that(false, || "an answer from nowhere".to_owned()),
                _ = staged.a.simulator.wait_for(1) => {}
            }
        }
    }
    let cancelled =
        tokio::time::timeout(Duration::from_secs(1), staged.a.simulator.wait_for_cancelled(1)).await;
    v.that(cancelled.is_ok(), || "the call is not cancelled within a second".to_owned());
    v.equal("the number of calls to A", staged.a.calls().len(), 1_usize);
    v.equal("the number of calls to B", staged.b.calls().len(), 0_usize);
    v
}
