//! A provider that is down for a while, under steady traffic.

use std::{net::SocketAddr, time::Duration};

use backstop_core::{Dialect, clock};
use backstop_simulator::Fault;
use tokio::time::MissedTickBehavior;

use super::{super::CommandError, caller, stage::Stage};

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Outage {
    pub(super) requests: usize,
    pub(super) answered: usize,
    /// Calls that reached the provider while it was down.
    pub(super) calls_while_down: usize,
    /// How long after its recovery it answered again.
    pub(super) back_after: Option<Duration>,
}

pub(super) const DOWN: Duration = Duration::from_secs(3);
pub(super) const EVERY: Duration = Duration::from_millis(100);
const WATCHED: Duration = Duration::from_secs(6);

/// `openai` is down for [`DOWN`], and a caller asks once every [`EVERY`].
pub(super) async fn play(stage: &Stage, address: SocketAddr) -> Result<Outage, CommandError> {
    let mut outage = Outage::default();
    let openai = &stage.openai.simulator;
    let before = openai.requests().len();
    openai.down(Fault::status(503));
    let begun = clock::now();
    let mut recovered = None;
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let now = clock::now();
        let passed = now.saturating_duration_since(begun);
        if passed >= WATCHED {
            return Ok(outage);
        }
        if recovered.is_none() && passed >= DOWN {
            openai.heal();
            recovered = Some(now);
            outage.calls_while_down = openai.requests().len() - before;
        }
        let dialect = if outage.requests % 2 == 0 { Dialect::OpenaiChat } else { Dialect::AnthropicMessages };
        let answered = caller::ask(address, dialect, outage.requests % 4 < 2, "chat").await;
        outage.requests += 1;
        outage.answered += usize::from(answered.is_whole());
        if let Some(recovered) = recovered
            && outage.back_after.is_none()
            && answered.target.starts_with("openai/")
        {
            outage.back_after = Some(clock::now().saturating_duration_since(recovered));
        }
    }
}
