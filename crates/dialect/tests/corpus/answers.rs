//! Whole answers: equal in their own dialect, kept in every other.

use backstop_core::{Completion, Dialect, Event, Form, PartKind, Wire};
use backstop_dialect::{decode_answer, encode_answer};

use crate::{
    essence::{assert_same_end, essence, essence_after},
    exchange::{corpus, encode_stream, events_in_chunks, others, value, voice},
    lifecycle::assert_lifecycle,
};

#[test]
fn they_come_out_equal_and_translate() {
    for exchange in corpus() {
        let Some(body) = exchange.document.filter(|_| exchange.status.is_success()) else { continue };
        let (file, dialect) = (exchange.file, exchange.dialect);
        let deltas = decode_answer(dialect, &body).unwrap_or_else(|failure| panic!("{file}: {failure}"));
        let answer = Completion::from_deltas(&deltas);
        let encoded = encode_answer(dialect, &answer, &voice());
        assert_eq!(encoded.losses, [], "{file}");
        assert_eq!(value(&encoded.body), value(&body), "{file}");
        let wire = Wire { dialect, form: Form::Document, bytes: body };
        assert_translates(&file, dialect, &answer, &[Event::new(wire, deltas)]);
    }
}

/// All that must hold of a decoded answer, whole or streamed, in every other dialect.
pub(crate) fn assert_translates(file: &str, dialect: Dialect, answer: &Completion, events: &[Event]) {
    for other in others(dialect) {
        // As a document.
        let encoded = encode_answer(other, answer, &voice());
        let deltas =
            decode_answer(other, &encoded.body).unwrap_or_else(|failure| panic!("{file}: {failure}"));
        let back = Completion::from_deltas(&deltas);
        let reported = encoded.losses.iter().any(|loss| loss.field.contains("content"));
        assert!(unsayable(answer, dialect) == 0 || reported, "{file}: {:?}", encoded.losses);
        assert_eq!(essence_after(&back, answer), essence(answer), "{file}: as a document of {other}");
        assert_same_end(file, answer, &back);
        // As a stream.
        let stream = encode_stream(other, events);
        assert_lifecycle(file, other, &stream);
        let back =
            Completion::from_deltas(events_in_chunks(other, &stream, 64).iter().flat_map(Event::deltas));
        assert_eq!(essence_after(&back, answer), essence(answer), "{file}: as a stream of {other}");
        assert_same_end(file, answer, &back);
    }
    // In its own dialect, put together and taken apart again.
    let stream = encode_stream(dialect, &[Event::synthetic(answer.to_deltas())]);
    assert_lifecycle(file, dialect, &stream);
    let back = Completion::from_deltas(events_in_chunks(dialect, &stream, 64).iter().flat_map(Event::deltas));
    assert_eq!(essence_after(&back, answer), essence(answer), "{file}: as a stream of its own dialect");
    assert_same_end(file, answer, &back);
}

/// How many pieces of an answer only its own dialect knows; sealed reasoning aside, which is withheld on purpose.
fn unsayable(answer: &Completion, dialect: Dialect) -> usize {
    let parts = answer.choices.iter().flat_map(|choice| &choice.parts);
    let opaque = parts.filter(|part| match &part.kind {
        PartKind::Opaque { dialect: maker, json } => {
            *maker == dialect && !json.as_str().contains("\"reasoning.")
        }
        _ => false,
    });
    opaque.count()
}
