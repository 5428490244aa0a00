//! Row 15: a target that is down for a while, and then healthy. A tenth of the scenario's times, set by configuration.

use std::time::{Duration, Instant};

use backstop_core::clock;
use backstop_simulator::Fault;
use backstop_tests::{
    gateway::Gateway,
    row::{A_TEXT, B_TEXT, Row},
    run::{Outcome, Stage, Staged, judge},
    verdict::Verdict,
};
use futures_util::future::join_all;

const BREAKER: &str = "breaker: { open: 500ms, max_open: 2s }";
const EVERY: Duration = Duration::from_millis(400);
const DOWN: Duration = Duration::from_secs(6);
const BACK_WITHIN: Duration = Duration::from_secs(3);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r15_overloaded() {
    down_and_up(
        Row::new("15-overloaded", "503 for a while, then healthy", "an answer to every request"),
        async |a, down| {
            if down { a.a.simulator.down(Fault::status(503)) } else { a.a.simulator.heal() }
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r15_refusing() {
    let row = Row::new(
        "15-refusing",
        "refuses connections for a while, then healthy",
        "an answer to every request",
    );
    down_and_up(row, async |staged, down| staged.a.listen(!down).await).await;
}

async fn down_and_up(row: Row, turn: impl AsyncFn(&Staged, bool)) {
    let row = row.chain(BREAKER);
    let mut variants = row.variants();
    variants.retain(|variant| !variant.long);
    let stage = Stage::new(&row, variants).await;
    let gateway = Gateway::start(&stage.yaml).await;
    let played = stage.staged.iter().enumerate().map(|(at, staged)| {
        let (turn, address) = (&turn, gateway.address());
        async move { Outcome::new(staged.variant, play(at, staged, address, turn).await) }
    });
    judge(&row, &join_all(played).await);
}

async fn play(at: usize, staged: &Staged, address: &str, turn: impl AsyncFn(&Staged, bool)) -> Verdict {
    let mut v = Verdict::default();
    let ask = staged.ask(at);
    let mut ticks = tokio::time::interval(EVERY);
    let mut round = async |v: &mut Verdict| {
        ticks.tick().await;
        let (seen, _) = ask.send(address).await;
        v.that(seen.is_success(), || format!("no answer: {} {:?}", seen.status, seen.error));
        v.that(seen.text == A_TEXT || seen.text == B_TEXT, || format!("the text is {:?}", seen.text));
        seen.text == A_TEXT
    };

    let from_a = round(&mut v).await;
    v.that(from_a, || "A does not answer though it is healthy".to_owned());
    turn(staged, true).await;
    let down = clock::now();
    while since(down) < DOWN {
        let from_a = round(&mut v).await;
        v.that(!from_a, || "A answers though it is down".to_owned());
    }
    turn(staged, false).await;
    let up = clock::now();
    while !round(&mut v).await {
        if since(up) > BACK_WITHIN {
            v.that(false, || format!("A is not used {:?} after it is back", since(up)));
            return v;
        }
    }
    for _ in 0..5 {
        let from_a = round(&mut v).await;
        v.that(from_a, || "A answers once and then no more".to_owned());
    }

    // Five failures in a row trip it, and a request may bring two. From then on there is one probe each time that it
    // has been open for long enough: 0.5, 1, 2, 2 s, a fifth less at most.
    let calls = staged.a.calls();
    let failed: Vec<_> = calls.iter().filter(|call| call.at > down && call.at < up).collect();
    v.that(failed.len() <= 6 + 6, || format!("{} calls to A while it was down", failed.len()));
    let probes: Vec<_> = failed.iter().skip(6).map(|call| call.at).collect();
    v.that(probes.windows(2).all(|pair| pair[1] - pair[0] > Duration::from_millis(350)), || {
        format!("probes come in crowds: {:?}", probes.iter().map(|at| *at - down).collect::<Vec<_>>())
    });
    v
}

fn since(start: Instant) -> Duration {
    clock::now().saturating_duration_since(start)
}
