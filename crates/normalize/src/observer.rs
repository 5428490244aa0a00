use std::sync::Arc;

use backstop_core::Call;
use backstop_dialect::Loss;

/// Hears what translation leaves out. `()` hears nothing.
pub trait NormalizeObserver {
    /// `losses` were left out of what went up for `call`.
    fn dropped(&self, call: &Call, losses: &[Loss]) {
        let _ = (call, losses);
    }
}

impl NormalizeObserver for () {}

impl<O: NormalizeObserver + ?Sized> NormalizeObserver for Arc<O> {
    fn dropped(&self, call: &Call, losses: &[Loss]) {
        (**self).dropped(call, losses);
    }
}
