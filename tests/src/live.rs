//! A stream that a caller reads piece by piece.

use std::time::Duration;

use backstop_core::Dialect;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Response, StatusCode, response};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;

use crate::{
    reading::{self, Observed},
    wait::within,
};

/// A stream that a caller reads piece by piece. Dropping it hangs up.
#[derive(Debug)]
pub struct Live {
    dialect: Dialect,
    head: response::Parts,
    body: Incoming,
    read: BytesMut,
}

impl Live {
    /// The stream that `response` brings, in `dialect`.
    #[must_use]
    pub fn new(dialect: Dialect, response: Response<Incoming>) -> Self {
        let (head, body) = response.into_parts();
        Self { dialect, head, body, read: BytesMut::new() }
    }

    /// The response's status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.head.status
    }

    /// The response's headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// What was read so far.
    #[must_use]
    pub fn read(&self) -> &[u8] {
        &self.read
    }

    /// Reads on until `text` has come. Reads no further than it must.
    ///
    /// # Panics
    ///
    /// Where it does not come within ten seconds, or the stream ends before it.
    pub async fn until(&mut self, text: &str) {
        let mut from = self.read.len();
        within(Duration::from_secs(10), text, async {
            loop {
                // It may stand across two pieces.
                let start = from.saturating_sub(text.len());
                if self.read[start..].windows(text.len()).any(|window| window == text.as_bytes()) {
                    break;
                }
                from = self.read.len();
                assert!(self.piece().await.is_some(), "the stream ended before {text:?}");
            }
        })
        .await;
    }

    /// Reads the next piece; `None` at the end.
    ///
    /// # Panics
    ///
    /// Where the connection breaks.
    pub async fn piece(&mut self) -> Option<Bytes> {
        loop {
            let frame = self.body.frame().await?.expect("a body that ends in order");
            if let Ok(data) = frame.into_data() {
                self.read.extend_from_slice(&data);
                return Some(data);
            }
        }
    }

    /// Reads to the end, and gives all of it.
    ///
    /// # Panics
    ///
    /// Where the connection breaks.
    pub async fn rest(mut self) -> Observed {
        while self.piece().await.is_some() {}
        reading::read(self.dialect, self.head.status, self.head.headers, &self.read)
    }
}
