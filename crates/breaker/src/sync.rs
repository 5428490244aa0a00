//! What threads share a state through. Loom's own in a build with `--cfg backstop_loom`, which explores every
//! interleaving: see `policy/interleavings.rs`.

#[cfg(not(backstop_loom))]
pub(crate) use parking_lot::Mutex;
#[cfg(not(backstop_loom))]
pub(crate) use std::sync::atomic::{AtomicU64, Ordering};

#[cfg(backstop_loom)]
pub(crate) use loom::sync::atomic::{AtomicU64, Ordering};

/// Loom's mutex, with parking_lot's interface.
#[cfg(backstop_loom)]
#[derive(Debug)]
pub(crate) struct Mutex<T>(loom::sync::Mutex<T>);

#[cfg(backstop_loom)]
impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(loom::sync::Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> loom::sync::MutexGuard<'_, T> {
        self.0.lock().expect("no test panics with it")
    }
}
