//! Errors that a provider answers with.

use std::time::Duration;

use http::StatusCode;

/// An error that the provider itself answers with, in its own words.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ApiError {
    /// What the provider says with this status: 429 is a rate limit, 503 (529 at Anthropic) an overload, and so on.
    Status(StatusCode),
    /// 429 that means "no money": waiting does not help.
    Quota,
    /// 400: the prompt does not fit into the model's window.
    ContextLength,
    /// 400: the prompt or the answer is against the provider's policy.
    ContentPolicy,
    /// 401: the request bears no key.
    MissingKey,
    /// 401: the key is unknown.
    WrongKey,
    /// 401: the key is unknown, and the message quotes all of it, as careless proxies do.
    QuotedKey,
    /// 404: there is no such model.
    ModelNotFound,
    /// 413: the body is too large.
    TooLarge,
    /// 400: the body is not JSON.
    BrokenJson,
    /// 404: there is no such path.
    UnknownPath,
    /// 405: not with this method.
    WrongMethod,
}

impl ApiError {
    /// The status that comes with it.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::Status(status) => *status,
            Self::Quota => StatusCode::TOO_MANY_REQUESTS,
            Self::ContextLength | Self::ContentPolicy | Self::BrokenJson => StatusCode::BAD_REQUEST,
            Self::MissingKey | Self::WrongKey | Self::QuotedKey => StatusCode::UNAUTHORIZED,
            Self::ModelNotFound | Self::UnknownPath => StatusCode::NOT_FOUND,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
        }
    }

    /// The plain form of what has one, so that dialects word each thing once.
    pub(crate) fn named(&self) -> Self {
        match self {
            Self::Status(StatusCode::UNAUTHORIZED) => Self::WrongKey,
            Self::Status(StatusCode::NOT_FOUND) => Self::ModelNotFound,
            Self::Status(StatusCode::PAYLOAD_TOO_LARGE) => Self::TooLarge,
            other => other.clone(),
        }
    }
}

/// What the words of an error depend on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Circumstances {
    pub(crate) key: String,
    pub(crate) model: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) prompt_tokens: u64,
    pub(crate) body_bytes: usize,
    /// How long the caller is told to wait.
    pub(crate) wait: Option<Duration>,
    /// Whether the answer was to be a list.
    pub(crate) in_list: bool,
}
