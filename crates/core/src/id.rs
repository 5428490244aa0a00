//! Request and attempt ids.

use std::{fmt, time::SystemTime};

use uuid::{Builder, Uuid};

/// Names one caller's request. A version 7 UUID, so ids sort by the time of arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(Uuid);

impl RequestId {
    /// A fresh id, made of the wall clock and random bits.
    #[must_use]
    pub fn new() -> Self {
        // The system's randomness costs a system call, and nothing here needs to be a secret.
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let milliseconds = u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX);
        let random = fastrand::u128(..).to_be_bytes();
        let mut tail = [0; 10];
        tail.copy_from_slice(&random[..10]);
        Self(Builder::from_unix_timestamp_millis(milliseconds, &tail).into_uuid())
    }

    /// An id of known bits: tests and replays need ids that do not change.
    #[must_use]
    pub const fn from_u128(bits: u128) -> Self {
        Self(Uuid::from_u128(bits))
    }

    /// The id's bits.
    #[must_use]
    pub const fn as_u128(self) -> u128 {
        self.0.as_u128()
    }

    /// Unix seconds at which the id was made; 0 for an id that is no version 7 UUID.
    #[must_use]
    pub fn created(self) -> u64 {
        self.0.get_timestamp().map_or(0, |time| time.to_unix().0)
    }
}

impl Default for RequestId {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0.as_hyphenated(), f)
    }
}

/// Names one attempt of a request: the request's id and the attempt's number, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AttemptId {
    request: RequestId,
    number: u32,
}

impl AttemptId {
    /// The `number`th attempt of `request`.
    #[must_use]
    pub const fn new(request: RequestId, number: u32) -> Self {
        Self { request, number }
    }

    /// The request that the attempt serves.
    #[must_use]
    pub const fn request(self) -> RequestId {
        self.request
    }

    /// Counted from 1 over the whole request, whatever the target.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.number
    }
}

impl fmt::Display for AttemptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.request, self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time_and_print_as_uuids() {
        let id = RequestId::new();
        assert!(id.created() > 1_700_000_000);
        assert_eq!(id.to_string().len(), 36);
        assert_eq!(RequestId::from_u128(id.as_u128()), id);
        assert_eq!(RequestId::from_u128(7).created(), 0);
        assert!(AttemptId::new(id, 2).to_string().ends_with("-2"));
    }
}
