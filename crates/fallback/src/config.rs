/// How far a request falls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FallbackConfig {
    /// The most targets called for one request. One that refuses without a call, as behind an open breaker, does not
    /// count. Default: 5.
    pub max_targets: usize,
    /// What a content policy's refusal means. Default: [`OnContentFilter::Stop`].
    pub on_content_filter: OnContentFilter,
}

/// What a content policy's refusal means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OnContentFilter {
    /// It is the answer. The default.
    #[default]
    Stop,
    /// The next target is tried.
    Next,
}

impl FallbackConfig {
    /// The defaults.
    #[must_use]
    pub const fn new() -> Self {
        Self { max_targets: 5, on_content_filter: OnContentFilter::Stop }
    }

    /// Sets the most targets called for one request; at least 1.
    #[must_use]
    pub const fn with_max_targets(mut self, max_targets: usize) -> Self {
        self.max_targets = if max_targets == 0 { 1 } else { max_targets };
        self
    }

    /// Says what a content policy's refusal means.
    #[must_use]
    pub const fn with_on_content_filter(mut self, on_content_filter: OnContentFilter) -> Self {
        self.on_content_filter = on_content_filter;
        self
    }
}

impl Default for FallbackConfig {
    fn default() -> Self {
        Self::new()
    }
}
