//! The one error of a Backstop stack.

use std::{error::Error, fmt, io, sync::Arc, time::Duration};

use bytes::Bytes;
use http::StatusCode;

use crate::{Class, Clock, Dialect, Kind, Refusal, Scope, Text, trail::Step};

/// An error of any kind, boxed: what plain HTTP clients fail with.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// What went wrong with a call: one kind of the failure table, with all that is known about it.
///
/// One word, cheap to clone, `Send + Sync`. A message never holds a credential or a prompt: whoever makes a failure of
/// a provider's text redacts it first ([`redact`](crate::redact)).
///
/// ```
/// use backstop_core::{Failure, Kind};
///
/// let failure = Failure::new(Kind::RateLimited, "openai asks for a pause").with_retry_after(std::time::Duration::from_secs(2));
/// assert_eq!(failure.kind(), Kind::RateLimited);
/// assert_eq!(failure.status(), 429);
/// assert_eq!(failure.to_string(), "openai asks for a pause");
/// ```
#[derive(Clone)]
pub struct Failure(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    class: Class,
    message: Text,
    status: Option<StatusCode>,
    provider_error: Option<ProviderError>,
    target: Option<Text>,
    trail: Arc<[Step]>,
    source: Option<Arc<dyn Error + Send + Sync>>,
    model_named_by_caller: bool,
}

/// What a provider itself said of its failure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProviderError {
    /// The dialect of `body`, where it is one.
    pub dialect: Option<Dialect>,
    /// The error body as it came, redacted.
    pub body: Bytes,
    /// The provider's own word for the type of error (`error.type`).
    pub error_type: Option<Text>,
    /// The provider's own code (`error.code`).
    pub code: Option<Text>,
    /// The request's field that the provider complains about (`error.param`).
    pub param: Option<Text>,
}

impl Failure {
    /// A failure of `kind`. The message says what, where and what to do, in one sentence.
    #[must_use]
    pub fn new(kind: Kind, message: impl Into<Text>) -> Self {
        Self(Arc::new(Inner {
            class: Class::new(kind),
            message: message.into(),
            status: None,
            provider_error: None,
            target: None,
            trail: Arc::from([]),
            source: None,
            model_named_by_caller: false,
        }))
    }

    /// The clock that ran out, after how long.
    #[must_use]
    pub fn timeout(clock: Clock, after: Duration) -> Self {
        let what = match clock {
            Clock::Connect => "no connection",
            Clock::FirstByte => "no response head",
            Clock::FirstToken => "no first token",
            Clock::Silent => "no byte in the middle of the answer",
            Clock::Idle => "no token in the middle of the answer",
            Clock::Total => "no complete answer",
        };
        Self::new(Kind::Timeout(clock), format!("{what} within {after:?}"))
    }

    /// A refusal of our own.
    #[must_use]
    pub fn refused(refusal: Refusal, message: impl Into<Text>) -> Self {
        Self::new(Kind::Refused(refusal), message)
    }

    /// The failure inside `error`, if one is anywhere in its chain of sources; a failure of the transport otherwise.
    ///
    /// A leaf service may so fail with a `Failure` through any client's error type.
    #[must_use]
    pub fn from_error(error: impl Into<BoxError>) -> Self {
        let error = match error.into().downcast::<Self>() {
            Ok(failure) => return *failure,
            Err(error) => error,
        };
        if let Some(failure) = Self::find(error.as_ref()) {
            return failure.clone();
        }
        let mut text = error.to_string();
        for source in chain(error.as_ref()).skip(1) {
            // Sources often repeat themselves into their parent's text.
            let part = source.to_string();
            if !text.contains(&part) {
                text = format!("{text}: {part}");
            }
        }
        Self::new(Kind::Transport, text).with_source(error)
    }

    /// The failure that `error` is, or that is somewhere in its chain of sources.
    pub(crate) fn find<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a Self> {
        chain(error).find_map(|error| error.downcast_ref())
    }

    /// Sets the status that the provider answered with.
    #[must_use]
    pub fn with_status(self, status: StatusCode) -> Self {
        self.change(|inner| inner.status = Some(status))
    }

    /// Says that the caller itself named the model, and no chain chose it: that there is none is the caller's own 404.
    #[must_use]
    pub fn with_model_named_by_caller(self) -> Self {
        self.change(|inner| inner.model_named_by_caller = true)
    }

    /// Sets when a retry may work.
    #[must_use]
    pub fn with_retry_after(self, retry_after: impl Into<Option<Duration>>) -> Self {
        self.change(|inner| inner.class.retry_after = retry_after.into())
    }

    /// Sets what the failure is about, where that is not what the table says.
    #[must_use]
    pub fn with_scope(self, scope: Scope) -> Self {
        self.change(|inner| inner.class.scope = scope)
    }

    /// Says whether another credential of the same target is free.
    #[must_use]
    pub fn with_other_key(self, other_key: bool) -> Self {
        self.change(|inner| inner.class.other_key = other_key)
    }

    /// Keeps what the provider said.
    #[must_use]
    pub fn with_provider_error(self, error: ProviderError) -> Self {
        self.change(|inner| inner.provider_error = Some(error))
    }

    /// Names the target that failed.
    #[must_use]
    pub fn with_target(self, target: impl Into<Text>) -> Self {
        self.change(|inner| inner.target = Some(target.into()))
    }

    /// Keeps the steps that were tried before this became the last word.
    #[must_use]
    pub fn with_trail(self, trail: Vec<Step>) -> Self {
        self.change(|inner| inner.trail = trail.into())
    }

    /// Keeps the error that caused this one.
    #[must_use]
    pub fn with_source(self, source: impl Into<BoxError>) -> Self {
        self.change(|inner| inner.source = Some(source.into().into()))
    }

    /// The kind, by the failure table.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.0.class.kind
    }

    /// What a decision needs of this failure.
    #[must_use]
    pub fn class(&self) -> Class {
        self.0.class
    }

    /// What the failure is about.
    #[must_use]
    pub fn scope(&self) -> Scope {
        self.0.class.scope
    }

    /// When a retry may work, as far as anyone said.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.class.retry_after
    }

    /// The sentence that says what happened.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The status for the caller: the table's, except that a wrong request keeps the provider's own 4xx, and that a model
    /// which is not there is a 404 where the caller named it.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match (self.kind(), self.0.status) {
            (Kind::InvalidRequest, Some(status)) if status.is_client_error() => status,
            (Kind::ModelNotFound, None) => StatusCode::NOT_FOUND,
            (Kind::ModelNotFound, _) if self.0.model_named_by_caller => StatusCode::NOT_FOUND,
            (kind, _) => kind.row().status,
        }
    }

    /// The status that the provider answered with, if it answered.
    #[must_use]
    pub fn provider_status(&self) -> Option<StatusCode> {
        self.0.status
    }

    /// What the provider itself said.
    #[must_use]
    pub fn provider_error(&self) -> Option<&ProviderError> {
        self.0.provider_error.as_ref()
    }

    /// The target that failed.
    #[must_use]
    pub fn target(&self) -> Option<&str> {
        self.0.target.as_deref()
    }

    /// What was tried before this became the last word.
    #[must_use]
    pub fn trail(&self) -> &[Step] {
        &self.0.trail
    }

    fn change(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }
}

impl ProviderError {
    /// An error body in `dialect`, if it is known; all else unknown.
    #[must_use]
    pub fn new(dialect: Option<Dialect>, body: Bytes) -> Self {
        Self { dialect, body, ..Self::default() }
    }
}

/// An error and its sources. An `io::Error` hides the one that it was made of behind `get_ref`.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| {
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner as &(dyn Error + 'static)),
            None => error.source(),
        }
    })
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0.message)
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The provider's body may quote the prompt, so Debug, which ends in logs, leaves it out.
        f.debug_struct("Failure")
            .field("kind", &self.0.class.kind)
            .field("message", &self.0.message)
            .field("status", &self.0.status)
            .field("retry_after", &self.0.class.retry_after)
            .field("target", &self.0.target)
            .finish_non_exhaustive()
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

impl From<std::convert::Infallible> for Failure {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Wrapper(Failure);

    impl fmt::Display for Wrapper {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("client error")
        }
    }

    impl Error for Wrapper {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }

    #[test]
    fn is_one_word_and_crosses_threads() {
        fn crosses_threads<T: Send + Sync + 'static>() {}
        crosses_threads::<Failure>();
        assert_eq!(size_of::<Failure>(), size_of::<usize>());
        assert_eq!(size_of::<Option<Failure>>(), size_of::<usize>());
    }

    #[test]
    fn is_found_again_inside_any_error() {
        let failure = Failure::timeout(Clock::Connect, Duration::from_secs(3));
        assert_eq!(Failure::from_error(failure.clone()).kind(), failure.kind());
        assert_eq!(Failure::from_error(Wrapper(failure.clone())).kind(), failure.kind());
        assert_eq!(Failure::from_error(io::Error::other(failure.clone())).kind(), failure.kind());
        let io = io::Error::new(io::ErrorKind::ConnectionReset, "reset by peer");
        let transport = Failure::from_error(io);
        assert_eq!((transport.kind(), transport.message()), (Kind::Transport, "reset by peer"));
        assert!(transport.source().is_some());
    }

    #[test]
    fn the_callers_own_mistake_keeps_its_status() {
        let failure = Failure::new(Kind::InvalidRequest, "no").with_status(StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(failure.status(), 422);
        let failure = Failure::new(Kind::Unauthorized, "no").with_status(StatusCode::UNAUTHORIZED);
        assert_eq!(failure.status(), 502);
        // Nobody was asked: the caller named a model that does not exist.
        assert_eq!(Failure::new(Kind::ModelNotFound, "no").status(), 404);
        let chosen = Failure::new(Kind::ModelNotFound, "no").with_status(StatusCode::NOT_FOUND);
        assert_eq!(chosen.status(), 502);
        assert_eq!(chosen.with_model_named_by_caller().status(), 404);
        let other = Failure::new(Kind::Overloaded, "no").with_model_named_by_caller();
        assert_eq!(other.status(), 503);
    }
}
