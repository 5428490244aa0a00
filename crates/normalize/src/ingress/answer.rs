//! A whole answer for a caller who wants one document.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use backstop_core::{Answer, Dialect, Failure, Fold, Form};
use backstop_dialect::{Encoded, Voice, encode_answer};
use bytes::Bytes;
use pin_project_lite::pin_project;

pin_project! {
    /// Reads an answer to its end.
    pub(super) struct Whole<A> {
        #[pin]
        answer: A,
        fold: Fold,
        document: Option<Bytes>,
    }
}

impl<A: Answer> Whole<A> {
    pub(super) fn new(answer: A) -> Self {
        Self { answer, fold: Fold::new(), document: None }
    }

    /// The document in the caller's dialect: the provider's own bytes where it speaks the same one. Beside it, what it
    /// could not say.
    pub(super) fn poll_whole(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        dialect: Dialect,
        voice: &Voice,
    ) -> Poll<Result<Encoded, Failure>> {
        let mut this = self.project();
        while let Some(event) = ready!(this.answer.as_mut().poll_event(cx)) {
            let event = event?;
            match event.wire() {
                Some(wire) if wire.form == Form::Document && wire.dialect == dialect => {
                    *this.document = Some(wire.bytes.clone());
                }
                _ => event.deltas().iter().for_each(|delta| this.fold.push(delta)),
            }
        }
        if let Some(body) = this.document.take() {
            return Poll::Ready(Ok(Encoded { body, losses: Vec::new() }));
        }
        let completion = std::mem::take(this.fold).finish();
        Poll::Ready(Ok(encode_answer(dialect, &completion, voice)))
    }
}
