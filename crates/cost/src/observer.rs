use backstop_core::{Cost, Usage, Usd};

/// Hears what calls cost. Called on the request's own task, so it must not block.
pub trait CostObserver {
    /// A call has ended, in whatever way; `usage` is the provider's or, marked so, our estimate.
    fn settled(&self, usage: Option<&Usage>, cost: Cost) {
        let _ = (usage, cost);
    }

    /// A call was refused, or its stream ended, because it would cost more than `most`.
    fn over(&self, most: Usd) {
        let _ = most;
    }
}

impl CostObserver for () {}
