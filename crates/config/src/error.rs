//! What is wrong with a configuration, and where.

use std::{fmt, io, path::Path};

use serde_saphyr::Location;

use crate::environment::unshield;

/// All that is wrong with a configuration, in the order of the files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors(Vec<ConfigError>);

/// One thing that is wrong: where, what, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConfigError {
    /// The file, as it was named.
    pub file: String,
    /// Line and column, counted from 1, where there is a place.
    pub place: Option<(u64, u64)>,
    /// What is wrong and what to do, in a sentence or two.
    pub message: String,
}

impl ConfigErrors {
    /// The errors, at least one.
    #[must_use]
    pub fn errors(&self) -> &[ConfigError] {
        &self.0
    }

    pub(crate) fn of(errors: Vec<ConfigError>) -> Result<(), Self> {
        if errors.is_empty() { Ok(()) } else { Err(Self(errors)) }
    }
}

impl ConfigError {
    pub(crate) fn new(file: &str, place: Location, message: impl Into<String>) -> Self {
        let place = (place.line() > 0).then(|| (place.line(), place.column()));
        Self { file: file.to_owned(), place, message: message.into() }
    }

    pub(crate) fn unreadable(path: &Path, error: &io::Error) -> Self {
        let message = match error.kind() {
            io::ErrorKind::NotFound => "there is no such file; name one with `--config FILE`".to_owned(),
            io::ErrorKind::InvalidData => "the file is not UTF-8 text".to_owned(),
            _ => format!("the file cannot be read: {error}"),
        };
        Self { file: path.display().to_string(), place: None, message }
    }

    pub(crate) fn unparsable(file: &str, error: &serde_saphyr::Error) -> Self {
        let place = error.location().unwrap_or(Location::UNKNOWN);
        let text = unshield(&error.without_snippet().to_string());
        // The place is told in our own words.
        let message = match text.rsplit_once(" at line ") {
            Some((message, place)) if place.starts_with(|c: char| c.is_ascii_digit()) => message.to_owned(),
            _ => text,
        };
        Self::new(file, place, message)
    }
}

impl From<ConfigError> for ConfigErrors {
    fn from(error: ConfigError) -> Self {
        Self(vec![error])
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some((line, column)) = self.place {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.message)
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, error) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

impl std::error::Error for ConfigErrors {}
