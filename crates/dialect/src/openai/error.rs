//! Errors, in both directions.
//!
//! Out, beside OpenAI's own four fields: `error_type`, stable over all dialects, and `metadata` with the `request_id`
//! and the `attempts`, one object each with `number`, `target`, `outcome` and, where known, `status`.

use std::borrow::Cow;

use backstop_core::{Dialect, Failure, Kind, ProviderError, Text, redact_body, retry_after};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::value::RawValue;

use crate::{
    ErrorResponse, Voice,
    json::{self, Fields, Object, Path},
    signature::{self, Signs},
};

/// The longest sentence of a provider that is passed on.
const LONGEST: usize = 1000;

pub(crate) fn decode_error(response: &ErrorResponse<'_>) -> Failure {
    decode_error_of(Dialect::OpenaiChat, response)
}

/// Reads an error of a provider of `dialect`: the reader knows the shapes of many.
pub(crate) fn decode_error_of(dialect: Dialect, response: &ErrorResponse<'_>) -> Failure {
    let said = Said::read(response.body);
    let failure = said.failure(dialect, Some(response.status), response.body);
    let told = retry_after::from_headers(response.headers, response.wall)
        .or_else(|| retry_after::from_headers(&said.headers, response.wall))
        .or(said.retry_delay);
    failure.with_status(response.status).with_retry_after(told)
}

/// The failure of an error object that came with a 200. Such bodies were not redacted on their way, as errors are.
pub(super) fn in_answer(body: &Bytes) -> Failure {
    error_in_answer(Dialect::OpenaiChat, body)
}

/// The failure of an error object of `dialect` that came with a 200.
pub(crate) fn error_in_answer(dialect: Dialect, body: &Bytes) -> Failure {
    let body = redact_body(body);
    let said = Said::read(&body);
    let failure = said.failure(dialect, None, &body);
    failure.with_retry_after(said.retry_delay)
}

/// The failure of an error object inside a choice (OpenRouter).
pub(super) fn in_choice(body: &Bytes, choice: &RawValue) -> Failure {
    in_answer(&body.slice_ref(choice.get().as_bytes()))
}

/// The failure of an error event that is no JSON.
pub(super) fn of_text(text: &str) -> Failure {
    let text = redact_body(&Bytes::copy_from_slice(text.as_bytes()));
    let message = String::from_utf8_lossy(&text);
    let said = Said { message: cut(&message).into(), ..Said::default() };
    said.failure(Dialect::OpenaiChat, None, &text)
}

pub(crate) fn encode_error(failure: &Failure, voice: &Voice) -> Bytes {
    json::object(256, |top| write_error(top, failure, voice))
}

/// Writes the `error` field of a body or of a chunk.
pub(super) fn write_error(top: &mut Object<'_>, failure: &Failure, voice: &Voice) {
    let row = failure.kind().row();
    let own = failure.provider_error().filter(|error| {
        // The caller's own mistake is told in the words that the caller's client knows.
        error.dialect == Some(Dialect::OpenaiChat)
            && matches!(
                failure.kind(),
                Kind::InvalidRequest | Kind::ContextLength | Kind::ContentFilter | Kind::Unsupported
            )
    });
    let said = own.map(|own| Said::read(&own.body));
    let said = said.filter(|said| !said.message.is_empty());
    top.object("error", |error| {
        error.string("message", said.as_ref().map_or_else(|| failure.message(), |said| &said.message));
        let own_type = own.and_then(|own| own.error_type.as_deref());
        error.string("type", own_type.unwrap_or(row.openai_type));
        match own.and_then(|own| own.param.as_deref()) {
            Some(param) => error.string("param", param),
            None => error.null("param"),
        }
        match own.and_then(|own| own.code.as_deref()).or(row.openai_code) {
            Some(code) => error.string("code", code),
            None => error.null("code"),
        }
        error.string("error_type", row.error_type);
        error.object("metadata", |metadata| {
            metadata.string("request_id", &voice.id.to_string());
            if let Some(wait) = failure.retry_after() {
                // Whole seconds, rounded up, as in the header.
                metadata
                    .number("retry_after", wait.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX));
            }
            write_attempts(metadata, failure);
        });
    });
}

/// Writes what was tried, if anything was.
pub(crate) fn write_attempts(metadata: &mut Object<'_>, failure: &Failure) {
    if failure.trail().is_empty() {
        return;
    }
    metadata.array("attempts", |list| {
        for step in failure.trail() {
            list.object(|attempt| {
                attempt.number("number", step.number.into());
                attempt.string("target", &step.target);
                attempt.maybe_string("outcome", step.outcome.label());
                if let Some(status) = step.status {
                    attempt.number("status", status.as_u16().into());
                }
            });
        }
    });
}

/// The sentence of an error body, if it has one.
pub(crate) fn message_of(body: &Bytes) -> Option<String> {
    Some(Said::read(body).message.into_owned()).filter(|message| !message.is_empty())
}

/// What an error body says, whoever wrote it.
#[derive(Debug, Default)]
struct Said<'a> {
    message: Cow<'a, str>,
    error_type: Option<Cow<'a, str>>,
    code: Option<Cow<'a, str>>,
    param: Option<Cow<'a, str>>,
    /// Other words that tell errors apart: Google's status and reasons, Azure's inner code, OpenRouter's type.
    words: Vec<Cow<'a, str>>,
    /// Headers of the provider behind an aggregator.
    headers: HeaderMap,
    /// Google's `RetryInfo`.
    retry_delay: Option<std::time::Duration>,
}

impl<'a> Said<'a> {
    fn read(body: &'a Bytes) -> Self {
        let mut said = Self::default();
        // Google's face of this dialect wraps errors of streams in a list.
        let list: Option<&RawValue> = std::str::from_utf8(body)
            .ok()
            .and_then(|text| serde_json::from_str::<Vec<&RawValue>>(text).ok()?.first().copied());
        let top = match list {
            Some(first) => Fields::open(body, first, Path::Root),
            None => Fields::root(body),
        };
        let Ok(mut top) = top else { return said };
        match top.value("error") {
            Some(error) => match Fields::open(body, error, Path::Root) {
                Ok(mut error) => said.fields(body, &mut error),
                // xAI, Venice, Ollama.
                Err(_) => said.message = json::string(error).unwrap_or_default(),
            },
            // Mistral, Cohere, vLLM, FastAPI.
            None => said.fields(body, &mut top),
        }
        if said.code.is_none() {
            said.code = top.take("code").and_then(word);
        }
        if said.message.is_empty() {
            let detail = top.take("message").or_else(|| top.take("detail")).or_else(|| top.take("Message"));
            said.message = detail
                .map(|detail| json::string(detail).unwrap_or_else(|| Cow::Borrowed(detail.get())))
                .unwrap_or_default();
        }
        said
    }

    fn fields(&mut self, wire: &'a Bytes, error: &mut Fields<'a, '_>) {
        self.message = match error.value("message") {
            Some(raw) => json::string(raw).unwrap_or_else(|| Cow::Borrowed(raw.get())),
            None => Cow::Borrowed(""),
        };
        self.error_type = error.take("type").and_then(word);
        self.code = error.take("code").and_then(word);
        self.param = error.take("param").and_then(json::string);
        self.words.extend(error.take("status").and_then(word));
        if let Some(inner) =
            error.value("innererror").and_then(|raw| Fields::open(wire, raw, Path::Root).ok())
        {
            self.words.extend(inner.get("code").and_then(word));
        }
        if let Some(metadata) =
            error.value("metadata").and_then(|raw| Fields::open(wire, raw, Path::Root).ok())
        {
            self.words.extend(metadata.get("error_type").and_then(word));
            if metadata.get("reasons").is_some() || metadata.get("flagged_input").is_some() {
                self.words.push(Cow::Borrowed("flagged_input"));
            }
            self.headers = metadata.get("headers").map(|raw| headers(wire, raw)).unwrap_or_default();
        }
        for detail in error.value("details").and_then(json::items).unwrap_or_default() {
            let Ok(detail_fields) = Fields::open(wire, detail, Path::Root) else { continue };
            self.words.extend(detail_fields.get("reason").and_then(word));
            if let Some(delay) = detail_fields.get_text("retryDelay") {
                self.retry_delay = retry_after::duration(&delay).map(|delay| delay.min(retry_after::MAX));
            }
            if detail.get().contains("PerDay") {
                self.words.push(Cow::Borrowed("insufficient_quota"));
            }
        }
    }

    fn failure(&self, dialect: Dialect, status: Option<StatusCode>, body: &Bytes) -> Failure {
        let words: Vec<&str> = [&self.error_type, &self.code]
            .into_iter()
            .flatten()
            .chain(&self.words)
            .map(AsRef::as_ref)
            .collect();
        let (kind, scope) = signature::read(&Signs { status, codes: &words, message: &self.message });
        let what = match (status, self.message.is_empty()) {
            (Some(status), true) => format!("the provider answered {status}"),
            (Some(status), false) => format!("the provider answered {status}: {}", cut(&self.message)),
            (None, true) => "the provider sent an error in its answer".to_owned(),
            (None, false) => format!("the provider sent an error in its answer: {}", cut(&self.message)),
        };
        let owned = |text: &Option<Cow<'_, str>>| text.as_deref().map(Text::from);
        let mut error = ProviderError::new(Some(dialect), body.clone());
        (error.error_type, error.code, error.param) =
            (owned(&self.error_type), owned(&self.code), owned(&self.param));
        let failure = Failure::new(kind, what).with_provider_error(error);
        match scope {
            Some(scope) => failure.with_scope(scope),
            None => failure,
        }
    }
}

/// A word, whether it is written as a string or as a number.
fn word(raw: &RawValue) -> Option<Cow<'_, str>> {
    let number =
        || (raw.get() != "null" && !raw.get().starts_with(['{', '['])).then(|| Cow::Borrowed(raw.get()));
    json::string(raw).or_else(number).filter(|word| !word.is_empty())
}

fn headers(wire: &Bytes, raw: &RawValue) -> HeaderMap {
    let Ok(fields) = Fields::open(wire, raw, Path::Root) else { return HeaderMap::new() };
    let fields = fields.rest();
    let pairs = fields.iter().filter_map(|(name, value)| {
        let value = value.to_text().unwrap_or_else(|| value.to_string());
        Some((name.to_ascii_lowercase().parse::<HeaderName>().ok()?, value.parse::<HeaderValue>().ok()?))
    });
    pairs.collect()
}

fn cut(text: &str) -> &str {
    let end = (0..=LONGEST.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    &text[..end]
}
