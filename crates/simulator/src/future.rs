//! A simulator's answer to come.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use http::{Response, request::Parts};
use http_body::Body;
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep};

use crate::{
    body::SimulatorBody,
    decide::Arrived,
    dialect::{Dialect, Operation},
    error::{Broken, How},
    play::Play,
    record::End,
    recorder::Entry,
    simulator::Shared,
};

pin_project! {
    /// Reads the request's body, decides, waits, and answers or breaks.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<B> {
        #[pin]
        state: State<B>,
        shared: Arc<Shared>,
        parts: Parts,
        dialect: Dialect,
        operation: Operation,
        entry: Option<Entry>,
    }
}

pin_project! {
    #[project = StateProj]
    #[derive(Debug)]
    enum State<B> {
        Reading { #[pin] body: B, read: BytesMut, limit: usize },
        Waiting { #[pin] sleep: Sleep, play: Option<Play> },
        Silent,
    }
}

impl<B> ResponseFuture<B> {
    pub(crate) fn new(
        body: B,
        limit: usize,
        shared: Arc<Shared>,
        parts: Parts,
        dialect: Dialect,
        operation: Operation,
        entry: Entry,
    ) -> Self {
        Self {
            state: State::Reading { body, read: BytesMut::new(), limit },
            shared,
            parts,
            dialect,
            operation,
            entry: Some(entry),
        }
    }
}

impl<B: Body> Future for ResponseFuture<B> {
    type Output = Result<Response<SimulatorBody>, Broken>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.state.as_mut().project() {
                StateProj::Reading { body, read, limit } => {
                    let body = match ready!(poll_read(body, read, *limit, cx)) {
                        Ok(()) => Some(read.split().freeze()),
                        Err(Unread::TooLarge) => None,
                        Err(Unread::Failed) => return Poll::Ready(Err(Broken::new(How::Request))),
                    };
                    let Some(entry) = this.entry.as_ref() else { return Poll::Pending };
                    entry.note(|record| record.body = body.clone().unwrap_or_else(Bytes::new));
                    let arrived = Arrived {
                        shared: this.shared,
                        parts: this.parts,
                        body: body.as_deref(),
                        dialect: *this.dialect,
                        operation: *this.operation,
                        entry,
                        now: Instant::now(),
                    };
                    let play = arrived.play();
                    let after = match &play {
                        Play::Silence => {
                            this.state.set(State::Silent);
                            continue;
                        }
                        Play::Break { after, .. } | Play::Answer { after, .. } => *after,
                    };
                    // Even a sleep of no time waits for the timer's next tick.
                    if after.is_zero() {
                        let Some(entry) = this.entry.take() else { return Poll::Pending };
                        return Poll::Ready(act(play, entry));
                    }
                    this.state.set(State::Waiting { sleep: sleep(after), play: Some(play) });
                }
                StateProj::Waiting { sleep, play } => {
                    ready!(sleep.poll(cx));
                    let (Some(entry), Some(play)) = (this.entry.take(), play.take()) else {
                        return Poll::Pending;
                    };
                    return Poll::Ready(act(play, entry));
                }
                StateProj::Silent => return Poll::Pending,
            }
        }
    }
}

enum Unread {
    TooLarge,
    Failed,
}

/// Reads all of `body` into `read`.
fn poll_read<B: Body>(
    mut body: Pin<&mut B>,
    read: &mut BytesMut,
    limit: usize,
    cx: &mut Context<'_>,
) -> Poll<Result<(), Unread>> {
    loop {
        match ready!(body.as_mut().poll_frame(cx)) {
            None => return Poll::Ready(Ok(())),
            Some(Err(_)) => return Poll::Ready(Err(Unread::Failed)),
            Some(Ok(frame)) => {
                let Ok(data) = frame.into_data() else { continue };
                if data.remaining() > limit - read.len() {
                    return Poll::Ready(Err(Unread::TooLarge));
                }
                read.put(data);
            }
        }
    }
}

fn act(play: Play, entry: Entry) -> Result<Response<SimulatorBody>, Broken> {
    match play {
        Play::Answer { status, headers, steps, .. } => {
            entry.note(|record| {
                record.status = Some(status);
                record.end = End::Answering;
            });
            let mut response = Response::new(SimulatorBody::new(steps, entry));
            *response.status_mut() = status;
            *response.headers_mut() = headers;
            Ok(response)
        }
        Play::Break { how, .. } => {
            entry.end(End::Broken);
            Err(Broken::new(how))
        }
        // It never gets here: nothing wakes a silent future.
        Play::Silence => Err(Broken::new(How::Reset)),
    }
}
