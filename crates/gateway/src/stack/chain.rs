//! One chain: a deadline over a fall through targets.

use backstop_config::{ChainConfig, OnContentFilter};
use backstop_core::classify::Answers;
use backstop_fallback::{Candidate, Fallback, FallbackConfig};
use backstop_timeout::{Deadline, DeadlineLayer, Timeouts};
use tower::Layer as _;

use super::{hooks::ChainHook, target::Target};

/// A chain's whole stack.
pub type Chain = Deadline<Fallback<Target, Answers, ChainHook>>;

/// The chain over `candidates`; `None` where there are none.
pub(crate) fn chain(
    config: &ChainConfig,
    candidates: Vec<Candidate<Target>>,
    hook: ChainHook,
) -> Option<Chain> {
    let mut fallback = FallbackConfig::new();
    if let Some(most) = config.max_targets {
        fallback = fallback.with_max_targets(most);
    }
    if config.on_content_filter == OnContentFilter::Next {
        fallback = fallback.with_on_content_filter(backstop_fallback::OnContentFilter::Next);
    }
    let fallback = Fallback::with(candidates, fallback, Answers::new(), hook).ok()?;
    Some(DeadlineLayer::new(Timeouts::new().with_deadline(config.deadline)).layer(fallback))
}
