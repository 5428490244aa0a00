use backstop_core::{Cost, Usd};
use serde::{Serialize, Serializer};

/// Costs, added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Costs {
    /// What is known.
    #[serde(rename = "known_usd", serialize_with = "text")]
    pub known: Usd,
    /// What was estimated.
    #[serde(rename = "estimated_usd", serialize_with = "text")]
    pub estimated: Usd,
    /// How many had no known cost.
    pub unknown: u64,
}

impl Costs {
    /// Adds one cost.
    pub const fn add(&mut self, cost: Cost) {
        match cost {
            Cost::Known(usd) => self.known = self.known.plus(usd),
            Cost::Estimated(usd) => self.estimated = self.estimated.plus(usd),
            Cost::Unknown => self.unknown = self.unknown.saturating_add(1),
        }
    }

    /// Adds others.
    pub const fn merge(&mut self, other: Self) {
        self.known = self.known.plus(other.known);
        self.estimated = self.estimated.plus(other.estimated);
        self.unknown = self.unknown.saturating_add(other.unknown);
    }

    /// Known and estimated amounts together.
    #[must_use]
    pub const fn total(&self) -> Usd {
        self.known.plus(self.estimated)
    }
}

/// The share of one in `count`, rounded down to 10⁻¹² dollars; `None` for a count of 0.
pub(crate) fn per(usd: Usd, count: u64) -> Option<Usd> {
    let share = usd.yoctos().checked_div(u128::from(count))?;
    Some(Usd::from_yoctos(share / REST * REST))
}

/// `one` less `other`, with its sign.
pub(crate) fn difference(one: Usd, other: Usd) -> String {
    let sign = if one < other { "-" } else { "" };
    format!("{sign}{}", Usd::from_yoctos(one.yoctos().abs_diff(other.yoctos())))
}

/// An amount in two columns of integers: whole 10⁻¹² dollars, and what is left in 10⁻²⁴.
pub(crate) fn split(usd: Usd) -> [i64; 2] {
    let whole = i64::try_from(usd.yoctos() / REST).unwrap_or(i64::MAX);
    [whole, i64::try_from(usd.yoctos() % REST).unwrap_or_default()]
}

/// The amount of two columns.
pub(crate) fn join(whole: u64, rest: u64) -> Usd {
    Usd::from_yoctos(u128::from(whole) * REST + u128::from(rest))
}

/// As text: a number would be read as a float.
pub(crate) fn text<S: Serializer>(usd: &Usd, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(usd)
}

/// The same, where there may be none.
pub(crate) fn maybe<S: Serializer>(usd: &Option<Usd>, serializer: S) -> Result<S::Ok, S::Error> {
    match usd {
        Some(usd) => serializer.collect_str(usd),
        None => serializer.serialize_none(),
    }
}

const REST: u128 = 1_000_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_keep_what_is_known_apart() {
        let mut costs = Costs::default();
        let usd = Usd::from_yoctos;
        for cost in [Cost::Known(usd(1)), Cost::Estimated(usd(2)), Cost::Unknown, Cost::Known(usd(5))] {
            costs.add(cost);
        }
        assert_eq!(costs, Costs { known: usd(6), estimated: usd(2), unknown: 1 });
        costs.merge(costs);
        assert_eq!(costs.total(), usd(16));
    }

    #[test]
    fn amounts_are_split_and_joined_without_a_loss() {
        for yoctos in [0, 1, REST - 1, REST, 7 * REST + 3, 1_000_000 * REST * REST] {
            let [whole, rest] = split(Usd::from_yoctos(yoctos)).map(i64::unsigned_abs);
            assert_eq!(join(whole, rest).yoctos(), yoctos);
        }
        assert_eq!(per(Usd::from_yoctos(10 * REST), 3), Some(Usd::from_yoctos(3 * REST)));
        assert_eq!(per(Usd::ZERO, 0), None);
        let (one, two): (Usd, Usd) = ("1.5".parse().unwrap(), "2".parse().unwrap());
        assert_eq!((difference(one, two), difference(two, one)), ("-0.5".to_owned(), "0.5".to_owned()));
    }
}
