//! What goes wrong.

mod kind;

use std::time::Duration;

use http::{HeaderName, HeaderValue, StatusCode};

pub(crate) use self::kind::Kind;
pub use self::kind::{Cut, Death, Encoding, LineEnd};
use crate::api_error::ApiError;

/// One thing that goes wrong, or is merely odd, with an answer. A [`Behaviour`](crate::Behaviour) may have several.
///
/// Where a fault says "after n tokens", a stream keeps its first n events with content; a body that is not streamed, which
/// has no such events, keeps half of its bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault(pub(crate) Kind);

impl Fault {
    /// The connection is reset before the head.
    #[must_use]
    pub const fn reset() -> Self {
        Self(Kind::Reset)
    }

    /// The request is taken and never answered.
    #[must_use]
    pub const fn no_answer() -> Self {
        Self(Kind::NoAnswer)
    }

    /// In process: nothing listens. A server cannot play it for one request, which has already come in, and resets; close
    /// its [`Door`](crate::Door) instead.
    #[must_use]
    pub const fn refused() -> Self {
        Self(Kind::Refused)
    }

    /// In process: no TLS session comes about. A server resets; see [`Door`](crate::Door).
    #[must_use]
    pub const fn tls() -> Self {
        Self(Kind::Tls)
    }

    /// The provider's own error of this kind.
    #[must_use]
    pub const fn error(error: ApiError) -> Self {
        Self(Kind::Error(error))
    }

    /// The provider's own error with this status.
    ///
    /// # Panics
    ///
    /// If `status` is no HTTP status.
    #[must_use]
    pub fn status(status: u16) -> Self {
        let Ok(status) = StatusCode::from_u16(status) else { panic!("{status} is not an HTTP status") };
        Self::error(ApiError::Status(status))
    }

    /// 200, and the HTML page of some edge.
    #[must_use]
    pub const fn html() -> Self {
        Self(Kind::Html)
    }

    /// 200, and JSON that stops in the middle, with nothing missing as far as HTTP can see.
    #[must_use]
    pub const fn broken_json() -> Self {
        Self(Kind::BrokenJson)
    }

    /// 200, and an answer without a choice (at Anthropic: without content and stop reason; at Gemini: without a candidate).
    #[must_use]
    pub const fn empty_choices() -> Self {
        Self(Kind::EmptyChoices)
    }

    /// 200, and an error document where the answer should be.
    #[must_use]
    pub const fn error_object() -> Self {
        Self(Kind::ErrorObject)
    }

    /// A 307 to another place.
    #[must_use]
    pub const fn redirect(location: HeaderValue) -> Self {
        Self(Kind::Redirect(location))
    }

    /// An error event in the stream after so many tokens, and then its clean end; with 0 before any content.
    #[must_use]
    pub const fn error_event(after: u64) -> Self {
        Self(Kind::ErrorEvent { after })
    }

    /// The event of the token with this number, from 0, is broken JSON; the rest is as it should be.
    #[must_use]
    pub const fn break_event(at: u64) -> Self {
        Self(Kind::BreakEvent { at })
    }

    /// The stream is whole but for its `[DONE]` or `message_stop`. Gemini's events have no such end: there nothing is missing.
    #[must_use]
    pub const fn no_sentinel() -> Self {
        Self(Kind::NoSentinel)
    }

    /// Everything comes, and then the body stays open. With [`Fault::no_sentinel`]: an answer that is complete to whoever
    /// understands it, and to nobody else.
    #[must_use]
    pub const fn never_ends() -> Self {
        Self(Kind::NeverEnds)
    }

    /// A sign of life each `every` while a stream waits or is silent: Anthropic's `ping`, elsewhere a comment. It says
    /// nothing: the stream is alive, and yet there is no progress.
    #[must_use]
    pub const fn pings(every: Duration) -> Self {
        Self(Kind::Pings { every })
    }

    /// The answer dies after so many tokens.
    #[must_use]
    pub const fn dies(after: u64, how: Death) -> Self {
        Self(Kind::Dies { after, how })
    }

    /// Nothing more comes after so many tokens, and the connection stays open. With 0: the role, then silence.
    #[must_use]
    pub const fn silent(after: u64) -> Self {
        Self(Kind::Silent { after })
    }

    /// The first token again and again, one each `every`, and never an end. A body that is not streamed is as it was.
    #[must_use]
    pub const fn repeat_forever(every: Duration) -> Self {
        Self(Kind::RepeatForever { every })
    }

    /// Half of the body, and then the connection is closed.
    #[must_use]
    pub const fn cut_body(cut: Cut) -> Self {
        Self(Kind::CutBody(cut))
    }

    /// A header of the answer: replaces one of the same name, except that `set-cookie` is added.
    ///
    /// An odd `content-type`, hop-by-hop headers, `retry-after` in any spelling: all of these. Over HTTP/2 hyper removes
    /// what that version forbids.
    #[must_use]
    pub const fn header(name: HeaderName, value: HeaderValue) -> Self {
        Self(Kind::Header(name, value))
    }

    /// `retry-after` in seconds, with a fraction where there is one.
    #[must_use]
    pub fn retry_after(time: Duration) -> Self {
        Self::header(http::header::RETRY_AFTER, number(time.as_secs_f64()))
    }

    /// `retry-after-ms` in milliseconds.
    #[must_use]
    pub fn retry_after_ms(time: Duration) -> Self {
        Self::header(HeaderName::from_static("retry-after-ms"), number(time.as_secs_f64() * 1e3))
    }

    /// `retry-after` as an HTTP date this far in the future, by the simulator's clock.
    #[must_use]
    pub const fn retry_at(time: Duration) -> Self {
        Self(Kind::RetryAt(time))
    }

    /// The provider's rate-limit headers say that no requests remain, and when there will be more.
    #[must_use]
    pub const fn exhausted(reset: Duration) -> Self {
        Self(Kind::Exhausted { reset })
    }

    /// An odd `content-type`.
    #[must_use]
    pub const fn content_type(value: HeaderValue) -> Self {
        Self::header(http::header::CONTENT_TYPE, value)
    }

    /// Lines of the stream end like this.
    #[must_use]
    pub const fn line_end(end: LineEnd) -> Self {
        Self(Kind::LineEnd(end))
    }

    /// A comment before each event of the stream.
    #[must_use]
    pub const fn comments() -> Self {
        Self(Kind::Comments)
    }

    /// A byte order mark before everything.
    #[must_use]
    pub const fn bom() -> Self {
        Self(Kind::Bom)
    }

    /// Frames of at most so many bytes, wherever that cuts; with 1 through every character that has more than one byte.
    #[must_use]
    pub const fn split(bytes: usize) -> Self {
        Self(Kind::Split(bytes))
    }

    /// The body compressed, whatever the request accepts. A stream is flushed after each event.
    #[must_use]
    pub const fn encoded(encoding: Encoding) -> Self {
        Self(Kind::Encoded(encoding))
    }

    /// The random padding of streams: OpenAI's `obfuscation` on each chunk, unless the request turned it off; at Anthropic
    /// spaces before the last brace of each event. Gemini has none.
    #[must_use]
    pub const fn obfuscated() -> Self {
        Self(Kind::Obfuscated)
    }

    /// One byte of the body each `every`.
    #[must_use]
    pub const fn drip(every: Duration) -> Self {
        Self(Kind::Drip { every })
    }

    /// The head comes after this long.
    #[must_use]
    pub const fn head_after(time: Duration) -> Self {
        Self(Kind::HeadAfter(time))
    }

    /// The first byte of the body comes this long after the head.
    #[must_use]
    pub const fn body_after(time: Duration) -> Self {
        Self(Kind::BodyAfter(time))
    }

    /// The first token comes this long after what precedes it; head, role and pings are not held up.
    #[must_use]
    pub const fn first_token_after(time: Duration) -> Self {
        Self(Kind::FirstTokenAfter(time))
    }

    /// This long between a token and the next.
    #[must_use]
    pub const fn token_every(time: Duration) -> Self {
        Self(Kind::TokenEvery(time))
    }
}

impl Fault {
    /// Whether nothing of the request is looked at.
    pub(crate) const fn breaks_connection(&self) -> bool {
        matches!(self.0, Kind::Reset | Kind::NoAnswer | Kind::Refused | Kind::Tls)
    }

    /// How long a caller is told to wait, where it is.
    pub(crate) fn wait(&self) -> Option<Duration> {
        let (unit, value) = match &self.0 {
            Kind::RetryAt(time) => return Some(*time),
            Kind::Header(name, value) if name == http::header::RETRY_AFTER => (1.0, value),
            Kind::Header(name, value) if name == "retry-after-ms" => (0.001, value),
            _ => return None,
        };
        let number: f64 = value.to_str().ok()?.parse().ok()?;
        Duration::try_from_secs_f64(number * unit).ok()
    }

    pub(crate) const fn api_error(&self) -> Option<&ApiError> {
        match &self.0 {
            Kind::Error(error) => Some(error),
            _ => None,
        }
    }
}

fn number(number: f64) -> HeaderValue {
    HeaderValue::from_str(&number.to_string()).unwrap_or_else(|_| HeaderValue::from_static("0"))
}
