//! Roll-ups, added up.

use std::{collections::BTreeMap, time::Duration};

use backstop_core::Usd;

use super::{Group, Model, Percentiles, Provider, Rate, Reason, Report, Shift, Wasted};
use crate::{
    Costs,
    costs::{difference, per},
    latency::{Buckets, percentile},
    store::ARROW,
};

/// One row of `hourly_requests`.
pub(super) struct Requests<'a> {
    pub(super) hour: i64,
    pub(super) chain: &'a str,
    pub(super) path: &'a str,
    pub(super) key: &'a str,
    pub(super) outcome: &'a str,
    pub(super) reason: &'a str,
    pub(super) in_flight: u64,
    pub(super) count: u64,
    pub(super) costs: Costs,
    pub(super) compared: u64,
    pub(super) answer: Usd,
    pub(super) first_target: Usd,
}

/// One row of `hourly_attempts`.
pub(super) struct Attempts<'a> {
    pub(super) target: &'a str,
    pub(super) outcome: &'a str,
    pub(super) count: u64,
    pub(super) costs: Costs,
}

#[derive(Default)]
pub(super) struct Tally {
    all: Sum,
    chains: BTreeMap<String, Sum>,
    paths: BTreeMap<String, BTreeMap<String, Sum>>,
    keys: BTreeMap<String, Sum>,
    reasons: BTreeMap<String, u64>,
    hours: BTreeMap<u64, Sum>,
    load: BTreeMap<u64, Sum>,
    outcomes: BTreeMap<String, BTreeMap<String, (u64, Costs)>>,
    durations: BTreeMap<String, (Buckets, Buckets)>,
}

#[derive(Default)]
struct Sum {
    requests: u64,
    succeeded: u64,
    dropped: u64,
    fell_over: u64,
    costs: Costs,
    answered_elsewhere: u64,
    compared: u64,
    answer: Usd,
    first_target: Usd,
}

impl Sum {
    fn add(&mut self, row: &Requests<'_>) {
        let success = row.outcome == "success";
        self.requests += row.count;
        self.succeeded += if success { row.count } else { 0 };
        self.dropped += if row.outcome == "dropped" { row.count } else { 0 };
        self.fell_over += if row.reason.is_empty() { 0 } else { row.count };
        self.costs.merge(row.costs);
        self.answered_elsewhere += if success && !row.reason.is_empty() { row.count } else { 0 };
        self.compared += row.compared;
        self.answer = self.answer.plus(row.answer);
        self.first_target = self.first_target.plus(row.first_target);
    }

    fn group(&self, chain: &str, name: &str) -> Group {
        Group {
            chain: chain.to_owned(),
            name: name.to_owned(),
            requests: self.requests,
            succeeded: self.succeeded,
            dropped: self.dropped,
            fell_over: self.fell_over,
            fallback_percent: percent(self.fell_over, self.requests),
            costs: self.costs,
            usd_per_success: per(self.costs.total(), self.succeeded),
        }
    }

    fn rate(&self, at: u64) -> Rate {
        Rate {
            at,
            requests: self.requests,
            failure_percent: percent(self.requests - self.succeeded - self.dropped, self.requests),
            fallback_percent: percent(self.fell_over, self.requests),
        }
    }
}

impl Tally {
    pub(super) fn requests(&mut self, row: &Requests<'_>) {
        self.all.add(row);
        of(&mut self.chains, row.chain).add(row);
        of(of(&mut self.paths, row.chain), row.path).add(row);
        of(&mut self.keys, row.key).add(row);
        if !row.reason.is_empty() {
            *of(&mut self.reasons, row.reason) += row.count;
        }
        self.hours.entry(row.hour.rem_euclid(24).unsigned_abs()).or_default().add(row);
        self.load.entry(row.in_flight).or_default().add(row);
    }

    pub(super) fn attempts(&mut self, row: &Attempts<'_>) {
        let (count, costs) = of(of(&mut self.outcomes, row.target), row.outcome);
        *count += row.count;
        costs.merge(row.costs);
    }

    pub(super) fn latency(&mut self, target: &str, first_token: bool, bucket: u64, count: u64) {
        let (durations, first_tokens) = of(&mut self.durations, target);
        let buckets = if first_token { first_tokens } else { durations };
        *buckets.entry(bucket).or_default() += count;
    }

    pub(super) fn report(self, hours: (i64, i64)) -> Report {
        let mut chains: Vec<_> = self.chains.iter().map(|(chain, sum)| sum.group(chain, "")).collect();
        let paths = self.paths.iter().flat_map(|(chain, paths)| paths.iter().map(move |path| (chain, path)));
        let mut groups: Vec<_> = paths.clone().map(|(chain, (path, sum))| sum.group(chain, path)).collect();
        let mut keys: Vec<_> = self.keys.iter().map(|(key, sum)| sum.group("", key)).collect();
        for groups in [&mut chains, &mut groups, &mut keys] {
            groups.sort_by_key(|group| std::cmp::Reverse(group.requests));
        }
        let mut reasons: Vec<_> = self
            .reasons
            .iter()
            .map(|(reason, &requests)| Reason {
                reason: reason.clone(),
                requests,
                percent: percent(requests, self.all.fell_over),
            })
            .collect();
        reasons.sort_by_key(|reason| std::cmp::Reverse(reason.requests));
        let rates = |sums: &BTreeMap<u64, Sum>| sums.iter().map(|(at, sum)| sum.rate(*at)).collect();
        Report {
            from: hours.0 * 3600,
            to: hours.1 * 3600,
            all: self.all.group("", ""),
            shifts: shifts(paths),
            models: self.models(),
            providers: self.providers(),
            wasted: self.wasted(),
            hours: rates(&self.hours),
            load: rates(&self.load),
            chains,
            paths: groups,
            keys,
            fallback_reasons: reasons,
        }
    }

    fn models(&self) -> Vec<Model> {
        let model = |(target, (durations, first_tokens)): (&String, &(Buckets, Buckets))| Model {
            target: target.clone(),
            succeeded: durations.values().sum(),
            duration_ms: percentiles(durations),
            first_token_ms: percentiles(first_tokens),
        };
        self.durations.iter().map(model).collect()
    }

    fn providers(&self) -> Vec<Provider> {
        let mut providers = BTreeMap::<&str, (u64, BTreeMap<&str, u64>)>::new();
        for (target, outcomes) in &self.outcomes {
            let provider = target.split_once('/').map_or(target.as_str(), |(provider, _)| provider);
            let (calls, kinds) = providers.entry(provider).or_default();
            for (outcome, (count, _)) in outcomes {
                if outcome.starts_with("refused_") {
                    continue;
                }
                *calls += count;
                if !["success", "dropped"].contains(&outcome.as_str()) {
                    *kinds.entry(outcome).or_default() += count;
                }
            }
        }
        let provider = |(provider, (calls, kinds)): (&str, (u64, BTreeMap<&str, u64>))| {
            let failed = kinds.values().sum();
            let mut kinds: Vec<_> = kinds.into_iter().map(|(kind, count)| (kind.to_owned(), count)).collect();
            kinds.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
            Provider {
                provider: provider.to_owned(),
                calls,
                failed,
                error_percent: percent(failed, calls),
                kinds,
            }
        };
        providers.into_iter().map(provider).collect()
    }

    fn wasted(&self) -> Vec<Wasted> {
        let mut outcomes = BTreeMap::<&str, (u64, Costs)>::new();
        for (outcome, (count, costs)) in self.outcomes.values().flatten() {
            // What we refused ourselves cost nothing.
            if outcome != "success" && !outcome.starts_with("refused_") {
                let sum = outcomes.entry(outcome).or_default();
                sum.0 += count;
                sum.1.merge(*costs);
            }
        }
        let wasted = |(outcome, (attempts, costs)): (&str, (u64, Costs))| Wasted {
            outcome: outcome.to_owned(),
            attempts,
            costs,
        };
        outcomes.into_iter().map(wasted).collect()
    }
}

fn shifts<'a>(paths: impl Iterator<Item = (&'a String, (&'a String, &'a Sum))>) -> Vec<Shift> {
    let mut shifts = BTreeMap::<(&str, &str, &str), Sum>::new();
    for (chain, (path, sum)) in paths {
        let (Some((first, _)), Some((_, answered))) = (path.split_once(ARROW), path.rsplit_once(ARROW))
        else {
            continue;
        };
        let of = shifts.entry((chain, first, answered)).or_default();
        of.answered_elsewhere += sum.answered_elsewhere;
        of.compared += sum.compared;
        of.answer = of.answer.plus(sum.answer);
        of.first_target = of.first_target.plus(sum.first_target);
    }
    let shift = |((chain, first, answered), sum): ((&str, &str, &str), Sum)| Shift {
        chain: chain.to_owned(),
        first: first.to_owned(),
        answered: answered.to_owned(),
        requests: sum.answered_elsewhere,
        compared: sum.compared,
        answer_usd: sum.answer,
        first_target_usd: sum.first_target,
        shift_usd: difference(sum.answer, sum.first_target),
    };
    shifts.into_iter().filter(|(_, sum)| sum.answered_elsewhere > 0).map(shift).collect()
}

fn percentiles(buckets: &Buckets) -> Option<Percentiles> {
    let read =
        |percent| percentile(buckets, percent).map(|duration: Duration| duration.as_secs_f64() * 1000.0);
    Some(Percentiles { p50: read(50)?, p95: read(95)?, p99: read(99)? })
}

#[expect(clippy::cast_precision_loss, reason = "a share of a hundred, for people")]
fn percent(part: u64, all: u64) -> f64 {
    if all == 0 { 0.0 } else { (part as f64 * 1000.0 / all as f64 * 10.0).round() / 100.0 }
}

fn of<'m, T: Default>(map: &'m mut BTreeMap<String, T>, key: &str) -> &'m mut T {
    // The key is copied only when it is new; `entry` would copy it for each of many rows.
    if !map.contains_key(key) {
        map.insert(key.to_owned(), T::default());
    }
    let Some(value) = map.get_mut(key) else { unreachable!("it was put there") };
    value
}
