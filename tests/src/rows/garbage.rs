//! Answers that are whole, good in form, and no answers: row 23, where a validator is configured.

use backstop_simulator::{Answer, Script};

use crate::row::{Row, STREAMED, WHOLE};

/// Row 23: nothing comes to light before the first token, so the answer is held until it is whole.
#[must_use]
pub fn r23_repeats() -> Row {
    Row::new(
        "23-repeats",
        "one word over and over; `validate: { repetition: true }`, `mid_stream: buffer`",
        "B's answer",
    )
    .a(Script::always(Answer::repeated("word ")))
    .chain("mid_stream: buffer\n    validate: { repetition: true }")
    .check(|case, v| case.fell_over(v, "rejected", 1))
}

/// Row 23, not held: a whole answer falls over, a stream ends with an error.
#[must_use]
pub fn r23_repeats_in_mid_stream() -> Row {
    Row::new(
        "23-repeats-stream",
        "one word over and over; `validate: { repetition: true }`",
        "an error event",
    )
    .a(Script::always(Answer::repeated("word ")))
    .chain("validate: { repetition: true }")
    .ways(STREAMED)
    .check(|case, v| {
        case.broke_off(v, &"word ".repeat(100_000), "word ".len(), "answer_rejected");
        case.calls(v, 1, 0);
    })
}

/// Row 23, not held, not streamed.
#[must_use]
pub fn r23_repeats_whole() -> Row {
    Row::new("23-repeats-whole", "one word over and over; `validate: { repetition: true }`", "B's answer")
        .a(Script::always(Answer::repeated("word ")))
        .chain("validate: { repetition: true }")
        .ways(WHOLE)
        .check(|case, v| case.fell_over(v, "rejected", 1))
}

/// Row 23: blank text.
#[must_use]
pub fn r23_blank() -> Row {
    Row::new("23-blank", "blank text; `validate: { non_empty: true }`", "B's answer")
        .a(Script::always(Answer::blank()))
        .chain("validate: { non_empty: true }")
        .check(|case, v| case.fell_over(v, "rejected", 1))
}
