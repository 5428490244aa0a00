//! Good answers in odd clothes: row 28.

use backstop_simulator::{Encoding, Fault, LineEnd, Script};

use crate::row::{A_TEXT, Row, STREAMED, alpha};

/// Row 28.
#[must_use]
pub fn r28_gzip() -> Row {
    odd("28-gzip", "a gzip body", Fault::encoded(Encoding::Gzip))
}

/// Row 28.
#[must_use]
pub fn r28_deflate() -> Row {
    odd("28-deflate", "a deflate body", Fault::encoded(Encoding::Deflate))
}

/// Row 28.
#[must_use]
pub fn r28_brotli() -> Row {
    odd("28-brotli", "a brotli body", Fault::encoded(Encoding::Brotli))
}

/// Row 28.
#[must_use]
pub fn r28_crlf() -> Row {
    odd("28-crlf", "lines that end in CR LF", Fault::line_end(LineEnd::CrLf)).ways(STREAMED)
}

/// Row 28.
#[must_use]
pub fn r28_cr() -> Row {
    odd("28-cr", "lines that end in CR alone", Fault::line_end(LineEnd::Cr)).ways(STREAMED)
}

/// Row 28.
#[must_use]
pub fn r28_comments() -> Row {
    odd("28-comments", "a comment before each event", Fault::comments()).ways(STREAMED)
}

/// Row 28.
#[must_use]
pub fn r28_bom() -> Row {
    odd("28-bom", "a byte order mark", Fault::bom())
}

/// Row 28: through every character that has more than one byte.
#[must_use]
pub fn r28_split() -> Row {
    odd("28-split", "every byte in a chunk of its own", Fault::split(1))
}

/// Row 28: all of it at once.
#[must_use]
pub fn r28_all() -> Row {
    Row::new(
        "28-all",
        "gzip, CR LF, comments, a byte order mark and small chunks at once",
        "A's exact answer",
    )
    .a(Script::always(alpha([
        Fault::line_end(LineEnd::CrLf),
        Fault::comments(),
        Fault::bom(),
        Fault::encoded(Encoding::Gzip),
        Fault::split(3),
    ])))
    .ways(STREAMED)
    .check(|case, v| case.stayed(v, A_TEXT, 1))
}

/// Row 28: `OpenAI` hides the length of tokens behind padding.
#[must_use]
pub fn r28_obfuscated() -> Row {
    odd("28-obfuscated", "random padding in each event", Fault::obfuscated()).ways(STREAMED)
}

fn odd(name: &'static str, does: &'static str, fault: Fault) -> Row {
    let row = Row::new(name, does, "A's exact answer").a(Script::always(alpha([fault])));
    row.check(|case, v| case.stayed(v, A_TEXT, 1))
}
