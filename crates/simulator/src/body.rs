//! The body of an answer.

use std::{
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body, Frame as BodyFrame, SizeHint};
use tokio::time::{Sleep, sleep};

use crate::{
    error::Broken,
    play::{Frame, Step},
    record::End,
    recorder::Entry,
};

/// The body of a simulator's answer: bytes as its behaviour says, and when.
///
/// Its length is known where all of it is there at once. Dropping it before its end is recorded as the caller leaving.
#[derive(Debug)]
pub struct SimulatorBody {
    steps: VecDeque<Step<Frame>>,
    sleep: Option<Pin<Box<Sleep>>>,
    entry: Entry,
    /// Whether what was sent has had its chance to go out.
    flushed: bool,
}

impl SimulatorBody {
    pub(crate) fn new(steps: Vec<Step<Frame>>, entry: Entry) -> Self {
        // An empty body is over before it begins: nobody would poll it.
        let steps =
            steps.into_iter().filter(|step| !matches!(step, Step::Send(frame) if frame.bytes.is_empty()));
        let body = Self { steps: steps.collect(), sleep: None, entry, flushed: false };
        body.note_end();
        body
    }

    fn note_end(&self) {
        if self.steps.is_empty() {
            self.entry.end(End::Complete);
        }
    }

    fn send(&self, frame: Frame) -> Bytes {
        self.entry.note(|record| {
            record.sent_tokens += frame.tokens;
            record.told = frame.told.or(record.told);
        });
        self.note_end();
        frame.bytes
    }
}

impl Body for SimulatorBody {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<BodyFrame<Bytes>, Broken>>> {
        let this = self.get_mut();
        loop {
            if let Some(sleep) = &mut this.sleep {
                ready!(sleep.as_mut().poll(cx));
                this.sleep = None;
            }
            match this.steps.pop_front() {
                None => return Poll::Ready(None),
                Some(Step::Send(frame)) => return Poll::Ready(Some(Ok(BodyFrame::data(this.send(frame))))),
                Some(Step::Wait(time)) => this.sleep = Some(Box::pin(sleep(time))),
                Some(Step::Flush) if std::mem::take(&mut this.flushed) => {}
                Some(Step::Flush) => {
                    this.steps.push_front(Step::Flush);
                    this.flushed = true;
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Some(Step::Silence) => {
                    this.steps.push_front(Step::Silence);
                    return Poll::Pending;
                }
                Some(Step::Break(how)) => {
                    this.steps.clear();
                    this.entry.end(End::Broken);
                    return Poll::Ready(Some(Err(Broken::new(how))));
                }
                Some(Step::Forever(frame, every)) => {
                    let again = [Step::Send(frame.clone()), Step::Wait(every), Step::Forever(frame, every)];
                    this.steps.extend(again);
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.steps.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        let sizes = self.steps.iter().map(|step| match step {
            Step::Send(frame) => Some(frame.bytes.len() as u64),
            _ => None,
        });
        // A stream's length is nobody's to know, even if it is all here.
        let known = if self.steps.len() > 1 { None } else { sizes.sum::<Option<u64>>() };
        known.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
