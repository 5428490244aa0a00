use std::sync::Arc;

use backstop_core::Failure;

/// Hears what becomes of requests at the edge. `()` hears nothing.
pub trait IngressObserver {
    /// A request was refused before it became a call: too large, no JSON, a content type that nobody reads. The layers
    /// inside never saw it.
    fn refused(&self, failure: &Failure) {
        let _ = failure;
    }
}

impl IngressObserver for () {}

impl<O: IngressObserver + ?Sized> IngressObserver for Arc<O> {
    fn refused(&self, failure: &Failure) {
        (**self).refused(failure);
    }
}
