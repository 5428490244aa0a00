//! A rule, and a request to hold against it.

use http::HeaderMap;
use serde_json::Value;

use super::Known;

/// One thing that the real API refuses. `C` is how its dialect complains.
#[derive(Debug)]
pub(super) struct Rule<C: 'static> {
    /// Stable, and the only one of its dialect.
    pub(super) name: &'static str,
    /// What is refused, in words.
    pub(super) refuses: &'static str,
    /// Where it is known from that the provider refuses it.
    pub(super) source: &'static str,
    /// The provider's complaint, where `Asked` breaks the rule.
    pub(super) check: fn(&Asked<'_>) -> Option<C>,
}

/// A request, as the provider gets it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'r> {
    pub(super) headers: &'r HeaderMap,
    pub(super) body: &'r Value,
    /// Where it came, for dialects whose path says what is asked for.
    pub(super) path: &'r str,
}

/// The name of the first rule of `tables` that `asked` breaks, and the complaint.
pub(super) fn first<C>(tables: &[&'static [Rule<C>]], asked: &Asked<'_>) -> Option<(&'static str, C)> {
    rules(tables).find_map(|rule| Some((rule.name, (rule.check)(asked)?)))
}

/// What is known of the rules of `tables`.
pub(super) fn known<C>(tables: &'static [&'static [Rule<C>]]) -> impl Iterator<Item = Known> {
    rules(tables).map(|rule| Known { name: rule.name, refuses: rule.refuses, source: rule.source })
}

fn rules<C>(tables: &[&'static [Rule<C>]]) -> impl Iterator<Item = &'static Rule<C>> {
    tables.iter().flat_map(|table| table.iter())
}
