//! An event as one line of JSON.
//!
//! `tracing-subscriber` can do this, too; there it was a quarter of what a request cost the gateway (see
//! `docs/performance.md`), because every value goes through serde and a formatter. Here a value that is a string or a
//! number is appended to the line.

use std::{
    fmt::{self, Write as _},
    time::SystemTime,
};

use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    fmt::{FmtContext, FormatEvent, FormatFields, format::Writer},
    registry::LookupSpan,
};

/// Writes `{"timestamp":…,"level":…,FIELDS,"target":…}`. Spans are not written: there are none here.
#[derive(Clone, Copy, Debug)]
pub(super) struct JsonLine;

impl<S, N> FormatEvent<S, N> for JsonLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut out: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        out.write_str(&line(event, SystemTime::now()))
    }
}

fn line(event: &Event<'_>, now: SystemTime) -> String {
    let metadata = event.metadata();
    let mut line = Line(String::with_capacity(USUAL));
    let now = humantime::format_rfc3339_micros(now);
    // Writing to a string does not fail.
    let _ = write!(line.0, "{{\"timestamp\":\"{now}\",\"level\":\"{}\"", metadata.level());
    event.record(&mut line);
    line.text("target", metadata.target());
    line.0.push_str("}\n");
    line.0
}

struct Line(String);

impl Line {
    fn name(&mut self, name: &str) {
        self.0.push_str(",\"");
        // Names are Rust's, which need no escaping; `r#type` is called `type`.
        self.0.push_str(name.strip_prefix("r#").unwrap_or(name));
        self.0.push_str("\":");
    }

    fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        self.0.push('"');
        escape(text, &mut self.0);
        self.0.push('"');
    }

    fn plain(&mut self, name: &str, value: fmt::Arguments<'_>) {
        self.name(name);
        let _ = self.0.write_fmt(value);
    }
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field.name(), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.plain(field.name(), format_args!("{value}"));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.plain(field.name(), format_args!("{value}"));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.plain(field.name(), format_args!("{value}"));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        if value.is_finite() {
            self.plain(field.name(), format_args!("{value}"));
        } else {
            // JSON has no such numbers.
            self.plain(field.name(), format_args!("null"));
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.name(field.name());
        self.0.push('"');
        let _ = write!(Escaped(&mut self.0), "{value:?}");
        self.0.push('"');
    }
}

/// Escapes what is written to it.
struct Escaped<'a>(&'a mut String);

impl fmt::Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        escape(text, self.0);
        Ok(())
    }
}

/// Appends `text` as it stands in a JSON string (RFC 8259, section 7).
fn escape(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| byte < b' ' || byte == b'"' || byte == b'\\') {
        // What is escaped is ASCII, so that both ends are between characters.
        out.push_str(&rest[..at]);
        match rest.as_bytes()[at] {
            b'\n' => out.push_str("\\n"),
            control if control < b' ' => {
                let _ = write!(out, "\\u{control:04x}");
            }
            quote_or_backslash => {
                out.push('\\');
                out.push(char::from(quote_or_backslash));
            }
        }
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
}

/// A request's line fits, so that the string does not grow.
const USUAL: usize = 1024;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use parking_lot::Mutex;
    use serde_json::{Value, json};
    use tracing_subscriber::fmt::MakeWriter;

    use super::*;

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Buffer {
        type Writer = Self;

        fn make_writer(&'a self) -> Self {
            self.clone()
        }
    }

    #[test]
    fn every_kind_of_value_is_read_back() {
        let buffer = Buffer::default();
        let subscriber =
            tracing_subscriber::fmt().event_format(JsonLine).with_writer(buffer.clone()).finish();
        let odd = "a \"quoted\" \\ line\nof \u{1} text, ü";
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(
                target: "backstop::test",
                text = odd,
                shown = %odd,
                debugged = ?Some("x\ny"),
                r#type = "t",
                positive = 7_u64,
                negative = -7_i64,
                half = 0.5,
                none = Option::<u64>::None,
                infinite = f64::INFINITY,
                yes = true,
                "it {}", "happened"
            );
        });
        let written = String::from_utf8(buffer.0.lock().clone()).expect("UTF-8");
        assert_eq!(written.matches('\n').count(), 1, "one line: {written}");
        let mut line: Value = serde_json::from_str(&written).expect("JSON");
        let fields = line.as_object_mut().expect("an object");
        let timestamp = fields.remove("timestamp").expect("a time");
        assert!(humantime::parse_rfc3339(timestamp.as_str().expect("text")).is_ok(), "{timestamp}");
        let expected = json!({
            "level": "INFO", "target": "backstop::test", "message": "it happened", "text": odd, "shown": odd,
            "debugged": "Some(\"x\\ny\")", "type": "t", "positive": 7, "negative": -7, "half": 0.5,
            "infinite": null, "yes": true
        });
        assert_eq!(line, expected);
    }
}
