//! The body of any response.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use backstop_core::{Reply, classify::Answers};
use backstop_normalize::ingress::IngressBody;
use backstop_telemetry::RequestBody;
use backstop_timeout::TimedBody;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use pin_project_lite::pin_project;

use crate::ledger::RequestHook;
/// A chain's answer, as the request log passes it on.
pub(crate) type ChainAnswer = RequestBody<TimedBody<Reply, Answers>, RequestHook>;

pin_project! {
    /// The body of any response of the gateway: an answer of a chain, or a few bytes of the gateway's own.
    #[derive(Debug)]
    pub struct GatewayBody {
        #[pin]
        source: Source,
    }
}

pin_project! {
    #[derive(Debug)]
    #[project = SourceProjection]
    enum Source {
        Answer { #[pin] body: IngressBody<ChainAnswer> },
        Own { #[pin] body: Full<Bytes> },
    }
}

impl GatewayBody {
    pub(super) const fn answer(body: IngressBody<ChainAnswer>) -> Self {
        Self { source: Source::Answer { body } }
    }

    pub(super) fn own(bytes: Bytes) -> Self {
        Self { source: Source::Own { body: Full::new(bytes) } }
    }
}

impl Body for GatewayBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.project().source.project() {
            SourceProjection::Answer { body } => body.poll_frame(cx),
            SourceProjection::Own { body } => body.poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Answer { body } => body.is_end_stream(),
            Source::Own { body } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Answer { body } => body.size_hint(),
            Source::Own { body } => body.size_hint(),
        }
    }
}
