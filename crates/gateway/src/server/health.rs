//! Whether the process lives, and whether it wants requests.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use http::StatusCode;

/// Shared by all who ask and by who decides.
#[derive(Clone, Debug, Default)]
pub struct Health {
    ending: Arc<AtomicBool>,
}

impl Health {
    /// A process that lives and wants requests.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on load balancers should send requests elsewhere; open ones still end here.
    pub fn end(&self) {
        self.ending.store(true, Ordering::Release);
    }

    /// What `/readyz` answers: 200, or 503 once the process is ending.
    #[must_use]
    pub fn ready(&self) -> StatusCode {
        if self.ending.load(Ordering::Acquire) { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK }
    }
}
