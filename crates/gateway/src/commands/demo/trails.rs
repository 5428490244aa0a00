//! What was tried for each request, taken from the log: what an operator would read there.

use std::{fmt, time::Duration};

use serde_json::Value;
use tokio::sync::broadcast;
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    layer::{Context, Layer, SubscriberExt as _},
    util::SubscriberInitExt as _,
};

/// The log lines of requests that have ended.
#[derive(Debug)]
pub(super) struct Trails(broadcast::Sender<Trail>);

/// Lines from a moment on.
#[derive(Debug)]
pub(super) struct Heard(broadcast::Receiver<Trail>);

/// The line of one request.
#[derive(Clone, Debug, Default)]
pub(super) struct Trail {
    id: String,
    pub(super) model: String,
    pub(super) outcome: String,
    pub(super) status: u64,
    pub(super) duration_ms: u64,
    steps: String,
}

impl Trails {
    /// Listens to the process's log from now on.
    pub(super) fn listen() -> Result<Self, String> {
        let (sender, _) = broadcast::channel(256);
        tracing_subscriber::registry()
            .with(Listener(sender.clone()))
            .try_init()
            .map_err(|error| format!("the log cannot be set up: {error}"))?;
        Ok(Self(sender))
    }

    pub(super) fn begin(&self) -> Heard {
        Heard(self.0.subscribe())
    }
}

impl Heard {
    /// The line of the request `id`; it is written when the answer has ended, which may be a moment after the caller has
    /// read it.
    pub(super) async fn of(&mut self, id: &str) -> Option<Trail> {
        let line = async {
            loop {
                let trail = self.next().await?;
                if trail.id == id {
                    return Some(trail);
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(2), line).await.ok().flatten()
    }

    /// The next line.
    pub(super) async fn next(&mut self) -> Option<Trail> {
        loop {
            match self.0.recv().await {
                Ok(trail) => return Some(trail),
                Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }
}

impl Trail {
    /// Each step: the target, how it ended, and how long it took.
    pub(super) fn steps(&self) -> Vec<String> {
        let steps: Vec<Value> = serde_json::from_str(&self.steps).unwrap_or_default();
        steps
            .iter()
            .map(|step| {
                let word = |name: &str| step[name].as_str().unwrap_or("?").to_owned();
                let duration =
                    step["duration_ms"].as_u64().map(|took| format!(" ({took} ms)")).unwrap_or_default();
                format!("{} {}{duration}", word("target"), word("outcome"))
            })
            .collect()
    }
}

struct Listener(broadcast::Sender<Trail>);

impl<S: Subscriber> Layer<S> for Listener {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "backstop::request" {
            let mut trail = Trail::default();
            event.record(&mut trail);
            // Nobody listening is no fault.
            let _ = self.0.send(trail);
        }
    }
}

impl Visit for Trail {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            "status" => self.status = value,
            "duration_ms" => self.duration_ms = value,
            _ => {}
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let own = match field.name() {
            "request_id" => &mut self.id,
            "model" => &mut self.model,
            "outcome" => &mut self.outcome,
            "trail" => &mut self.steps,
            _ => return,
        };
        value.clone_into(own);
    }
}
