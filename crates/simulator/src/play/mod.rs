//! From an answer and its faults to what goes over the wire, and when.

mod compress;
mod content;
mod encode;
mod stream;

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};

pub(crate) use self::content::Material;
use crate::{
    dialect::Voice,
    error::How,
    fault::{Cut, Fault, Kind},
    ids::Ids,
    reply::{Event, Form},
    usage::Usage,
};

/// What happens with a request.
#[derive(Debug)]
pub(crate) enum Play {
    /// Nothing, ever.
    Silence,
    /// The connection breaks.
    Break { after: Duration, how: How },
    /// An answer.
    Answer { after: Duration, status: StatusCode, headers: HeaderMap, steps: Vec<Step<Frame>> },
}

/// What a body does next.
#[derive(Debug, Clone)]
pub(crate) enum Step<T> {
    Send(T),
    Wait(Duration),
    /// Lets what was sent go out before what comes next.
    Flush,
    Silence,
    Break(How),
    /// Again and again, one each so often.
    Forever(T, Duration),
}

impl<T> Step<T> {
    fn map<U>(self, map: impl FnOnce(T) -> U) -> Step<U> {
        match self {
            Self::Send(event) => Step::Send(map(event)),
            Self::Wait(time) => Step::Wait(time),
            Self::Flush => Step::Flush,
            Self::Silence => Step::Silence,
            Self::Break(how) => Step::Break(how),
            Self::Forever(event, every) => Step::Forever(map(event), every),
        }
    }
}

/// Bytes, and what the caller knows when it has them.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    pub(crate) bytes: Bytes,
    pub(crate) tokens: u64,
    pub(crate) told: Option<Usage>,
}

/// Events that are no part of an answer.
#[derive(Debug)]
pub(crate) struct Asides {
    error: Event,
    ping: Event,
    voice: &'static dyn Voice,
}

impl Asides {
    pub(crate) fn of(voice: &'static dyn Voice, ids: Ids) -> Self {
        Self { error: voice.error_event(ids), ping: voice.ping(), voice }
    }

    fn content_type(&self, form: Form) -> &'static str {
        self.voice.content_type(form)
    }
}

/// The way `material` takes with `faults`. `retry_at` gives a date so far in the future.
pub(crate) fn play(
    material: Material,
    faults: &[Fault],
    asides: &Asides,
    retry_at: impl Fn(Duration) -> HeaderValue,
) -> Play {
    let kinds = || faults.iter().map(|fault| &fault.0);
    let after = kinds().find_map(|kind| match kind {
        Kind::HeadAfter(time) => Some(*time),
        _ => None,
    });
    let after = after.unwrap_or_default();
    for kind in kinds() {
        let how = match kind {
            Kind::NoAnswer => return Play::Silence,
            Kind::Reset => How::Reset,
            Kind::Refused => How::Refused,
            Kind::Tls => How::Tls,
            _ => continue,
        };
        return Play::Break { after, how };
    }
    let Material { status, mut headers, events, form } = material;
    if !headers.contains_key(header::CONTENT_TYPE) {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asides.content_type(form)));
    }
    if form == Form::Events {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    }
    let events: Vec<Step<Event>> = events.into_iter().map(Step::Send).collect();
    let steps = stream::steps(events, faults, asides, form.is_stream());
    let mut steps = encode::encode(steps, faults, form, &mut headers);
    cut(&mut steps, faults, &mut headers);
    for kind in kinds() {
        match kind {
            Kind::Header(name, value) if name == header::SET_COOKIE => {
                headers.append(name, value.clone());
            }
            Kind::Header(name, value) => {
                headers.insert(name, value.clone());
            }
            Kind::RetryAt(time) => {
                headers.insert(header::RETRY_AFTER, retry_at(*time));
            }
            _ => {}
        }
    }
    Play::Answer { after, status, headers, steps }
}

/// Breaks the body off in the middle of its bytes.
fn cut(steps: &mut Vec<Step<Frame>>, faults: &[Fault], headers: &mut HeaderMap) {
    let cut = faults.iter().find_map(|fault| match fault.0 {
        Kind::CutBody(cut) => Some(cut),
        _ => None,
    });
    let Some(cut) = cut else { return };
    let total: usize = steps.iter().map(length).sum();
    if cut == Cut::Length {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(total));
    }
    truncate(steps, total / 2);
    steps.extend([Step::Flush, Step::Break(How::Truncated)]);
}

/// Keeps the first `keep` bytes of what is sent.
fn truncate(steps: &mut Vec<Step<Frame>>, keep: usize) {
    let mut left = keep;
    let mut end = 0;
    for step in steps.iter_mut() {
        if left == 0 {
            break;
        }
        end += 1;
        if let Step::Send(frame) = step {
            if frame.bytes.len() > left {
                frame.bytes.truncate(left);
                (frame.tokens, frame.told) = (0, None);
            }
            left -= frame.bytes.len();
        }
    }
    steps.truncate(end);
}

fn length(step: &Step<Frame>) -> usize {
    match step {
        Step::Send(frame) => frame.bytes.len(),
        _ => 0,
    }
}
