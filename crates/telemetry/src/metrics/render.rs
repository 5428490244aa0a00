//! Metrics as text.

use std::{fmt, sync::atomic::Ordering};

use backstop_core::Text;
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, NoLabelSet, text},
    metrics::MetricType,
    registry::{Registry, Unit as TheirUnit},
};

use super::{
    ChainMetrics, Metrics, Snapshot, TargetMetrics,
    histogram::Histogram,
    metric::{Metric, MetricKind, PREFIX, Unit},
    outcomes::Outcomes,
    table as all,
    target::TOKEN_KINDS,
};

impl Metrics {
    /// The page that Prometheus reads, in the format of [`CONTENT_TYPE`].
    #[must_use]
    pub fn render(&self, snapshot: Snapshot) -> String {
        let mut registry = Registry::with_prefix(PREFIX);
        registry.register_collector(Box::new(Scrape { metrics: self.clone(), snapshot }));
        let mut page = String::new();
        match text::encode(&mut page, &registry) {
            Ok(()) => page,
            Err(fmt::Error) => unreachable!("a string takes all"),
        }
    }
}

#[derive(Debug)]
struct Scrape {
    metrics: Metrics,
    snapshot: Snapshot,
}

impl Collector for Scrape {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut page = Page(encoder);
        self.requests(&mut page)?;
        self.attempts(&mut page)?;
        self.health(&mut page)?;
        self.process(&mut page)
    }
}

impl Scrape {
    fn requests(&self, page: &mut Page<'_>) -> fmt::Result {
        let inner = &*self.metrics.0;
        let chains: Vec<ChainMetrics> = inner.chains.read().values().cloned().collect();
        let mut requests = Vec::new();
        for chain in &chains {
            for ((dialect, status, outcome), count) in &*chain.0.requests.lock() {
                let status = if *status == 0 { "none".to_owned() } else { status.to_string() };
                let labels = [chain.label(), *dialect, &status, *outcome].map(str::to_owned).to_vec();
                requests.push((labels, *count));
            }
        }
        page.counters(&all::REQUESTS, requests)?;
        let by_chain = |series: fn(&ChainMetrics) -> &Histogram| {
            chains.iter().map(move |chain| (vec![chain.label().to_string()], series(chain)))
        };
        page.histograms(&all::REQUEST_DURATION, by_chain(|chain| &chain.0.duration))?;
        page.histograms(&all::REQUEST_FIRST_TOKEN, by_chain(|chain| &chain.0.first_token))?;
        page.gauge(&all::REQUESTS_IN_FLIGHT, inner.in_flight.load(Ordering::Relaxed))?;
        page.gauge(&all::OPEN_STREAMS, inner.open_streams.load(Ordering::Relaxed))?;
        page.histograms(&all::GATEWAY_OVERHEAD, by_chain(|chain| &chain.0.overhead))?;
        let mut fell_over = Vec::new();
        for chain in &chains {
            let reasons = chain.0.fell_over.lock();
            fell_over
                .extend(reasons.iter().map(|(reason, count)| (labels(&[chain.label(), reason]), *count)));
        }
        page.counters(&all::FALLBACK_REQUESTS, fell_over)?;
        let by_reason = |series: fn(&ChainMetrics) -> &Outcomes| {
            chains.iter().flat_map(move |chain| outcomes(chain.label(), series(chain)))
        };
        page.counters(&all::FALLBACKS, by_reason(|chain| &chain.0.falls))?;
        page.counters(&all::EXHAUSTED, by_reason(|chain| &chain.0.exhausted))
    }

    fn attempts(&self, page: &mut Page<'_>) -> fmt::Result {
        let targets: Vec<TargetMetrics> = self.metrics.0.targets.read().values().cloned().collect();
        let by_kind = |series: fn(&TargetMetrics) -> &Outcomes| {
            targets.iter().flat_map(move |target| outcomes(target.label(), series(target)))
        };
        let one = |series: fn(&TargetMetrics) -> &Histogram| {
            targets.iter().map(move |target| (labels(&[target.label()]), series(target)))
        };
        let count = |series: fn(&TargetMetrics) -> u64| {
            targets.iter().map(move |target| (labels(&[target.label()]), series(target)))
        };
        page.counters(&all::ATTEMPTS, by_kind(|target| &target.0.outcomes))?;
        let durations = targets.iter().flat_map(|target| {
            let both = [("success", &target.0.succeeded), ("failed", &target.0.failed)];
            both.map(|(outcome, series)| (labels(&[target.label(), outcome]), series))
        });
        page.histograms(&all::ATTEMPT_DURATION, durations)?;
        page.histograms(&all::ATTEMPT_FIRST_TOKEN, one(|target| &target.0.first_token))?;
        page.histograms(&all::TOKEN_GAP, one(|target| &target.0.token_gap))?;
        page.gauges(&all::ATTEMPTS_IN_FLIGHT, count(|target| target.0.in_flight.load(Ordering::Relaxed)))?;
        let retries = targets.iter().flat_map(|target| {
            let both = [("same", &target.0.retries), ("other", &target.0.retries_other_key)];
            both.into_iter().flat_map(move |(credential, series)| {
                series
                    .counted()
                    .map(move |(reason, count)| (labels(&[target.label(), reason, credential]), count))
            })
        });
        page.counters(&all::RETRIES, retries)?;
        page.counters(&all::RETRIES_DENIED, by_kind(|target| &target.0.retries_denied))?;
        page.counters(&all::COMMITS_OUTGROWN, count(|target| target.0.outgrown.load(Ordering::Relaxed)))?;
        page.counters(&all::TRANSLATION_LOSSES, count(|target| target.0.losses.load(Ordering::Relaxed)))?;
        let mut rejected = Vec::new();
        for target in &targets {
            let rules = target.0.rejected.lock();
            rejected.extend(rules.iter().map(|(rule, count)| (labels(&[target.label(), rule]), *count)));
        }
        page.counters(&all::ANSWERS_REJECTED, rejected)?;
        let tokens = targets.iter().flat_map(|target| {
            TOKEN_KINDS
                .iter()
                .zip(&target.0.tokens)
                .map(|((kind, _), count)| (labels(&[target.label(), kind]), count.load(Ordering::Relaxed)))
        });
        page.counters(&all::TOKENS, tokens.filter(|(_, count)| *count > 0))?;
        let mut transitions = Vec::new();
        for target in &targets {
            let states = target.0.transitions.lock();
            transitions.extend(states.iter().map(|(to, count)| (labels(&[target.label(), to]), *count)));
        }
        page.counters(&all::BREAKER_TRANSITIONS, transitions)?;
        page.counters(&all::BREAKER_REFUSALS, count(|target| target.0.refusals.load(Ordering::Relaxed)))
    }

    fn health(&self, page: &mut Page<'_>) -> fmt::Result {
        let inner = &*self.metrics.0;
        let mut states = std::collections::BTreeMap::<(&Text, &str), u64>::new();
        for (target, state) in &self.snapshot.breakers {
            for known in BREAKER_STATES {
                *states.entry((target, known)).or_default() += u64::from(known == *state);
            }
        }
        let states = states.into_iter().map(|((target, state), count)| (labels(&[target, state]), count));
        page.gauges(&all::BREAKER_STATE, states)?;
        let mut cooling = std::collections::BTreeMap::<(&Text, &str), u64>::new();
        for (provider, scope) in &self.snapshot.cooling {
            *cooling.entry((provider, scope)).or_default() += 1;
        }
        let cooling =
            cooling.into_iter().map(|((provider, scope), count)| (labels(&[provider, scope]), count));
        page.gauges(&all::COOLING, cooling)?;
        let cooldowns = inner.cooldowns.lock().clone();
        let cooldowns = cooldowns
            .iter()
            .map(|((provider, scope, kind), count)| (labels(&[provider, scope, kind]), *count));
        page.counters(&all::COOLDOWNS, cooldowns)?;
        let refusals = inner.cooldown_refusals.lock().clone();
        page.counters(
            &all::COOLDOWN_REFUSALS,
            refusals.iter().map(|(provider, count)| (labels(&[provider]), *count)),
        )?;
        let alerts = inner.alerts.lock().clone();
        page.counters(
            &all::ALERTS,
            alerts.iter().map(|((provider, kind), count)| (labels(&[provider, kind]), *count)),
        )
    }

    fn process(&self, page: &mut Page<'_>) -> fmt::Result {
        let inner = &*self.metrics.0;
        page.gauge(&all::BYTES_IN_FLIGHT, self.snapshot.bytes_in_flight)?;
        let ledger = self.snapshot.ledger.as_slice();
        let rows = ledger.iter().flat_map(|ledger| {
            [("written", ledger.written), ("dropped", ledger.dropped)]
                .map(|(result, count)| (labels(&[result]), count))
        });
        page.counters(&all::LEDGER_ROWS, rows)?;
        page.counters(&all::LEDGER_FAILURES, ledger.iter().map(|ledger| (labels(&[]), ledger.failures)))?;
        page.gauges(&all::LEDGER_WAITING, ledger.iter().map(|ledger| (labels(&[]), ledger.waiting)))?;
        page.gauges(&all::LEDGER_UP, ledger.iter().map(|ledger| (labels(&[]), u64::from(ledger.up))))?;
        let reloads = inner.reloads.lock().clone();
        page.counters(
            &all::CONFIG_RELOAD,
            reloads.iter().map(|(result, count)| (labels(&[result]), *count)),
        )?;
        page.gauge(&all::CONFIG_GOOD, u64::from(!inner.config_bad.load(Ordering::Relaxed)))?;
        page.gauge(&all::STACKS, self.snapshot.stacks as u64)?;
        page.gauges(&all::BUILD, [(labels(&[env!("CARGO_PKG_VERSION")]), 1)])
    }
}

/// The page, one metric after the other.
struct Page<'a>(DescriptorEncoder<'a>);

type Labels = Vec<String>;

impl Page<'_> {
    fn counters(&mut self, metric: &Metric, series: impl IntoIterator<Item = (Labels, u64)>) -> fmt::Result {
        let mut encoder = describe(&mut self.0, metric)?;
        for (values, count) in series {
            let labels = metric.labels.iter().copied().zip(values).collect::<Vec<_>>();
            encoder.encode_family(&labels)?.encode_counter::<NoLabelSet, _, u64>(&count, None)?;
        }
        Ok(())
    }

    fn gauges(&mut self, metric: &Metric, series: impl IntoIterator<Item = (Labels, u64)>) -> fmt::Result {
        let mut encoder = describe(&mut self.0, metric)?;
        for (values, value) in series {
            let labels = metric.labels.iter().copied().zip(values).collect::<Vec<_>>();
            encoder.encode_family(&labels)?.encode_gauge(&value)?;
        }
        Ok(())
    }

    fn gauge(&mut self, metric: &Metric, value: u64) -> fmt::Result {
        describe(&mut self.0, metric)?.encode_gauge(&value)
    }

    fn histograms<'h>(
        &mut self,
        metric: &Metric,
        series: impl IntoIterator<Item = (Labels, &'h Histogram)>,
    ) -> fmt::Result {
        let mut encoder = describe(&mut self.0, metric)?;
        for (values, histogram) in series {
            let labels = metric.labels.iter().copied().zip(values).collect::<Vec<_>>();
            let counted = histogram.counted();
            encoder.encode_family(&labels)?.encode_histogram::<NoLabelSet>(
                counted.seconds,
                counted.count,
                &counted.buckets,
                None,
            )?;
        }
        Ok(())
    }
}

fn describe<'a>(
    encoder: &'a mut DescriptorEncoder<'_>,
    metric: &'a Metric,
) -> Result<prometheus_client::encoding::MetricEncoder<'a>, fmt::Error> {
    let kind = match metric.kind {
        MetricKind::Counter => MetricType::Counter,
        MetricKind::Gauge => MetricType::Gauge,
        MetricKind::Histogram => MetricType::Histogram,
    };
    let unit = match metric.unit {
        Some(Unit::Bytes) => Some(&TheirUnit::Bytes),
        Some(Unit::Seconds) => Some(&TheirUnit::Seconds),
        None => None,
    };
    encoder.encode_descriptor(metric.name, metric.help, unit, kind)
}

fn outcomes<'a>(name: &'a Text, outcomes: &'a Outcomes) -> impl Iterator<Item = (Labels, u64)> + 'a {
    outcomes.counted().map(move |(outcome, count)| (labels(&[name, outcome]), count))
}

fn labels(values: &[&str]) -> Labels {
    values.iter().map(|value| (*value).to_owned()).collect()
}

/// The media type of the page: OpenMetrics, as its specification 1.0 says.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// A breaker is in one of these.
const BREAKER_STATES: [&str; 5] = ["closed", "open", "half_open", "forced_open", "forced_closed"];
