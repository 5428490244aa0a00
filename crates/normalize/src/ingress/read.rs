//! Reads a request's body, within bounds.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use backstop_core::{BoxError, Failure, Kind, Refusal};
use bytes::{Bytes, BytesMut};
use http_body::Body;
use pin_project_lite::pin_project;

use super::{IngressConfig, in_flight::Reservation};

pin_project! {
    /// Reads a body to its end. Cancel safe: what was read is kept.
    pub(super) struct Read<B> {
        #[pin]
        body: B,
        first: Bytes,
        more: BytesMut,
        limit: u64,
        reservation: Option<Reservation>,
    }
}

impl<B: Body<Data = Bytes>> Read<B>
where
    B::Error: Into<BoxError>,
{
    pub(super) fn new(body: B, config: &IngressConfig) -> Self {
        let reservation = Some(config.bytes_in_flight.reservation());
        Self { body, first: Bytes::new(), more: BytesMut::new(), limit: config.body_limit, reservation }
    }

    /// The whole body, and the count of its bytes, which is released with the call.
    pub(super) fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(Bytes, Option<Reservation>), Failure>> {
        let mut this = self.project();
        // Known lengths are refused before they are sent.
        if this.body.size_hint().lower() > *this.limit {
            return Poll::Ready(Err(too_large(*this.limit)));
        }
        loop {
            let data = match ready!(this.body.as_mut().poll_frame(cx)) {
                Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
                Some(Err(error)) => {
                    let message = "the request's body broke off";
                    return Poll::Ready(Err(Failure::new(Kind::InvalidRequest, message).with_source(error)));
                }
                None => break,
            };
            let read = (this.first.len() + this.more.len() + data.len()) as u64;
            if read > *this.limit {
                return Poll::Ready(Err(too_large(*this.limit)));
            }
            if let Some(reservation) = this.reservation.as_mut()
                && !reservation.grow(data.len() as u64)
            {
                let message = "the gateway holds as many bytes of requests as it may; try again soon";
                return Poll::Ready(Err(Failure::refused(Refusal::Busy, message)));
            }
            // Most bodies come in one piece, which need not be copied.
            if this.first.is_empty() && this.more.is_empty() {
                *this.first = data;
            } else {
                if this.more.is_empty() {
                    let rest = this.body.size_hint().lower().min(*this.limit - read);
                    this.more.reserve(usize::try_from(read + rest).unwrap_or_default());
                    this.more.extend_from_slice(&std::mem::take(this.first));
                }
                this.more.extend_from_slice(&data);
            }
        }
        let body = if this.more.is_empty() {
            unpinned(std::mem::take(this.first))
        } else {
            std::mem::take(this.more).freeze()
        };
        Poll::Ready(Ok((body, this.reservation.take())))
    }
}

/// A short body as bytes of its own. As it came it is a slice of the connection's read buffer, which it would keep from
/// being used again for as long as the call lives: a page and more for every open stream.
fn unpinned(body: Bytes) -> Bytes {
    if body.len() <= SHORT { Bytes::copy_from_slice(&body) } else { body }
}

fn too_large(limit: u64) -> Failure {
    Failure::new(Kind::TooLarge, format!("the request's body is longer than {limit} bytes"))
}

/// hyper's first read buffer of a connection; what is longer has a buffer that is worth keeping.
const SHORT: usize = 8 << 10;
