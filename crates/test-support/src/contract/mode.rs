//! The two ways to read a body.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use backstop_core::{Answer, BoxError, Event};
use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http_body::Body;

use crate::AnswerPlan;

pub(super) trait Mode<B> {
    fn poll(body: Pin<&mut B>, cx: &mut Context<'_>) -> Poll<Option<Result<Piece, BoxError>>>;

    /// What a reader gets of `plan`.
    fn planned(plan: &AnswerPlan) -> Seen;
}

pub(super) struct Events;

pub(super) struct Frames;

pub(super) enum Piece {
    Event(Event),
    Data(Bytes),
    Trailers(HeaderMap),
}

/// All that a reader got.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) events: Vec<Event>,
    pub(super) bytes: BytesMut,
    pub(super) trailers: HeaderMap,
}

impl<B: Body<Data = Bytes>> Mode<B> for Frames
where
    B::Error: Into<BoxError>,
{
    fn poll(body: Pin<&mut B>, cx: &mut Context<'_>) -> Poll<Option<Result<Piece, BoxError>>> {
        body.poll_frame(cx).map(|frame| {
            Some(frame?.map_err(Into::into).map(|frame| match frame.into_data() {
                Ok(bytes) => Piece::Data(bytes),
                Err(frame) => Piece::Trailers(frame.into_trailers().unwrap_or_default()),
            }))
        })
    }

    fn planned(plan: &AnswerPlan) -> Seen {
        let bytes = BytesMut::from(plan.wire().as_ref());
        Seen { bytes, trailers: plan.planned_trailers(), ..Seen::default() }
    }
}

impl<A: Answer> Mode<A> for Events {
    fn poll(body: Pin<&mut A>, cx: &mut Context<'_>) -> Poll<Option<Result<Piece, BoxError>>> {
        body.poll_event(cx).map(|event| Some(event?.map(Piece::Event).map_err(Into::into)))
    }

    fn planned(plan: &AnswerPlan) -> Seen {
        Seen { events: plan.planned_events(), ..Seen::default() }
    }
}

impl Seen {
    pub(super) fn push(&mut self, piece: Piece) {
        match piece {
            Piece::Event(event) => self.events.push(event),
            Piece::Data(bytes) => self.bytes.extend_from_slice(&bytes),
            Piece::Trailers(trailers) => self.trailers.extend(trailers),
        }
    }
}
