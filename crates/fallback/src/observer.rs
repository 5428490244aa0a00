use std::sync::Arc;

use backstop_core::{Class, Target};

/// Hears of falls. `()` hears nothing.
pub trait FallbackObserver {
    /// A request goes from the target `from`, which failed as `class`, to the target `to`.
    fn fell_over(&self, from: &Target, to: &Target, class: Class) {
        let _ = (from, to, class);
    }

    /// A request has no target left; `class` is what the caller gets.
    fn exhausted(&self, class: Class) {
        let _ = class;
    }
}

impl FallbackObserver for () {}

impl<O: FallbackObserver + ?Sized> FallbackObserver for Arc<O> {
    fn fell_over(&self, from: &Target, to: &Target, class: Class) {
        (**self).fell_over(from, to, class);
    }

    fn exhausted(&self, class: Class) {
        (**self).exhausted(class);
    }
}
