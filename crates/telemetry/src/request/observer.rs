use std::sync::Arc;

use super::RequestReport;

/// Hears of every request. The hook for metrics; called on the request's own task, so it must not block.
pub trait RequestObserver {
    /// A request has ended: answered, failed, or given up by the caller.
    fn ended(&self, report: &RequestReport) {
        let _ = report;
    }
}

impl RequestObserver for () {}

impl<T: RequestObserver + ?Sized> RequestObserver for Arc<T> {
    fn ended(&self, report: &RequestReport) {
        (**self).ended(report);
    }
}
