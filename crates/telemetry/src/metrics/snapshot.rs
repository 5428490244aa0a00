use backstop_core::Text;

/// What is true at the moment of a scrape, and is not counted but looked up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// Each breaker: the label of its target, and its state's label.
    pub breakers: Vec<(Text, &'static str)>,
    /// Each thing that is left alone: the label of its provider, and what it is (`key`, `model`, `key_model`).
    pub cooling: Vec<(Text, &'static str)>,
    /// The bytes of request bodies that are held.
    pub bytes_in_flight: u64,
    /// Built configurations that are alive.
    pub stacks: usize,
}

impl Snapshot {
    /// Nothing to tell.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}
