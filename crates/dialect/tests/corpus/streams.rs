//! Streams: the same bytes in their own dialect, kept in every other, however they are cut.

use backstop_core::{Completion, Delta, Event, Wire};
use backstop_dialect::{StreamDecoder, decode_answer, encode_answer};
use bytes::Bytes;

use crate::{
    answers::assert_translates,
    essence::{essence, essence_after},
    exchange::{Exchange, corpus, encode_stream, events_in_chunks, voice},
};

/// The streams that end as an answer, and their events.
fn streams() -> impl Iterator<Item = (Exchange, Bytes, Vec<Event>)> {
    corpus().into_iter().filter_map(|exchange| {
        let body = exchange.stream.clone().filter(|_| exchange.status.is_success())?;
        if is_broken(&exchange, &body) {
            return None;
        }
        let events = events_in_chunks(exchange.dialect, &body, usize::MAX);
        Some((exchange, body, events))
    })
}

/// Errors inside a stream that began with a 200.
fn is_broken(exchange: &Exchange, body: &Bytes) -> bool {
    let mut decoder = StreamDecoder::new(exchange.dialect, 1);
    decoder.push(body.clone());
    std::iter::from_fn(|| decoder.next_event()).any(|event| event.is_err())
}

#[test]
fn they_pass_untouched_in_their_own_dialect() {
    for (Exchange { file, dialect, .. }, body, events) in streams() {
        let wire: Vec<u8> =
            events.iter().filter_map(Event::wire).flat_map(|Wire { bytes, .. }| bytes.to_vec()).collect();
        assert_eq!(Bytes::from(wire), body, "{file}");
        // Byte for byte; a terminator that the provider forgot is the only thing that is added.
        let passed = encode_stream(dialect, &events);
        assert!(passed.starts_with(&body), "{file}: the provider's bytes are the caller's");
        let added = &passed[body.len()..];
        let terminated = events.iter().flat_map(Event::deltas).any(|delta| *delta == Delta::End);
        assert!(added.is_empty() || !terminated, "{file}: {}", String::from_utf8_lossy(added));
    }
}

#[test]
fn they_come_out_of_their_own_dialect_equal_where_rewritten() {
    for (Exchange { file, dialect, .. }, _, events) in streams() {
        let answer = Completion::from_deltas(events.iter().flat_map(Event::deltas));
        assert!(answer.choices.iter().all(|choice| choice.finish.is_some()), "{file}");
        // Event by event, as a layer gives them that has changed them.
        let rewritten: Vec<_> =
            events.iter().map(|event| Event::synthetic(event.deltas().to_vec())).collect();
        let stream = encode_stream(dialect, &rewritten);
        let again = events_in_chunks(dialect, &stream, usize::MAX);
        let back = Completion::from_deltas(again.iter().flat_map(Event::deltas));
        assert_eq!(back.start, answer.start, "{file}");
        assert_eq!(essence(&back), essence(&answer), "{file}");
        for (before, after) in answer.choices.iter().zip(&back.choices) {
            assert_eq!(after.parts, before.parts, "{file}");
            assert_eq!(after.finish, before.finish, "{file}");
        }
        // Put together, it is the document that the provider would have sent.
        let document = encode_answer(dialect, &answer, &voice());
        let deltas =
            decode_answer(dialect, &document.body).unwrap_or_else(|failure| panic!("{file}: {failure}"));
        let back = Completion::from_deltas(&deltas);
        assert_eq!(essence_after(&back, &answer), essence(&answer), "{file}");
    }
}

#[test]
fn they_translate() {
    for (Exchange { file, dialect, .. }, _, events) in streams() {
        let answer = Completion::from_deltas(events.iter().flat_map(Event::deltas));
        assert_translates(&file, dialect, &answer, &events);
    }
}

#[test]
fn any_cut_gives_the_same_events() {
    let deltas =
        |events: Vec<Event>| -> Vec<Delta> { events.into_iter().flat_map(Event::into_deltas).collect() };
    for (Exchange { file, dialect, .. }, body, events) in streams() {
        let whole = deltas(events);
        for size in [1, 7, 1000] {
            assert_eq!(deltas(events_in_chunks(dialect, &body, size)), whole, "{file} in chunks of {size}");
        }
    }
}
