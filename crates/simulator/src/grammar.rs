//! Behaviours as text: in a header, in a script file, on a command line.

use std::{str::FromStr, time::Duration};

use http::{HeaderName, HeaderValue, StatusCode};

use crate::{
    answer::Answer,
    api_error::ApiError,
    behaviour::Behaviour,
    fault::{Cut, Death, Encoding, Fault, LineEnd},
};

/// A word that the grammar of behaviours does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("behaviour `{word}`: {problem}")]
pub struct ParseError {
    word: String,
    problem: &'static str,
}

/// Words separated by `;`, each a fault or a part of the answer. The crate's documentation lists them.
impl FromStr for Behaviour {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let mut behaviour = Self::default();
        for word in text.split(';').map(str::trim).filter(|word| !word.is_empty()) {
            let (name, value) =
                word.split_once('=').map_or((word, ""), |(name, value)| (name.trim(), value.trim()));
            add(&mut behaviour, name, value)
                .map_err(|problem| ParseError { word: word.to_owned(), problem })?;
        }
        Ok(behaviour)
    }
}

fn add(behaviour: &mut Behaviour, name: &str, value: &str) -> Result<(), &'static str> {
    if let Some(answer) = answer(name, value)? {
        let before = std::mem::replace(&mut behaviour.answer, answer);
        behaviour.answer.reasoning = before.reasoning;
        behaviour.answer.cache_read = before.cache_read;
        behaviour.answer.cache_write = before.cache_write;
        behaviour.answer.most_events = before.most_events;
        return Ok(());
    }
    match name {
        "ok" => {}
        "reasoning" => behaviour.answer.reasoning = Some(value.to_owned()),
        "cache-read" => behaviour.answer.cache_read = number(value)?,
        "cache-write" => behaviour.answer.cache_write = number(value)?,
        "finish" => behaviour.answer.finish = Some(value.to_owned()),
        "most-events" => behaviour.answer.most_events = number(value)?,
        _ => behaviour.faults.push(fault(name, value)?),
    }
    Ok(())
}

fn answer(name: &str, value: &str) -> Result<Option<Answer>, &'static str> {
    Ok(Some(match name {
        "echo" => Answer::echo(),
        "text" => Answer::text(value),
        "tokens" => Answer::tokens(number(value)?),
        "blank" => Answer::blank(),
        "repeated" => Answer::repeated(format!("{value} ")),
        "calls" => Answer::calls(number(value)?),
        "json" => Answer::json(),
        "refusal" => Answer::refusal(value),
        "filtered" => Answer::filtered(value),
        _ => return Ok(None),
    }))
}

fn fault(name: &str, value: &str) -> Result<Fault, &'static str> {
    Ok(match name {
        "reset" => Fault::reset(),
        "no-answer" => Fault::no_answer(),
        "refused" => Fault::refused(),
        "tls" => Fault::tls(),
        "status" => Fault::error(ApiError::Status(
            StatusCode::from_u16(number(value)?).map_err(|_| "no HTTP status")?,
        )),
        "error" => Fault::error(api_error(value)?),
        "html" => Fault::html(),
        "broken-json" => Fault::broken_json(),
        "empty-choices" => Fault::empty_choices(),
        "error-object" => Fault::error_object(),
        "redirect" => Fault::redirect(header_value(value)?),
        "error-event" => Fault::error_event(number(value)?),
        "break-event" => Fault::break_event(number(value)?),
        "no-sentinel" => Fault::no_sentinel(),
        "pings" => Fault::pings(time(value)?),
        "never-ends" => Fault::never_ends(),
        "dies" => dies(value)?,
        "silent" => Fault::silent(number(value)?),
        "repeat-forever" => Fault::repeat_forever(time(value)?),
        "cut-body" => Fault::cut_body(cut(value)?),
        "header" => header(value)?,
        "retry-after" => Fault::retry_after(time(value)?),
        "retry-after-ms" => Fault::retry_after_ms(time(value)?),
        "retry-at" => Fault::retry_at(time(value)?),
        "exhausted" => Fault::exhausted(time(value)?),
        "content-type" => Fault::content_type(header_value(value)?),
        "crlf" => Fault::line_end(LineEnd::CrLf),
        "cr" => Fault::line_end(LineEnd::Cr),
        "comments" => Fault::comments(),
        "bom" => Fault::bom(),
        "split" => Fault::split(number(value)?),
        "gzip" => Fault::encoded(Encoding::Gzip),
        "deflate" => Fault::encoded(Encoding::Deflate),
        "br" => Fault::encoded(Encoding::Brotli),
        "obfuscated" => Fault::obfuscated(),
        "drip" => Fault::drip(time(value)?),
        "head-after" => Fault::head_after(time(value)?),
        "body-after" => Fault::body_after(time(value)?),
        "first-token-after" => Fault::first_token_after(time(value)?),
        "token-every" => Fault::token_every(time(value)?),
        _ => return Err("no such word"),
    })
}

fn api_error(name: &str) -> Result<ApiError, &'static str> {
    Ok(match name {
        "quota" => ApiError::Quota,
        "context-length" => ApiError::ContextLength,
        "content-policy" => ApiError::ContentPolicy,
        "missing-key" => ApiError::MissingKey,
        "wrong-key" => ApiError::WrongKey,
        "quoted-key" => ApiError::QuotedKey,
        "model-not-found" => ApiError::ModelNotFound,
        "too-large" => ApiError::TooLarge,
        _ => return Err("no such error"),
    })
}

fn dies(value: &str) -> Result<Fault, &'static str> {
    let (after, how) = value.split_once(' ').unwrap_or((value, "clean"));
    let how = match how.trim() {
        "clean" => Death::CleanEnd,
        "closed" => Death::Closed,
        "reset" => Death::Reset,
        _ => return Err("how it dies is `clean`, `closed` or `reset`"),
    };
    Ok(Fault::dies(number(after)?, how))
}

fn cut(value: &str) -> Result<Cut, &'static str> {
    match value {
        "length" | "" => Ok(Cut::Length),
        "chunked" => Ok(Cut::Chunked),
        _ => Err("a body is cut by `length` or `chunked`"),
    }
}

fn header(value: &str) -> Result<Fault, &'static str> {
    let (name, value) = value.split_once(':').ok_or("a header is written `name: value`")?;
    let name = HeaderName::from_str(name.trim()).map_err(|_| "no header name")?;
    Ok(Fault::header(name, header_value(value.trim())?))
}

fn header_value(value: &str) -> Result<HeaderValue, &'static str> {
    HeaderValue::from_str(value).map_err(|_| "no header value")
}

fn number<T: FromStr>(value: &str) -> Result<T, &'static str> {
    value.parse().map_err(|_| "expected a number")
}

/// `20s`, `0.5s`, `100ms`, `2m`; a bare number is seconds.
fn time(value: &str) -> Result<Duration, &'static str> {
    let (number, unit) = match value.find(|char: char| char.is_ascii_alphabetic()) {
        Some(at) => value.split_at(at),
        None => (value, "s"),
    };
    let unit = match unit {
        "ms" => 0.001,
        "s" => 1.0,
        "m" => 60.0,
        _ => return Err("a time ends in `ms`, `s` or `m`"),
    };
    let number: f64 = number.trim().parse().map_err(|_| "expected a time")?;
    Duration::try_from_secs_f64(number * unit).map_err(|_| "no time")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_add_up_to_a_behaviour() {
        let parsed: Behaviour = "status=429; retry-after=1.5s; header=set-cookie: a=b".parse().unwrap();
        let expected = Behaviour::from(Fault::status(429))
            .with(Fault::retry_after(Duration::from_millis(1500)))
            .with(Fault::header(http::header::SET_COOKIE, HeaderValue::from_static("a=b")));
        assert_eq!(parsed, expected);
        let parsed: Behaviour = "cache-read=3; text=Hello, you; first-token-after=20ms".parse().unwrap();
        let expected = Behaviour::from(Answer::text("Hello, you").with_cache_read(3))
            .with(Fault::first_token_after(Duration::from_millis(20)));
        assert_eq!(parsed, expected);
    }

    #[test]
    fn an_unknown_word_is_named() {
        let error = "status=503; dies=3 horribly".parse::<Behaviour>().unwrap_err();
        let expected = "behaviour `dies=3 horribly`: how it dies is `clean`, `closed` or `reset`";
        assert_eq!(error.to_string(), expected);
        for wrong in
            ["stauts=1", "status=1", "tokens=x", "split=", "drip=1h", "error=odd", "header=a", "drip=-1s"]
        {
            assert!(wrong.parse::<Behaviour>().is_err(), "{wrong}");
        }
    }
}
