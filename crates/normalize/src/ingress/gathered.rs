//! Events that leave together.

use std::{
    convert::Infallible,
    time::{Duration, Instant},
};

use bytes::{Bytes, BytesMut};
use http_body::Frame;

/// Events that are here and not yet on their way.
///
/// A provider's stream often brings many events in one read. The client under us hands them over one by one, and a frame
/// each would cost a system call each: most of what a streamed event costs a proxy. So an event that comes within a
/// millisecond of the frame before gives way once to the tasks that are ready now; what they bring leaves in the same
/// frame. Nothing ever waits for bytes that are not here yet, and an event that comes alone, as the first does, leaves at
/// once.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// The usual case, one event, is not copied.
    first: Bytes,
    all: BytesMut,
    /// Whether anything came since the last time that others went first.
    fresh: bool,
    /// When the last frame left.
    left: Option<Instant>,
}

impl Gathered {
    pub(super) fn push(&mut self, bytes: Bytes) {
        if bytes.is_empty() {
            return;
        }
        self.fresh = true;
        if self.is_empty() {
            self.first = bytes;
            return;
        }
        if self.all.is_empty() {
            self.all.reserve(USUAL);
            self.all.extend_from_slice(&std::mem::take(&mut self.first));
        }
        self.all.extend_from_slice(&bytes);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.first.is_empty() && self.all.is_empty()
    }

    pub(super) fn is_enough(&self) -> bool {
        self.first.len().max(self.all.len()) >= ENOUGH
    }

    /// Whether others should go first, because they may bring more.
    pub(super) fn gives_way(&mut self, now: Instant) -> bool {
        let burst = self.left.is_some_and(|left| now.saturating_duration_since(left) < BURST);
        std::mem::take(&mut self.fresh) && burst
    }

    /// What is here, as one frame; `None` where nothing is.
    pub(super) fn leave(&mut self, now: Instant) -> Option<Result<Frame<Bytes>, Infallible>> {
        // The room goes along with its events: a stream that waits for the next one holds none.
        let bytes = if self.all.is_empty() {
            std::mem::take(&mut self.first)
        } else {
            std::mem::take(&mut self.all).freeze()
        };
        (self.left, self.fresh) = (Some(now), false);
        (!bytes.is_empty()).then(|| Ok(Frame::data(bytes)))
    }
}

/// A reader that is slow holds back no more than this and the server's own buffer.
const ENOUGH: usize = 16 << 10;
/// Room for a dozen events.
const USUAL: usize = 4 << 10;
/// Models speak more slowly than this, streams that were held up somewhere do not.
const BURST: Duration = Duration::from_millis(1);

#[cfg(test)]
mod tests {
    use super::*;

    fn leave(gathered: &mut Gathered, now: Instant) -> Option<Bytes> {
        gathered.leave(now).map(|frame| frame.expect("no error").into_data().expect("data"))
    }

    #[test]
    fn the_first_and_what_comes_alone_leave_at_once() {
        let (mut gathered, now) = (Gathered::default(), backstop_core::clock::now());
        gathered.push(Bytes::from_static(b"one"));
        assert!(!gathered.gives_way(now));
        assert_eq!(leave(&mut gathered, now).as_deref(), Some(&b"one"[..]));
        gathered.push(Bytes::from_static(b"two"));
        assert!(!gathered.gives_way(now + Duration::from_millis(1)));
    }

    #[test]
    fn a_burst_gives_way_as_long_as_it_grows() {
        let (mut gathered, now) = (Gathered::default(), backstop_core::clock::now());
        gathered.push(Bytes::from_static(b"one"));
        leave(&mut gathered, now);
        for word in ["two ", "three ", "four"] {
            gathered.push(Bytes::from_static(word.as_bytes()));
            assert!(gathered.gives_way(now), "{word} is new");
        }
        assert!(!gathered.gives_way(now), "nothing came");
        assert_eq!(leave(&mut gathered, now).as_deref(), Some(&b"two three four"[..]));
        assert_eq!(leave(&mut gathered, now), None);
    }

    #[test]
    fn a_frame_is_bounded() {
        let (mut gathered, now) = (Gathered::default(), backstop_core::clock::now());
        gathered.push(Bytes::from(vec![b'x'; ENOUGH - 1]));
        assert!(!gathered.is_enough());
        gathered.push(Bytes::from_static(b"y"));
        assert!(gathered.is_enough());
        assert_eq!(leave(&mut gathered, now).map(|bytes| bytes.len()), Some(ENOUGH));
        assert!(gathered.is_empty() && !gathered.is_enough());
    }
}
