//! A cap on all request bodies that are held at one time.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// Counts the bytes of all request bodies that are held, and says when it is enough. Clones share one count.
#[derive(Clone, Debug)]
pub struct BytesInFlight(Arc<Count>);

#[derive(Debug)]
struct Count {
    cap: u64,
    held: AtomicU64,
}

/// Bytes that are counted until this is dropped.
#[derive(Debug)]
pub(crate) struct Reservation {
    count: BytesInFlight,
    bytes: u64,
}

impl BytesInFlight {
    /// At most `cap` bytes.
    #[must_use]
    pub fn new(cap: u64) -> Self {
        Self(Arc::new(Count { cap, held: AtomicU64::new(0) }))
    }

    /// The bytes held now.
    #[must_use]
    pub fn held(&self) -> u64 {
        self.0.held.load(Ordering::Relaxed)
    }

    /// The most bytes that may be held.
    #[must_use]
    pub fn cap(&self) -> u64 {
        self.0.cap
    }

    pub(crate) fn reservation(&self) -> Reservation {
        Reservation { count: self.clone(), bytes: 0 }
    }
}

impl Default for BytesInFlight {
    /// At most 1 GiB.
    fn default() -> Self {
        Self::new(1 << 30)
    }
}

impl Reservation {
    /// Counts `bytes` more. `false`, and nothing counted, where that is beyond the cap.
    pub(crate) fn grow(&mut self, bytes: u64) -> bool {
        let count = &*self.count.0;
        let held = count.held.fetch_add(bytes, Ordering::Relaxed);
        if held.saturating_add(bytes) > count.cap {
            count.held.fetch_sub(bytes, Ordering::Relaxed);
            return false;
        }
        self.bytes += bytes;
        true
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.count.0.held.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dropped_is_free_again() {
        let bytes = BytesInFlight::new(10);
        let (mut one, mut other) = (bytes.reservation(), bytes.reservation());
        assert!(one.grow(6));
        assert!(!other.grow(5));
        assert!(other.grow(4));
        assert_eq!(bytes.held(), 10);
        drop(one);
        assert_eq!(bytes.held(), 4);
        drop(other);
        assert_eq!(bytes.held(), 0);
    }
}
