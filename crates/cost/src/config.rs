use backstop_core::Usd;

use crate::Tariff;

/// What a target costs, and how much a request may.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CostConfig {
    /// The price; by default unknown, and so is then every cost.
    pub tariff: Tariff,
    /// The most that a request may cost, all of its attempts together; by default without bound.
    pub max_cost: Option<Usd>,
    /// Whether a stream ends, with a failure, once the estimate of its cost passes `max_cost`; by default it goes on.
    pub end_stream: bool,
}

impl CostConfig {
    /// A target that costs what `tariff` says.
    #[must_use]
    pub fn new(tariff: Tariff) -> Self {
        Self { tariff, ..Self::default() }
    }

    /// Refuses a call before it goes out if its prompt alone, with what was spent before, would cost more than `max_cost`.
    /// Where the price is unknown, nothing is refused.
    #[must_use]
    pub const fn with_max_cost(mut self, max_cost: Option<Usd>) -> Self {
        self.max_cost = max_cost;
        self
    }

    /// Ends a stream that passes the bound.
    #[must_use]
    pub const fn with_end_stream(mut self, end_stream: bool) -> Self {
        self.end_stream = end_stream;
        self
    }
}
