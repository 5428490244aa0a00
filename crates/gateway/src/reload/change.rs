use std::fmt;

/// Why a reload is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// An operator asked for it, by SIGHUP: it is done whether or not a file has changed, since what a file refers to may
    /// have.
    Asked,
    /// Something has changed in a directory, or it is time to look: done only where a file's content is new.
    Noticed,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Asked => "asked",
            Self::Noticed => "noticed",
        })
    }
}
