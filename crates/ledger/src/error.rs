use std::fmt;

/// Why the store did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoreError {
    /// In one word.
    pub kind: StoreErrorKind,
    /// What it says itself. Holds no password.
    pub message: String,
}

/// Why, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// The disk, or the size that the ledger may have, is full.
    Full,
    /// Somebody else holds the file.
    Locked,
    /// The file is broken, or is no SQLite file.
    Corrupt,
    /// There is no connection.
    Unreachable,
    /// It was written by a newer version.
    Newer,
    /// Something else.
    Other,
}

impl StoreError {
    pub(crate) fn new(kind: StoreErrorKind, message: impl fmt::Display) -> Self {
        Self { kind, message: message.to_string() }
    }
}

impl StoreErrorKind {
    /// The word for it, in logs.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Locked => "locked",
            Self::Corrupt => "corrupt",
            Self::Unreachable => "unreachable",
            Self::Newer => "newer",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for StoreError {}
