use tower_layer::Layer;

use super::RequestLog;

/// Reports every request when its answer has ended: see the [crate's documentation](crate).
///
/// The report goes to the log, as one event at INFO with the target `backstop::request`, and to the observer. Its
/// fields: `request_id`, `dialect`, `model` (as the caller asked for it), `stream`, `chain`, `target` (who answered, or
/// failed last), `outcome`, `error_type`, `status`, `duration_ms`, `first_token_ms`, `attempts` (calls that went out),
/// `fallback_reason`, `input_tokens`, `cache_read_tokens`, `cache_write_tokens`, `output_tokens`, `reasoning_tokens`,
/// `usage_estimated`, and `trail`, the steps as a JSON array. What is not known is left out. No prompt, no answer, no
/// secret and no provider's text is among them.
#[derive(Clone, Copy, Debug, Default)]
pub struct RequestLayer<O = ()> {
    observer: O,
}

impl RequestLayer {
    /// Reports to the log alone.
    #[must_use]
    pub const fn new() -> Self {
        Self { observer: () }
    }
}

impl<O> RequestLayer<O> {
    /// Gives every report to `observer`, too.
    #[must_use]
    pub fn with_observer<P>(self, observer: P) -> RequestLayer<P> {
        RequestLayer { observer }
    }
}

impl<S, O: Clone> Layer<S> for RequestLayer<O> {
    type Service = RequestLog<S, O>;

    fn layer(&self, inner: S) -> Self::Service {
        RequestLog::new(inner, self.observer.clone())
    }
}
