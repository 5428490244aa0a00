//! Values that people write with units.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de};

/// A length of time: `250ms`, `8s`, `1m 30s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span(pub(crate) Duration);

/// A number of bytes: `512KiB`, `32MiB`, `1GB`, or plain bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size(pub(crate) u64);

impl Span {
    pub(crate) fn duration(span: Option<Self>) -> Option<Duration> {
        span.map(|span| span.0)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let span = humantime::parse_duration(&text).map_err(|error| {
            de::Error::custom(format!(
                "`{text}` is no length of time ({error}); write one like `250ms`, `8s` or `1m 30s`"
            ))
        })?;
        if span.is_zero() {
            return Err(de::Error::custom("a length of time must be more than zero"));
        }
        Ok(Self(span))
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let size: bytesize::ByteSize = text.parse().map_err(|_| {
            de::Error::custom(format!("`{text}` is no number of bytes; write one like `512KiB` or `32MiB`"))
        })?;
        if size.0 == 0 {
            return Err(de::Error::custom("a number of bytes must be more than zero"));
        }
        Ok(Self(size.0))
    }
}
