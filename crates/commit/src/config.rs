/// When an answer is committed, and how much of it is held until then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CommitConfig {
    /// What a death in the middle of a stream means. Default: [`MidStream::Error`].
    pub mid_stream: MidStream,
    /// The most bytes of events held before the first token. What sends more without one is no answer: the call fails
    /// as `Malformed`. Default: 1 MiB.
    pub hold_limit: usize,
    /// The most bytes of events held in [`MidStream::Buffer`]. What outgrows it is committed there and then. Default:
    /// 32 MiB.
    pub buffer_limit: usize,
}

/// What a death in the middle of a stream means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MidStream {
    /// Commit at the first token; a later death is an error event to the caller. The default.
    #[default]
    Error,
    /// Commit when the answer is whole, so that any death is an `Err` that falls over: for callers who want the answer
    /// more than the first token.
    Buffer,
}

impl CommitConfig {
    /// The defaults.
    #[must_use]
    pub const fn new() -> Self {
        Self { mid_stream: MidStream::Error, hold_limit: 1 << 20, buffer_limit: 32 << 20 }
    }

    /// Sets what a death in the middle of a stream means.
    #[must_use]
    pub const fn with_mid_stream(mut self, mid_stream: MidStream) -> Self {
        self.mid_stream = mid_stream;
        self
    }

    /// Sets the most bytes of events held before the first token.
    #[must_use]
    pub const fn with_hold_limit(mut self, hold_limit: usize) -> Self {
        self.hold_limit = hold_limit;
        self
    }

    /// Sets the most bytes of events held in [`MidStream::Buffer`].
    #[must_use]
    pub const fn with_buffer_limit(mut self, buffer_limit: usize) -> Self {
        self.buffer_limit = buffer_limit;
        self
    }

    pub(crate) const fn limit(&self) -> usize {
        match self.mid_stream {
            MidStream::Error => self.hold_limit,
            MidStream::Buffer => self.buffer_limit,
        }
    }
}

impl Default for CommitConfig {
    fn default() -> Self {
        Self::new()
    }
}
