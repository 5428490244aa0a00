//! A provider's response body.

use std::{
    fmt, mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use backstop_core::Failure;
use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use pin_project_lite::pin_project;
use tower_http::decompression::DecompressionBody;

use crate::{mask::Mask, service::Endpoint, transport};

pin_project! {
    /// A provider's response body.
    ///
    /// A success comes through as it arrives, decoded where it is compressed, with the provider's keys overwritten should
    /// it quote them; trailers are dropped. An error (status 4xx or 5xx) is collected
    /// up to 64 KiB, redacted of the provider's keys, and given as one frame; where it breaks off, what came counts.
    /// After an `Err` or the end nothing more comes. Dropping the body ends the call.
    pub struct ProviderBody {
        #[pin]
        body: DecompressionBody<Incoming>,
        mode: Mode,
        endpoint: Arc<Endpoint>,
    }
}

#[derive(Debug)]
enum Mode {
    Answer { mask: Mask },
    Error { collected: BytesMut },
    Ended,
}

impl ProviderBody {
    pub(crate) fn answer(body: DecompressionBody<Incoming>, endpoint: Arc<Endpoint>) -> Self {
        Self { body, mode: Mode::Answer { mask: Mask::default() }, endpoint }
    }

    /// An error's body; `legible` is whether its content coding is known.
    pub(crate) fn error(body: DecompressionBody<Incoming>, legible: bool, endpoint: Arc<Endpoint>) -> Self {
        let mode = if legible { Mode::Error { collected: BytesMut::new() } } else { Mode::Ended };
        Self { body, mode, endpoint }
    }
}

impl Body for ProviderBody {
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        let mut this = self.project();
        match this.mode {
            Mode::Answer { mask } => loop {
                let frame = match ready!(this.body.as_mut().poll_frame(cx)) {
                    Some(Ok(frame)) => {
                        let Ok(data) = frame.into_data() else { continue };
                        let data = mask.push(data, &this.endpoint.keys);
                        if data.is_empty() {
                            continue;
                        }
                        break Poll::Ready(Some(Ok(Frame::data(data))));
                    }
                    Some(Err(error)) => Some(Err(transport::of_body(error.as_ref(), this.endpoint))),
                    None => {
                        let held = mask.end();
                        (!held.is_empty()).then(|| Ok(Frame::data(held)))
                    }
                };
                *this.mode = Mode::Ended;
                break Poll::Ready(frame);
            },
            Mode::Error { collected } => {
                let limit = ERROR_LIMIT + this.endpoint.keys.longest();
                while collected.len() < limit {
                    match ready!(this.body.as_mut().poll_frame(cx)) {
                        Some(Ok(frame)) => {
                            let Ok(data) = frame.into_data() else { continue };
                            collected.extend_from_slice(&data[..data.len().min(limit - collected.len())]);
                        }
                        // The status says enough: an error that breaks off is no other error.
                        Some(Err(_)) | None => break,
                    }
                }
                let collected = mem::take(collected);
                *this.mode = Mode::Ended;
                let text = redacted(&collected, limit, this.endpoint);
                Poll::Ready((!text.is_empty()).then(|| Ok(Frame::data(text.into()))))
            }
            Mode::Ended => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.mode {
            // A compressed body has no exact length, so it never claims to have ended.
            Mode::Answer { mask } => mask.held() == 0 && self.body.size_hint().exact() == Some(0),
            Mode::Error { .. } => false,
            Mode::Ended => true,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.mode {
            Mode::Answer { mask } => {
                let (mut hint, held) = (self.body.size_hint(), mask.held() as u64);
                if let Some(upper) = hint.upper() {
                    hint.set_upper(upper + held);
                }
                hint.set_lower(hint.lower() + held);
                hint
            }
            Mode::Error { .. } => SizeHint::new(),
            Mode::Ended => SizeHint::with_exact(0),
        }
    }
}

impl fmt::Debug for ProviderBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderBody").field("place", &self.endpoint.base.place()).finish_non_exhaustive()
    }
}

/// What may be shown of an error's body.
fn redacted(collected: &[u8], limit: usize, endpoint: &Endpoint) -> String {
    let mut text = endpoint.keys.redact(&String::from_utf8_lossy(collected));
    if collected.len() >= limit {
        // A key that the limit cut in two is not recognised: as much as it could be long goes, too.
        let mut end = text.len().saturating_sub(endpoint.keys.longest()).min(ERROR_LIMIT);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
    }
    text
}

/// Enough for every provider's error; a page of HTML says nothing more beyond it.
const ERROR_LIMIT: usize = 64 * 1024;
