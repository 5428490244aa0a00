//! When a provider says that a retry may work, in all the spellings that providers use.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, HeaderName};

/// The longest wait that is believed: ten minutes.
pub const MAX: Duration = Duration::from_secs(600);

/// The longest wait that a rate-limit reset header is believed for: one minute.
pub const MAX_RESET: Duration = Duration::from_secs(60);

/// Reads the wait from a response's headers.
///
/// `retry-after-ms` (milliseconds, OpenAI and Azure) wins over `retry-after` (seconds, also fractional, or an HTTP
/// date). Only without either do the `x-ratelimit-reset-*` and `anthropic-ratelimit-*-reset` headers count, and of
/// these only those whose `remaining` twin is 0: their longest, capped at [`MAX_RESET`]. Everything is clamped to
/// [`MAX`]; a date in the past is zero; what cannot be read is as if it were not there.
///
/// `wall` is the wall clock, for dates.
#[must_use]
pub fn from_headers(headers: &HeaderMap, wall: SystemTime) -> Option<Duration> {
    if let Some(text) = text(headers, "retry-after-ms")
        && let Some(wait) = text.parse::<f64>().ok().and_then(|milliseconds| seconds(milliseconds / 1000.0))
    {
        return Some(wait.min(MAX));
    }
    if let Some(text) = text(headers, "retry-after")
        && let Some(wait) = delay_or_date(text, wall)
    {
        return Some(wait.min(MAX));
    }
    resets(headers, wall).map(|wait| wait.min(MAX_RESET))
}

/// Reads a duration as Go and OpenAI spell it (`6m0s`, `1h2m3.5s`, `20ms`) or as protobuf JSON and Google's `RetryInfo` do (`27s`);
/// a bare number is seconds.
#[must_use]
pub fn duration(text: &str) -> Option<Duration> {
    if let Ok(number) = text.parse::<f64>() {
        return seconds(number);
    }
    let (mut rest, mut total) = (text, 0.0);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let unit = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        total += number
            * match &rest[..unit] {
                "d" => 86_400.0,
                "h" => 3600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 1e-3,
                "us" | "µs" => 1e-6,
                "ns" => 1e-9,
                _ => return None,
            };
        rest = &rest[unit..];
    }
    (!text.is_empty()).then(|| seconds(total)).flatten()
}

fn delay_or_date(text: &str, wall: SystemTime) -> Option<Duration> {
    if let Some(wait) = duration(text) {
        return Some(wait);
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(wall).unwrap_or_default())
}

fn resets(headers: &HeaderMap, wall: SystemTime) -> Option<Duration> {
    headers
        .iter()
        .filter_map(|(name, value)| {
            let remaining = remaining_twin(name)?;
            let spent = text(headers, &remaining)?.parse::<f64>().ok()? <= 0.0;
            let value = value.to_str().ok()?.trim();
            spent.then(|| {
                duration(value).map(|wait| since_epoch(wait, wall)).or_else(|| rfc3339(value, wall))
            })?
        })
        .max()
}

/// `x-ratelimit-reset-tokens` → `x-ratelimit-remaining-tokens`, `anthropic-ratelimit-tokens-reset` → `…-remaining`.
fn remaining_twin(name: &HeaderName) -> Option<String> {
    let name = name.as_str();
    if let Some(rest) = name.strip_prefix("x-ratelimit-reset") {
        return Some(format!("x-ratelimit-remaining{rest}"));
    }
    let stem = name.strip_prefix("anthropic-ratelimit-")?.strip_suffix("-reset")?;
    Some(format!("anthropic-ratelimit-{stem}-remaining"))
}

/// A number too large for a wait is a moment: seconds or milliseconds since 1970 (OpenRouter sends the latter).
fn since_epoch(wait: Duration, wall: SystemTime) -> Duration {
    let number = wait.as_secs();
    let moment = match number {
        0..1_000_000_000 => return wait,
        1_000_000_000..100_000_000_000 => Duration::from_secs(number),
        _ => Duration::from_millis(number),
    };
    (UNIX_EPOCH + moment).duration_since(wall).unwrap_or_default()
}

/// RFC 3339 times in UTC, as Anthropic sends them: `2026-11-23T12:00:00Z`, also with a fraction of a second.
fn rfc3339(text: &str, wall: SystemTime) -> Option<Duration> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let mut date = date.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let mut time = time.splitn(3, ':').map(|part| part.parse::<f64>().ok());
    let (hour, minute, second) = (time.next()??, time.next()??, time.next()??);
    if !(1970..10_000).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Days since 1970 of a Gregorian date, with the year begun in March so that the leap day comes last.
    let (shifted_year, shifted_month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = shifted_year * 365 + shifted_year / 4 - shifted_year / 100
        + shifted_year / 400
        + (shifted_month * 153 + 2) / 5
        + day
        - 719_469;
    #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 are far below 2^52")]
    let moment = seconds((days * 86_400) as f64 + hour * 3600.0 + minute * 60.0 + second)?;
    Some((UNIX_EPOCH + moment).duration_since(wall).unwrap_or_default())
}

fn seconds(number: f64) -> Option<Duration> {
    if number.is_nan() {
        return None;
    }
    Duration::try_from_secs_f64(number.max(0.0)).ok()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn read(pairs: &[(&'static str, &'static str)]) -> Option<Duration> {
        let headers = pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        // Mon, 23 Nov 2026 12:00:00 GMT
        from_headers(&headers.collect(), UNIX_EPOCH + Duration::from_secs(1_795_435_200))
    }

    #[test]
    fn every_spelling_is_read() {
        let s = Duration::from_secs_f64;
        for (pairs, wait) in [
            (&[("retry-after", "2")][..], Some(s(2.0))),
            (&[("retry-after", "1.5")], Some(s(1.5))),
            (&[("retry-after", "Mon, 23 Nov 2026 12:00:30 GMT")], Some(s(30.0))),
            (&[("retry-after", "Mon, 23 Nov 2026 11:00:00 GMT")], Some(s(0.0))),
            (&[("retry-after", "86400")], Some(MAX)),
            (&[("retry-after", "-4")], Some(s(0.0))),
            (&[("retry-after", "soon")], None),
            (&[("retry-after-ms", "250"), ("retry-after", "9")], Some(s(0.25))),
            (
                &[("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-tokens", "1m2.5s")],
                Some(MAX_RESET),
            ),
            (
                &[("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "20ms")],
                Some(s(0.02)),
            ),
            (&[("x-ratelimit-remaining-requests", "3"), ("x-ratelimit-reset-requests", "20ms")], None),
            (&[("x-ratelimit-reset-requests", "20ms")], None),
            (&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1795435210000")], Some(s(10.0))),
            (
                &[
                    ("anthropic-ratelimit-tokens-remaining", "0"),
                    ("anthropic-ratelimit-tokens-reset", "2026-11-23T12:00:12Z"),
                ],
                Some(s(12.0)),
            ),
            (&[("retry-after", "nan")], None),
            (&[], None),
        ] {
            assert_eq!(read(pairs), wait, "{pairs:?}");
        }
    }

    #[test]
    fn go_durations() {
        assert_eq!(duration("6m0s"), Some(Duration::from_secs(360)));
        assert_eq!(duration("1h2m3s"), Some(Duration::from_secs(3723)));
        assert_eq!(duration("27s"), Some(Duration::from_secs(27)));
        for broken in ["", "s", "5x", "5m3", "1..2s"] {
            assert_eq!(duration(broken), None, "{broken}");
        }
    }
}
