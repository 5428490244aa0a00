//! One event of an answer, with the bytes that it came in.

use std::slice;

use bytes::Bytes;

use crate::{Delta, Dialect, Finish, Usage};

/// One event of an answer as it came over the wire: its deltas, and the bytes that they were read from.
///
/// One event of a stream may bring several deltas (a role, a tool call and a finish reason in one chunk); a whole,
/// unstreamed answer is a single event that brings all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    wire: Option<Wire>,
    deltas: Deltas,
}

/// The bytes of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a plain record: the bytes, and what they are")]
pub struct Wire {
    /// Whose words they are.
    pub dialect: Dialect,
    /// Whether they are a piece of a stream or a whole document.
    pub form: Form,
    /// The bytes, exactly as they came, from the event's first byte to the blank line that ends it.
    pub bytes: Bytes,
}

/// The form of an answer on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "an answer is streamed or whole; a third form must be a compile error"
)]
pub enum Form {
    /// Server-sent events.
    Stream,
    /// One JSON document.
    Document,
}

// Most events of a stream bring one delta: that one needs no allocation.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Deltas {
    One(Delta),
    Many(Vec<Delta>),
}

impl Event {
    /// An event that was read from `wire`.
    #[must_use]
    pub fn new(wire: Wire, deltas: Vec<Delta>) -> Self {
        Self { wire: Some(wire), deltas: Deltas::Many(deltas) }
    }

    /// An event of one delta that was read from `wire`. Allocates nothing.
    #[must_use]
    pub const fn single(wire: Wire, delta: Delta) -> Self {
        Self { wire: Some(wire), deltas: Deltas::One(delta) }
    }

    /// An event that no provider sent: the edge encodes it from its deltas.
    #[must_use]
    pub fn synthetic(deltas: Vec<Delta>) -> Self {
        Self { wire: None, deltas: Deltas::Many(deltas) }
    }

    /// What the event brings, in order.
    #[must_use]
    pub fn deltas(&self) -> &[Delta] {
        match &self.deltas {
            Deltas::One(delta) => slice::from_ref(delta),
            Deltas::Many(deltas) => deltas,
        }
    }

    /// The bytes that the event came in; `None` for one that no provider sent or that was changed.
    #[must_use]
    pub const fn wire(&self) -> Option<&Wire> {
        self.wire.as_ref()
    }

    /// The event's deltas alone, to be encoded anew.
    #[must_use]
    pub fn into_deltas(self) -> Vec<Delta> {
        match self.deltas {
            Deltas::One(delta) => vec![delta],
            Deltas::Many(deltas) => deltas,
        }
    }

    /// Whether the event brings what the caller waits for. See [`Delta::is_semantic`].
    #[must_use]
    pub fn is_semantic(&self) -> bool {
        self.deltas().iter().any(Delta::is_semantic)
    }

    /// Whether the event brings nothing but a sign of life.
    #[must_use]
    pub fn is_ping(&self) -> bool {
        self.deltas().iter().all(|delta| matches!(delta, Delta::Ping))
    }

    /// The usage that the event tells, the last one if there are several.
    #[must_use]
    pub fn usage(&self) -> Option<&Usage> {
        self.deltas().iter().rev().find_map(|delta| match delta {
            Delta::Usage(usage) => Some(usage),
            _ => None,
        })
    }

    /// The ends of choices that the event tells.
    pub fn finishes(&self) -> impl Iterator<Item = &Finish> {
        self.deltas().iter().filter_map(|delta| match delta {
            Delta::Finish { finish, .. } => Some(finish),
            _ => None,
        })
    }

    /// Roughly how many bytes the event holds on to, for bounds on what is held back.
    #[must_use]
    pub fn weight(&self) -> usize {
        size_of::<Self>() + self.wire.as_ref().map_or(0, |wire| wire.bytes.len()) + size_of_val(self.deltas())
    }
}
