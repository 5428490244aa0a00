//! Chains, and how their targets are tried.

use backstop_core::Usd;
use serde_saphyr::Spanned;

use super::{
    Resolver,
    target::{timeout_config, unsupported_policy},
};
use crate::{
    BreakerConfig, BreakerSwitch, ChainConfig, MidStream, OnContentFilter, OnMaxCost, TargetConfig,
    document::{self, BreakerEntry},
    values::Span,
};

impl Resolver<'_> {
    pub(super) fn chain(&mut self, name: &str, chain: document::Chain) -> ChainConfig {
        if let Some(route) = chain.route {
            self.word(&route, |word| match word {
                "priority" => Ok(()),
                "latency" | "cost" | "weighted" => Err(format!(
                    "the route `{word}` is not built yet; the only one so far is `priority`, the order in which targets stand"
                )),
                _ => Err(format!("unknown route `{word}`; the only one so far is `priority`, the order in which targets stand")),
            });
        }
        if let Some(max) = chain.max_targets.as_ref().filter(|max| max.value == 0) {
            self.error(max.referenced, "`max_targets` must be at least 1");
        }
        let unsupported = chain.unsupported.and_then(|word| self.word(&word, unsupported_policy));
        let validate = self.validate(chain.validate);
        let (retries, timeouts) = (chain.retries, timeout_config(chain.timeouts));
        if chain.targets.value.is_empty() {
            self.error(
                chain.targets.referenced,
                format!("chain `{name}` has no targets; name at least one as `provider/model`"),
            );
        }
        let mut targets: Vec<TargetConfig> = Vec::new();
        for entry in chain.targets.value {
            let place = entry.referenced;
            let Some(mut target) = self.target(entry) else { continue };
            if targets.iter().any(|known| {
                known.provider == target.provider
                    && known.model == target.model
                    && known.own_provider.is_none()
            }) && target.own_provider.is_none()
            {
                self.error(
                    place,
                    format!(
                        "target `{}/{}` stands twice in chain `{name}`; take one out",
                        target.provider, target.model
                    ),
                );
            }
            target.retries = target.retries.or(retries);
            target.timeouts = target.timeouts.or(timeouts);
            target.unsupported = target.unsupported.or(unsupported);
            target.validate = target.validate.or(&validate);
            targets.push(target);
        }
        ChainConfig {
            name: name.to_owned(),
            targets,
            deadline: chain.deadline.map(|span| span.0),
            mid_stream: chain.mid_stream.and_then(|word| self.word(&word, mid_stream)).unwrap_or_default(),
            on_content_filter: chain
                .on_content_filter
                .and_then(|word| self.word(&word, on_content_filter))
                .unwrap_or_default(),
            max_targets: chain.max_targets.map(|max| max.value),
            max_cost: chain.max_cost.and_then(|cost| self.word(&cost, max_cost)),
            on_max_cost: chain.on_max_cost.and_then(|word| self.word(&word, on_max_cost)).unwrap_or_default(),
            breaker: chain.breaker.map_or_else(BreakerSwitch::default, |breaker| self.breaker(&breaker)),
        }
    }

    fn breaker(&mut self, breaker: &Spanned<BreakerEntry>) -> BreakerSwitch {
        let BreakerEntry::Figures(figures) = &breaker.value else { return BreakerSwitch::Off };
        if figures.failure_ratio.is_some_and(|ratio| !(ratio > 0.0 && ratio <= 1.0)) {
            self.error(breaker.referenced, "`failure_ratio` must be more than 0 and at most 1");
        }
        if figures.minimum_attempts == Some(0) || figures.consecutive_failures == Some(0) {
            self.error(
                breaker.referenced,
                "`minimum_attempts` and `consecutive_failures` must be at least 1",
            );
        }
        BreakerSwitch::On(BreakerConfig {
            failure_ratio: figures.failure_ratio,
            minimum_attempts: figures.minimum_attempts,
            window: Span::duration(figures.window),
            consecutive_failures: figures.consecutive_failures,
            open: Span::duration(figures.open),
            max_open: Span::duration(figures.max_open),
        })
    }
}

fn max_cost(text: &str) -> Result<Usd, String> {
    text.parse().map_err(|error| format!("`max_cost: {text}` is {error}"))
}

fn on_max_cost(word: &str) -> Result<OnMaxCost, String> {
    match word {
        "continue" => Ok(OnMaxCost::Continue),
        "end" => Ok(OnMaxCost::End),
        _ => Err(format!("unknown `on_max_cost` policy `{word}`; choose `continue` or `end`")),
    }
}

fn mid_stream(word: &str) -> Result<MidStream, String> {
    match word {
        "error" => Ok(MidStream::Error),
        "buffer" => Ok(MidStream::Buffer),
        _ => Err(format!("unknown `mid_stream` policy `{word}`; choose `error` or `buffer`")),
    }
}

fn on_content_filter(word: &str) -> Result<OnContentFilter, String> {
    match word {
        "stop" => Ok(OnContentFilter::Stop),
        "next" => Ok(OnContentFilter::Next),
        _ => Err(format!("unknown `on_content_filter` policy `{word}`; choose `stop` or `next`")),
    }
}
