use std::time::Duration;

use backstop_core::{Event, Failure, Kind};
use bytes::Bytes;
use http::HeaderMap;

use crate::events;

/// What a body brings, and when. A plain list: built by chaining, played by a [`ScriptedBody`](crate::ScriptedBody).
#[derive(Clone, Debug, Default)]
pub struct AnswerPlan {
    pub(crate) acts: Vec<Act>,
    pub(crate) sized: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum Act {
    Event(Event),
    Frame(Bytes),
    Trailers(HeaderMap),
    Wait(Duration),
    Stall,
    Fail(Failure),
}

impl AnswerPlan {
    /// A body that ends at once.
    #[must_use]
    pub const fn new() -> Self {
        Self { acts: Vec::new(), sized: false }
    }

    /// A whole stream: the start, a delta for each of `texts`, the finish, usage and the terminator.
    #[must_use]
    pub fn text(texts: &[&str]) -> Self {
        Self::new().event(events::start()).events(texts.iter().map(|text| events::text(text))).events([
            events::finish(),
            events::usage(),
            events::end(),
        ])
    }

    /// A whole answer in one event, as for a call that does not stream.
    #[must_use]
    pub fn document(text: &str) -> Self {
        Self::new().event(events::document(text))
    }

    /// The body `bytes` in one frame, of known length.
    #[must_use]
    pub fn bytes(bytes: impl Into<Bytes>) -> Self {
        Self::new().frame(bytes).sized()
    }

    /// Then an event; read as a frame, its wire bytes.
    #[must_use]
    pub fn event(self, event: Event) -> Self {
        self.with(Act::Event(event))
    }

    /// Then several events.
    #[must_use]
    pub fn events(mut self, events: impl IntoIterator<Item = Event>) -> Self {
        self.acts.extend(events.into_iter().map(Act::Event));
        self
    }

    /// Then a frame of bytes; read as an event, a failure of kind `Malformed`.
    #[must_use]
    pub fn frame(self, bytes: impl Into<Bytes>) -> Self {
        self.with(Act::Frame(bytes.into()))
    }

    /// Then bytes that are no answer in any dialect.
    #[must_use]
    pub fn garbage(self) -> Self {
        self.frame("<html><body>502 Bad Gateway</body></html>")
    }

    /// Then trailers; skipped where the body is read as events.
    #[must_use]
    pub fn trailers(self, trailers: HeaderMap) -> Self {
        self.with(Act::Trailers(trailers))
    }

    /// Then nothing for `time`.
    #[must_use]
    pub fn wait(self, time: Duration) -> Self {
        self.with(Act::Wait(time))
    }

    /// Then nothing, ever.
    #[must_use]
    pub fn stall(self) -> Self {
        self.with(Act::Stall)
    }

    /// Then an error, which ends the body.
    #[must_use]
    pub fn fail(self, failure: Failure) -> Self {
        self.with(Act::Fail(failure))
    }

    /// Then a reset of the connection.
    #[must_use]
    pub fn reset(self) -> Self {
        self.fail(Failure::new(Kind::Transport, "connection reset by peer"))
    }

    /// Then all that `other` brings.
    #[must_use]
    pub fn chain(mut self, other: Self) -> Self {
        self.acts.extend(other.acts);
        self
    }

    /// Keeps the first `acts` acts (events, frames, waits), for a body that dies or stalls behind them.
    #[must_use]
    pub fn cut(mut self, acts: usize) -> Self {
        self.acts.truncate(acts);
        self
    }

    /// Waits `every` before each event and frame.
    #[must_use]
    pub fn paced(mut self, every: Duration) -> Self {
        let acts = self.acts.into_iter().flat_map(|act| match act {
            act @ (Act::Event(_) | Act::Frame(_)) => [Some(Act::Wait(every)), Some(act)],
            act => [Some(act), None],
        });
        self.acts = acts.flatten().collect();
        self
    }

    /// Turns all events and frames into one run of bytes and cuts it at `places`, counted from its first byte. Waits
    /// and failures stay behind the bytes.
    #[must_use]
    pub fn split_at(self, places: &[usize]) -> Self {
        let (mut bytes, rest) = self.into_bytes();
        let mut places = places.to_vec();
        places.sort_unstable();
        let (mut plan, mut cut) = (Self::new(), 0);
        for place in places {
            let length = place.saturating_sub(cut).min(bytes.len());
            plan = plan.frame(bytes.split_to(length));
            cut += length;
        }
        plan.frame(bytes).chain(rest)
    }

    /// Turns all events and frames into frames of `size` bytes; a trickle, if they are also [`paced`](Self::paced).
    #[must_use]
    pub fn chunked(self, size: usize) -> Self {
        let (bytes, rest) = self.into_bytes();
        let chunks = bytes.chunks(size.max(1)).map(|chunk| Act::Frame(bytes.slice_ref(chunk)));
        Self { acts: chunks.collect(), sized: false }.chain(rest)
    }

    /// Says its length beforehand, as a body with a `content-length` does.
    #[must_use]
    pub const fn sized(mut self) -> Self {
        self.sized = true;
        self
    }

    /// The bytes of all events and frames.
    #[must_use]
    pub fn wire(&self) -> Bytes {
        self.acts.iter().flat_map(|act| act.data().cloned().unwrap_or_default()).collect()
    }

    /// All events, in order.
    #[must_use]
    pub fn planned_events(&self) -> Vec<Event> {
        let events = self.acts.iter().filter_map(|act| match act {
            Act::Event(event) => Some(event.clone()),
            _ => None,
        });
        events.collect()
    }

    /// All trailers.
    pub(crate) fn planned_trailers(&self) -> HeaderMap {
        let mut all = HeaderMap::new();
        for act in &self.acts {
            if let Act::Trailers(trailers) = act {
                all.extend(trailers.clone());
            }
        }
        all
    }

    fn into_bytes(self) -> (Bytes, Self) {
        let bytes = self.wire();
        let rest = self.acts.into_iter().filter(|act| !matches!(act, Act::Event(_) | Act::Frame(_)));
        (bytes, Self { acts: rest.collect(), sized: self.sized })
    }

    fn with(mut self, act: Act) -> Self {
        self.acts.push(act);
        self
    }
}

impl Act {
    /// The bytes that it brings to a reader of frames.
    pub(crate) fn data(&self) -> Option<&Bytes> {
        match self {
            Self::Event(event) => event.wire().map(|wire| &wire.bytes),
            Self::Frame(bytes) => Some(bytes),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_anywhere_and_loses_nothing() {
        let plan = AnswerPlan::text(&["a", "b"]);
        let wire = plan.wire();
        for place in 0..=wire.len() + 1 {
            assert_eq!(plan.clone().split_at(&[place, 3]).wire(), wire);
        }
        let trickle = plan.clone().chunked(1).paced(Duration::from_secs(1));
        assert_eq!((trickle.acts.len(), trickle.wire()), (2 * wire.len(), wire));
        assert_eq!(plan.clone().cut(2).reset().acts.len(), 3);
        assert_eq!(plan.planned_events().len(), 6);
    }
}
