//! A report for people.

use std::fmt;

use backstop_core::Usd;

use super::{Group, Percentiles, Rate, Report};
use crate::{Costs, time::Moment};

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Group { requests, succeeded, dropped, fell_over, .. } = self.all;
        writeln!(f, "{} to {}", Moment(self.from * 1000), Moment(self.to * 1000))?;
        writeln!(
            f,
            "{requests} requests: {succeeded} succeeded, {} failed, {dropped} left; {fell_over} fell over ({} %)",
            requests - succeeded - dropped,
            self.all.fallback_percent
        )?;
        if requests == 0 {
            return Ok(());
        }
        writeln!(f, "cost: {}", cost(&self.all.costs, "requests"))?;
        table(f, "chains", &GROUP, self.chains.iter().map(|group| self::group(group, name(&group.chain))))?;
        table(f, "paths", &GROUP, self.paths.iter().map(|group| self::group(group, path(group))))?;
        table(f, "keys", &GROUP, self.keys.iter().map(|group| self::group(group, name(&group.name))))?;
        let reasons = self.fallback_reasons.iter();
        table(
            f,
            "why requests fell over",
            &["reason", "requests", "%"],
            reasons.map(|row| vec![row.reason.clone(), row.requests.to_string(), row.percent.to_string()]),
        )?;
        let shifts = self.shifts.iter().map(|row| {
            let names = format!("{}: {} instead of {}", name(&row.chain), row.answered, row.first);
            let mut cells = vec![names, row.requests.to_string(), row.compared.to_string()];
            cells.extend([
                row.first_target_usd.to_string(),
                row.answer_usd.to_string(),
                row.shift_usd.clone(),
            ]);
            cells
        });
        table(
            f,
            "what falling over cost (-: saved), USD",
            &["chain", "requests", "compared", "at the first", "paid", "shift"],
            shifts,
        )?;
        let models = self.models.iter().map(|row| {
            let mut cells = vec![row.target.clone(), row.succeeded.to_string()];
            cells.extend(percentiles(row.first_token_ms));
            cells.extend(percentiles(row.duration_ms));
            cells
        });
        table(
            f,
            "models, successful attempts, ms",
            &["model", "attempts", "first token p50", "p95", "p99", "duration p50", "p95", "p99"],
            models,
        )?;
        let providers = self.providers.iter().map(|row| {
            let kinds: Vec<_> = row.kinds.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
            let counts = [row.calls.to_string(), row.failed.to_string(), row.error_percent.to_string()];
            let mut cells = vec![row.provider.clone()];
            cells.extend(counts);
            cells.push(kinds.join(", "));
            cells
        });
        table(f, "providers", &["provider", "calls", "failed", "%", "kinds"], providers)?;
        let wasted = self
            .wasted
            .iter()
            .map(|row| vec![row.outcome.clone(), row.attempts.to_string(), cost(&row.costs, "attempts")]);
        table(f, "attempts without an answer", &["outcome", "attempts", "cost"], wasted)?;
        table(
            f,
            "by hour of the day, UTC",
            &RATE,
            self.hours.iter().map(|row| rate(row, &format!("{:02}", row.at))),
        )?;
        let load = self.load.iter().map(|row| rate(row, &format!("{}–{}", row.at, 2 * row.at - 1)));
        table(f, "by requests in flight", &RATE, load)
    }
}

fn group(group: &Group, name: String) -> Vec<String> {
    vec![
        name,
        group.requests.to_string(),
        group.succeeded.to_string(),
        group.fallback_percent.to_string(),
        cost(&group.costs, ""),
        group.usd_per_success.map_or_else(|| "-".to_owned(), |usd| usd.to_string()),
    ]
}

fn rate(rate: &Rate, at: &str) -> Vec<String> {
    let mut cells = vec![at.to_owned(), rate.requests.to_string()];
    cells.extend([rate.failure_percent, rate.fallback_percent].map(|percent| percent.to_string()));
    cells
}

fn path(group: &Group) -> String {
    format!("{}: {}", name(&group.chain), name(&group.name))
}

fn name(name: &str) -> String {
    if name.is_empty() { "(none)".to_owned() } else { name.to_owned() }
}

fn cost(costs: &Costs, of: &str) -> String {
    let mut said = format!("{} USD", costs.known);
    if costs.estimated != Usd::ZERO {
        said += &format!(" + {} estimated", costs.estimated);
    }
    if costs.unknown > 0 {
        said += &format!(
            " + {} {}unknown",
            costs.unknown,
            if of.is_empty() { String::new() } else { format!("{of} ") }
        );
    }
    said
}

fn percentiles(of: Option<Percentiles>) -> [String; 3] {
    of.map_or_else(
        || ["-"; 3].map(str::to_owned),
        |Percentiles { p50, p95, p99 }| [p50, p95, p99].map(|ms| format!("{ms:.0}")),
    )
}

/// A title, and rows below a head; nothing where there are no rows. Numbers stand at the right of their columns.
fn table(
    f: &mut fmt::Formatter<'_>,
    title: &str,
    head: &[&str],
    rows: impl Iterator<Item = Vec<String>>,
) -> fmt::Result {
    let mut rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return Ok(());
    }
    let more = rows.len().saturating_sub(MOST);
    rows.truncate(MOST);
    rows.insert(0, head.iter().map(|&cell| cell.to_owned()).collect());
    let widths: Vec<usize> = (0..head.len())
        .map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default())
        .collect();
    writeln!(f, "\n{title}")?;
    for row in rows {
        let mut line = String::new();
        for (column, (cell, &width)) in row.iter().zip(&widths).enumerate() {
            line += &if column == 0 { format!("  {cell:<width$}") } else { format!("  {cell:>width$}") };
        }
        writeln!(f, "{}", line.trim_end())?;
    }
    if more > 0 {
        writeln!(f, "  and {more} more: see --json")?;
    }
    Ok(())
}

const GROUP: [&str; 6] = ["name", "requests", "succeeded", "fell over %", "cost", "USD per success"];
const RATE: [&str; 4] = ["at", "requests", "failed %", "fell over %"];
const MOST: usize = 40;
