//! How a connection breaks.

use std::{error::Error, fmt, io};

/// What the caller of a simulator in process gets where a caller over a socket would see its connection break.
///
/// Its source is an [`io::Error`] of the kind that a real client would have met, so that classifiers of transport errors
/// see no difference.
#[derive(Debug)]
pub struct Broken {
    how: How,
    source: io::Error,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    Refused,
    Tls,
    Reset,
    Truncated,
    Request,
}

impl Broken {
    pub(crate) fn new(how: How) -> Self {
        let (kind, text) = match how {
            How::Refused => (io::ErrorKind::ConnectionRefused, "connection refused"),
            How::Tls => (io::ErrorKind::InvalidData, "received fatal alert: HandshakeFailure"),
            How::Reset => (io::ErrorKind::ConnectionReset, "connection reset by peer"),
            How::Truncated => {
                (io::ErrorKind::UnexpectedEof, "connection closed before the body was complete")
            }
            How::Request => (io::ErrorKind::BrokenPipe, "the request's body failed"),
        };
        Self { how, source: io::Error::new(kind, text) }
    }

    /// Whether nothing listened there.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.how == How::Refused
    }

    /// Whether no TLS session came about.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.how == How::Tls
    }

    /// Whether the connection was reset.
    #[must_use]
    pub fn is_reset(&self) -> bool {
        self.how == How::Reset
    }

    /// Whether the connection was closed in the middle of a body.
    #[must_use]
    pub fn is_truncated(&self) -> bool {
        self.how == How::Truncated
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the simulated connection broke")
    }
}

impl Error for Broken {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}
