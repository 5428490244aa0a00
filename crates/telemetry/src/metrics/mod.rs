//! Prometheus metrics, fed by observers.
//!
//! [`Metrics`] is what a process has counted. Whoever composes a stack asks it for a [`TargetMetrics`] for each target
//! and a [`ChainMetrics`] for each chain, once, and has the layers' observers call them; [`RequestMetrics`] observes
//! the request log. What is written for every token is a few atomic additions.
//!
//! ```
//! use backstop_core::Failure;
//! use backstop_telemetry::{AttemptLayer, RequestLayer, metrics::{Metrics, Snapshot}};
//! use backstop_test_support::{AnswerPlan, Script, Step, read_events, sample};
//! use tower::{ServiceBuilder, ServiceExt};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Failure> {
//! let metrics = Metrics::new();
//! let target = metrics.target(&"openai/gpt-4.1-mini".into());
//! let stack = ServiceBuilder::new()
//!     .layer(RequestLayer::new().with_observer(metrics.requests()))
//!     .layer(AttemptLayer::new("openai/gpt-4.1-mini").with_observer(target))
//!     .service(Script::<Failure>::new([Step::answer(AnswerPlan::text(&["Hi"]))]));
//! read_events(stack.oneshot(sample::request(sample::streamed())).await?.into_body()).await;
//!
//! let page = metrics.render(Snapshot::new());
//! assert!(page.contains(r#"backstop_attempts_total{target="openai/gpt-4.1-mini",outcome="success"} 1"#));
//! # Ok(())
//! # }
//! ```
//!
//! # Labels
//!
//! Every label has few values: targets and chains come from the configuration or the catalogue and are bounded by
//! [`MOST_SERIES`], all others are words of the program. No label holds what a caller wrote, a key, or a prompt.

mod chain;
mod histogram;
mod metric;
mod outcomes;
mod overhead;
mod registry;
mod render;
mod request;
mod snapshot;
mod table;
mod target;

pub use self::{
    chain::ChainMetrics,
    metric::{Metric, MetricKind},
    registry::{MOST_SERIES, Metrics, OTHER, Reload},
    render::CONTENT_TYPE,
    request::RequestMetrics,
    snapshot::{LedgerSnapshot, Snapshot},
    table::METRICS,
    target::TargetMetrics,
};
