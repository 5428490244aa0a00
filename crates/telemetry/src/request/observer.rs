use std::sync::Arc;

use backstop_core::Origin;

use super::RequestReport;

/// Hears of every request. The hook for metrics; called on the request's own task, so it must not block.
pub trait RequestObserver {
    /// A request was received. Its end is told in any case.
    fn begun(&self, origin: &Origin) {
        let _ = origin;
    }

    /// The head of an answer is on its way to the caller; its body follows. Not told of failures.
    fn answered(&self, origin: &Origin) {
        let _ = origin;
    }

    /// A request has ended: answered, failed, or given up by the caller.
    fn ended(&self, report: &RequestReport) {
        let _ = report;
    }
}

impl RequestObserver for () {}

impl<T: RequestObserver + ?Sized> RequestObserver for Arc<T> {
    fn begun(&self, origin: &Origin) {
        (**self).begun(origin);
    }

    fn answered(&self, origin: &Origin) {
        (**self).answered(origin);
    }

    fn ended(&self, report: &RequestReport) {
        (**self).ended(report);
    }
}
