//! Server-sent events, by the WHATWG standard, bounded.
//!
//! The `wire` of all frames, joined, is the input, byte for byte. What lies within one pushed chunk is shared with it
//! and not copied; an event that spans chunks is copied once.

use std::{borrow::Cow, collections::VecDeque, fmt, mem, str};

use backstop_core::{Failure, Kind, Text};
use bytes::Bytes;
use memchr::memchr2;

/// Splits a byte stream into events.
///
/// Linear in its input, whatever the size of the chunks: no byte is looked at twice for the end of an event.
#[derive(Debug)]
pub struct Decoder {
    /// Chunks that wait; the first one is being read.
    queue: VecDeque<Bytes>,
    /// What earlier chunks brought of the event at hand.
    held: Vec<u8>,
    /// How much of the event at hand has been looked at.
    scanned: usize,
    /// Where in the event at hand its last line begins.
    line: usize,
    /// How the line before ended; `None` at the start of an event.
    ending: Option<Ending>,
    limit: usize,
    state: State,
}

/// One event, or one run of comments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Frame {
    /// The bytes as they came, from the event's first to the blank line that ends it.
    pub wire: Bytes,
    /// The `event` field; empty where there is none.
    pub event: Text,
    /// The `data` lines, joined by newlines; `None` for comments, blank lines and fields without data.
    pub data: Option<Text>,
}

/// Why a byte stream is no event stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// An event is longer than the limit.
    TooLong {
        /// The limit in bytes.
        limit: usize,
    },
    /// An event is not UTF-8.
    NotUtf8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing has been read yet: a byte order mark may come.
    Start,
    Reading,
    /// No more bytes will come.
    Ended,
    /// An error was told.
    Failed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    LoneCr,
    /// A line that ended in CR, the last byte that has come: whether LF follows is not known yet.
    Cr,
    Lf,
}

impl Decoder {
    /// The longest event that is taken where nothing else is said: 16 MiB.
    pub const DEFAULT_LIMIT: usize = 16 << 20;

    /// A decoder with the default limit of 16 MiB an event.
    #[must_use]
    pub fn new() -> Self {
        Self::with_limit(Self::DEFAULT_LIMIT)
    }

    /// A decoder that takes events of at most `limit` bytes.
    #[must_use]
    pub fn with_limit(limit: usize) -> Self {
        Self {
            queue: VecDeque::new(),
            held: Vec::new(),
            scanned: 0,
            line: 0,
            ending: None,
            limit,
            state: State::Start,
        }
    }

    /// Takes in bytes, split anywhere.
    pub fn push(&mut self, bytes: Bytes) {
        if !bytes.is_empty() && matches!(self.state, State::Start | State::Reading) {
            self.queue.push_back(bytes);
        }
    }

    /// The next event; `None` where more bytes are needed.
    ///
    /// # Errors
    ///
    /// The stream is no event stream; nothing more comes then.
    pub fn next_frame(&mut self) -> Option<Result<Frame, Error>> {
        loop {
            if self.state == State::Failed {
                return None;
            }
            if self.queue.is_empty() {
                return self.last();
            }
            let end = self.scan();
            let length = end.unwrap_or_else(|| self.held.len() + self.queue[0].len());
            if length > self.limit {
                return Some(Err(self.fail(Error::TooLong { limit: self.limit })));
            }
            match end {
                Some(end) => return Some(self.cut(end)),
                None => {
                    let chunk = self.queue.pop_front().unwrap_or_default();
                    self.held.extend_from_slice(&chunk);
                }
            }
        }
    }

    /// No more bytes will come: what is left, if it has data, is the last event.
    pub fn end(&mut self) {
        if self.state != State::Failed {
            self.state = State::Ended;
        }
    }

    /// What is left once all bytes have come.
    fn last(&mut self) -> Option<Result<Frame, Error>> {
        (self.state == State::Ended && !self.held.is_empty()).then(|| self.cut(self.held.len()))
    }

    /// Looks through the first chunk for the end of the event at hand.
    fn scan(&mut self) -> Option<usize> {
        let held = self.held.len();
        if self.scanned == 0 && self.state == State::Start {
            let known = |at: usize| self.held.get(at).or_else(|| self.queue[0].get(at - held)).copied();
            for (at, expected) in BOM.iter().enumerate() {
                match known(at) {
                    Some(byte) if byte == *expected => {}
                    Some(_) => break,
                    None => return None,
                }
                if at + 1 == BOM.len() {
                    (self.scanned, self.line) = (BOM.len(), BOM.len());
                }
            }
            // What waited for the rest of a mark that never came ends no line.
            self.scanned = self.scanned.max(held);
            self.state = State::Reading;
        }
        let chunk = &self.queue[0];
        loop {
            let next = *chunk.get(self.scanned - held)?;
            if self.ending == Some(Ending::Cr) {
                // This byte decides about the CR before it.
                let blank = self.line + 1 == self.scanned;
                self.ending = Some(if next == b'\n' { Ending::Lf } else { Ending::LoneCr });
                self.scanned += usize::from(next == b'\n');
                if blank {
                    return Some(self.scanned);
                }
                self.line = self.scanned;
                continue;
            }
            let Some(found) = memchr2(b'\r', b'\n', &chunk[self.scanned - held..]) else {
                self.scanned = held + chunk.len();
                return None;
            };
            let (at, blank) = (self.scanned + found, self.line == self.scanned + found);
            self.scanned = at + 1;
            match (chunk[at - held], self.ending) {
                // LF behind the CR that ended the event before: not a line of its own.
                (b'\n', Some(Ending::LoneCr)) if at == 0 => {
                    self.line = 1;
                    self.ending = None;
                }
                (b'\n', _) => {
                    self.ending = Some(Ending::Lf);
                    if blank {
                        return Some(self.scanned);
                    }
                    self.line = self.scanned;
                }
                // In a stream whose lines end in CR alone, waiting for an LF would hold every event back.
                (_, Some(Ending::LoneCr)) if blank && at > 0 => return Some(self.scanned),
                _ => self.ending = Some(Ending::Cr),
            }
        }
    }

    /// Takes the event at hand, `end` bytes long, out of what was pushed.
    fn cut(&mut self, end: usize) -> Result<Frame, Error> {
        let wire = if self.held.is_empty() {
            let chunk = &mut self.queue[0];
            chunk.split_to(end)
        } else {
            let mut held = mem::take(&mut self.held);
            if end > held.len() {
                let rest = self.queue[0].split_to(end - held.len());
                held.extend_from_slice(&rest);
            }
            Bytes::from(held)
        };
        if self.queue.front().is_some_and(Bytes::is_empty) {
            self.queue.pop_front();
        }
        // Only a lone CR leaves something to know: an LF that follows belongs to it.
        let lone = wire.last() == Some(&b'\r');
        (self.scanned, self.line, self.ending) = (0, 0, lone.then_some(Ending::LoneCr));
        Frame::parse(wire).map_err(|error| self.fail(error))
    }

    fn fail(&mut self, error: Error) -> Error {
        self.state = State::Failed;
        self.queue.clear();
        self.held = Vec::new();
        error
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Frame {
    fn parse(wire: Bytes) -> Result<Self, Error> {
        let text = str::from_utf8(&wire).map_err(|_| Error::NotUtf8)?;
        let (mut event, mut data): (&str, Option<Cow<'_, str>>) = ("", None);
        // A mark inside the stream is U+FEFF at the start of a field's name, which no field has.
        let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
        while !rest.is_empty() {
            let end = memchr2(b'\r', b'\n', rest.as_bytes()).unwrap_or(rest.len());
            let line = &rest[..end];
            let ending = if rest[end..].starts_with("\r\n") { 2 } else { 1 };
            rest = rest.get(end + ending..).unwrap_or_default();
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "data" => match &mut data {
                    None => data = Some(Cow::Borrowed(value)),
                    Some(lines) => {
                        let lines = lines.to_mut();
                        lines.push('\n');
                        lines.push_str(value);
                    }
                },
                "event" => event = value,
                _ => {}
            }
        }
        let event = Text::slice_of(&wire, event);
        let data = data.map(|data| match data {
            Cow::Borrowed(line) => Text::slice_of(&wire, line),
            Cow::Owned(lines) => Text::from(lines),
        });
        Ok(Self { wire, event, data })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { limit } => {
                write!(f, "an event of the provider's stream is longer than {limit} bytes")
            }
            Self::NotUtf8 => f.write_str("an event of the provider's stream is not UTF-8"),
        }
    }
}

impl std::error::Error for Error {}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::new(Kind::Malformed, error.to_string())
    }
}

const BOM: [u8; 3] = [0xEF, 0xBB, 0xBF];
