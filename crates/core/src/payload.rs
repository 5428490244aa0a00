//! The request body that goes out to a provider.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// A whole request body in the provider's dialect, and which of its credentials the attempt is to use.
///
/// What `normalize` hands to the leaf. Any HTTP client that is generic over its request body takes it as it is; only
/// Backstop's own provider reads the credential.
#[derive(Clone, Debug, Default)]
pub struct Payload {
    bytes: Bytes,
    credential: Option<usize>,
}

impl Payload {
    /// The body `bytes`, for the provider's first credential.
    #[must_use]
    pub const fn new(bytes: Bytes) -> Self {
        Self { bytes, credential: None }
    }

    /// Chooses a credential by its place in the provider's pool; `None` leaves the choice to the provider.
    #[must_use]
    pub const fn with_credential(mut self, credential: Option<usize>) -> Self {
        self.credential = credential;
        self
    }

    /// The body, or what of it has not been read yet.
    #[must_use]
    pub const fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The credential's place in the provider's pool, if a layer has chosen one.
    #[must_use]
    pub const fn credential(&self) -> Option<usize> {
        self.credential
    }
}

impl From<Bytes> for Payload {
    fn from(bytes: Bytes) -> Self {
        Self::new(bytes)
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let bytes = std::mem::take(&mut self.bytes);
        Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.len() as u64)
    }
}
