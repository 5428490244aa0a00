use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use backstop_core::{Answer, BoxError, Dialect, Event, Failure, Form, Kind, Wire, poll_wire};
use backstop_dialect::{StreamDecoder, decode_answer, skim_answer};
use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame};
use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep};

use crate::NormalizeConfig;

pin_project! {
    /// A provider's body as an answer: events as they come, or one event for a whole document.
    ///
    /// What a body is, is told by its first byte, not by its content type: some providers send good answers under odd
    /// ones. Ends when the answer does, whether or not the provider hangs up.
    pub struct NormalizedBody<B> {
        #[pin]
        body: Option<B>,
        reading: Reading,
        asked: Asked,
        answer_limit: usize,
        terminator_wait: Duration,
        // Runs only from a stream's finish to its terminator.
        wait: Option<Pin<Box<Sleep>>>,
    }
}

/// What was asked for, and of whom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    /// The provider's.
    pub(crate) dialect: Dialect,
    pub(crate) choices: u32,
    pub(crate) streamed: bool,
    /// Whether the caller speaks the provider's dialect, so that a whole answer goes out in the bytes that it came in.
    pub(crate) passed_on: bool,
}

enum Reading {
    /// Nothing but white space so far.
    Nothing(Blank),
    Stream(Box<StreamDecoder>),
    Document(Pieces),
}

/// Leading white space, and whether a stream is expected after it.
struct Blank {
    pieces: Pieces,
    streamed: bool,
}

/// A document in the pieces that it came in. One that comes whole is not copied.
#[derive(Default)]
struct Pieces {
    first: Bytes,
    more: BytesMut,
}

impl<B> NormalizedBody<B> {
    pub(crate) fn new(body: B, config: &NormalizeConfig, asked: Asked) -> Self {
        Self {
            body: Some(body),
            reading: Reading::Nothing(Blank { pieces: Pieces::default(), streamed: asked.streamed }),
            asked,
            answer_limit: config.answer_limit,
            terminator_wait: config.terminator_wait,
            wait: None,
        }
    }
}

impl<B> Answer for NormalizedBody<B>
where
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    fn poll_event(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Event, Failure>>> {
        let mut this = self.project();
        let last = loop {
            if let Reading::Stream(decoder) = this.reading
                && this.body.is_some()
            {
                match decoder.next_event() {
                    Some(Ok(event)) => return Poll::Ready(Some(Ok(event))),
                    // A complete answer is complete, whatever garbage comes after it.
                    Some(Err(_)) if decoder.is_complete() => break None,
                    Some(Err(failure)) => break Some(Err(failure)),
                    None if decoder.is_terminated() => break None,
                    None => {}
                }
            }
            let Some(body) = this.body.as_mut().as_pin_mut() else { return Poll::Ready(None) };
            let complete = matches!(this.reading, Reading::Stream(decoder) if decoder.is_complete());
            match body.poll_frame(cx) {
                Poll::Pending if complete => {
                    let wait = this.wait.get_or_insert_with(|| Box::pin(sleep(*this.terminator_wait)));
                    ready!(wait.as_mut().poll(cx));
                    break None;
                }
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Ok(frame))) => {
                    let Ok(data) = frame.into_data() else { continue };
                    if let Err(failure) = this.reading.take_in(data, *this.asked, *this.answer_limit) {
                        break Some(Err(failure));
                    }
                }
                Poll::Ready(Some(Err(_))) if complete => break None,
                Poll::Ready(Some(Err(error))) => break Some(Err(Failure::from_error(error))),
                Poll::Ready(None) => match this.reading.end(*this.asked) {
                    Some(Ok(event)) if matches!(this.reading, Reading::Stream(_)) => {
                        // The stream's last line had no blank line behind it; what follows from it is judged next.
                        return Poll::Ready(Some(Ok(event)));
                    }
                    last => break last,
                },
            }
        };
        // The call is over: letting go of the body closes or frees the connection.
        this.body.set(None);
        *this.wait = None;
        Poll::Ready(last)
    }
}

impl<B> Body for NormalizedBody<B>
where
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        poll_wire(self, cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_none()
    }
}

impl Reading {
    fn take_in(&mut self, data: Bytes, asked: Asked, limit: usize) -> Result<(), Failure> {
        match self {
            Self::Stream(decoder) => decoder.push(data),
            Self::Document(pieces) => pieces.push(data, limit)?,
            Self::Nothing(blank) => {
                blank.pieces.push(data, limit)?;
                let mut so_far = blank.pieces.take();
                // Of a mark that is not all there yet nothing is known.
                if so_far.starts_with(BYTE_ORDER_MARK) {
                    so_far = so_far.slice(BYTE_ORDER_MARK.len()..);
                }
                let first =
                    so_far.iter().find(|byte| !byte.is_ascii_whitespace() && !BYTE_ORDER_MARK.contains(byte));
                match first {
                    None => blank.pieces.first = so_far,
                    Some(b'{' | b'[') => {
                        *self = Self::Document(Pieces { first: so_far, more: BytesMut::new() })
                    }
                    Some(b'<') => return Err(malformed("the provider answered with a page of HTML or XML")),
                    // A stream begins with a field or a comment; what does neither will bring no event.
                    Some(_) if blank.streamed || looks_like_a_stream(&so_far) => {
                        let mut decoder = StreamDecoder::new(asked.dialect, asked.choices);
                        decoder.push(so_far);
                        *self = Self::Stream(Box::new(decoder));
                    }
                    Some(_) => return Err(malformed("the provider answered with something that is no JSON")),
                }
            }
        }
        Ok(())
    }

    /// The provider has hung up.
    fn end(&mut self, asked: Asked) -> Option<Result<Event, Failure>> {
        match self {
            Self::Nothing(_) => Some(Err(malformed("the provider's answer is empty"))),
            Self::Document(pieces) => {
                let bytes = pieces.take();
                let dialect = asked.dialect;
                // A caller who wanted a stream gets one, written from the deltas.
                let read = if asked.passed_on && !asked.streamed { skim_answer } else { decode_answer };
                let deltas = read(dialect, &bytes);
                Some(deltas.map(|deltas| Event::new(Wire { dialect, form: Form::Document, bytes }, deltas)))
            }
            Self::Stream(decoder) => match decoder.end() {
                Some(Err(_)) | None if decoder.is_complete() => None,
                None => Some(Err(malformed("the provider's stream ended in the middle of the answer"))),
                last => last,
            },
        }
    }
}

impl Pieces {
    fn push(&mut self, data: Bytes, limit: usize) -> Result<(), Failure> {
        if self.first.len() + self.more.len() + data.len() > limit {
            return Err(malformed(&format!("the provider's answer is longer than {limit} bytes")));
        }
        if self.first.is_empty() && self.more.is_empty() {
            self.first = data;
        } else {
            if self.more.is_empty() {
                self.more.extend_from_slice(&std::mem::take(&mut self.first));
            }
            self.more.extend_from_slice(&data);
        }
        Ok(())
    }

    fn take(&mut self) -> Bytes {
        if self.more.is_empty() { std::mem::take(&mut self.first) } else { self.more.split().freeze() }
    }
}

impl<B> fmt::Debug for NormalizedBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NormalizedBody").field("asked", &self.asked).finish_non_exhaustive()
    }
}

fn looks_like_a_stream(bytes: &[u8]) -> bool {
    let text = bytes.trim_ascii_start();
    [&b":"[..], b"data:", b"event:", b"id:", b"retry:"].iter().any(|field| text.starts_with(field))
}

fn malformed(message: &str) -> Failure {
    Failure::new(Kind::Malformed, message.to_owned())
}

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
