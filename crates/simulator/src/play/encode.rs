//! From events to bytes: framing, odd framing, compression, and how the bytes are cut.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};

use super::{
    Frame, Step,
    compress::{compress, name},
};
use crate::{
    fault::{Fault, Kind, LineEnd},
    reply::{Event, Form, Mark},
};

/// The bytes of `steps`, as `faults` want them.
pub(super) fn encode(
    steps: Vec<Step<Event>>,
    faults: &[Fault],
    form: Form,
    headers: &mut HeaderMap,
) -> Vec<Step<Frame>> {
    let mut framing = Framing { form, ..Framing::default() };
    let (mut encoding, mut split, mut drip) = (None, None, None);
    for fault in faults {
        match fault.0 {
            Kind::LineEnd(end) => framing.line_end = Some(end),
            Kind::Comments => framing.comments = true,
            Kind::Bom => framing.bom = true,
            Kind::Encoded(with) => encoding = Some(with),
            Kind::Split(bytes) => split = Some(bytes.max(1)),
            Kind::Drip { every } => drip = Some(every),
            _ => {}
        }
    }
    let mut frames: Vec<_> = steps.into_iter().map(|step| step.map(|event| framing.frame(event))).collect();
    if let Some(encoding) = encoding {
        compress(&mut frames, encoding);
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name(encoding)));
    }
    match (drip, split) {
        (Some(every), _) => pieces(frames, 1, Some(every)),
        (None, Some(bytes)) => pieces(frames, bytes, None),
        (None, None) => frames,
    }
}

#[derive(Default)]
struct Framing {
    line_end: Option<LineEnd>,
    comments: bool,
    bom: bool,
    form: Form,
    /// Whether the list has a member.
    begun: bool,
}

impl Framing {
    fn frame(&mut self, event: Event) -> Frame {
        let mut text = String::new();
        if std::mem::take(&mut self.bom) {
            text.push('\u{feff}');
        }
        let Event { name, data, mark, tokens, told } = event;
        if mark == Mark::Whole {
            text.push_str(&data);
        } else if self.form == Form::List {
            self.member(&mut text, mark, &data);
        } else {
            let end = match self.line_end {
                None => "\n",
                Some(LineEnd::CrLf) => "\r\n",
                Some(LineEnd::Cr) => "\r",
            };
            if self.comments {
                text.extend([": keep-alive", end, end]);
            }
            if mark == Mark::Comment {
                text.extend([": ", &data, end, end]);
                return Frame { bytes: Bytes::from(text), tokens, told };
            }
            if let Some(name) = name {
                text.extend(["event: ", name, end]);
            }
            text.extend(["data: ", &data, end, end]);
        }
        Frame { bytes: Bytes::from(text), tokens, told }
    }

    /// The next member of the list, or what may stand between members: white space.
    fn member(&mut self, text: &mut String, mark: Mark, data: &str) {
        let has_begun = self.begun;
        self.begun |= mark != Mark::Comment;
        match mark {
            Mark::Comment => text.push('\n'),
            Mark::Sentinel => text.push_str(if has_begun { "\n]\n" } else { "[]\n" }),
            _ => text.extend([if has_begun { "\n,\r\n" } else { "[" }, data]),
        }
    }
}

/// Cuts frames into pieces of at most `size` bytes, with a pause before each where there is one.
fn pieces(frames: Vec<Step<Frame>>, size: usize, every: Option<Duration>) -> Vec<Step<Frame>> {
    let mut steps = Vec::new();
    for step in frames {
        let Step::Send(Frame { mut bytes, tokens, told }) = step else {
            steps.push(step);
            continue;
        };
        while !bytes.is_empty() {
            let piece = bytes.split_to(size.min(bytes.len()));
            let last = bytes.is_empty();
            let frame = Frame {
                bytes: piece,
                tokens: if last { tokens } else { 0 },
                told: if last { told } else { None },
            };
            steps.push(every.map_or(Step::Flush, Step::Wait));
            steps.push(Step::Send(frame));
        }
    }
    steps
}
