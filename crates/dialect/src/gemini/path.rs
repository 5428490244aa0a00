//! What a call asks for in its path.

use backstop_core::{Failure, Kind, Text};
use http::StatusCode;

/// The model, and whether it is to stream, of a path and query like
/// `/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse`. All other parts of the query, a `key` above all, are
/// passed over.
///
/// # Errors
///
/// A path that names no model or another method; a stream that is asked for as a JSON array, which is what
/// `streamGenerateContent` gives without `alt=sse`.
pub(crate) fn call_in_path(path: &str, query: Option<&str>) -> Result<(Text, bool), Failure> {
    let refuse = |status, message: &str| {
        Err(Failure::new(Kind::InvalidRequest, message.to_owned()).with_status(status))
    };
    let named = path.split_once("/models/").and_then(|(_, rest)| rest.rsplit_once(':'));
    let Some((model, method)) = named.filter(|(model, _)| !model.is_empty()) else {
        return refuse(
            StatusCode::NOT_FOUND,
            "the path names no model: use `/v1beta/models/{model}:generateContent`",
        );
    };
    let Some(model) = decoded(model) else {
        return refuse(StatusCode::BAD_REQUEST, "the model in the path is not UTF-8");
    };
    match method {
        "generateContent" => Ok((model.into(), false)),
        "streamGenerateContent" => {
            let sse = query.unwrap_or_default().split('&').any(|pair| pair == "alt=sse");
            if sse {
                return Ok((model.into(), true));
            }
            refuse(StatusCode::BAD_REQUEST, "streams are given as server-sent events only: add `?alt=sse`")
        }
        _ => refuse(StatusCode::NOT_FOUND, "only `generateContent` and `streamGenerateContent` are served"),
    }
}

/// The text without percent encoding.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let hex = (byte == b'%').then(|| std::str::from_utf8(tail.get(..2)?).ok()).flatten();
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(value) => {
                bytes.push(value);
                rest = &tail[2..];
            }
            None => {
                bytes.push(byte);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_model_and_method() {
        let read =
            |path, query| call_in_path(path, query).map(|(model, stream)| (model.to_string(), stream)).ok();
        let flash = |stream| Some(("gemini-2.5-flash".to_owned(), stream));
        assert_eq!(read("/v1beta/models/gemini-2.5-flash:generateContent", Some("key=secret")), flash(false));
        assert_eq!(
            read("/v1/models/gemini-2.5-flash:streamGenerateContent", Some("key=a&alt=sse")),
            flash(true)
        );
        assert_eq!(
            read("/v1beta/models/a%2Fb:c%20d:generateContent", None),
            Some(("a/b:c d".to_owned(), false))
        );
        for (path, query, status) in [
            ("/v1beta/models/m:streamGenerateContent", None, 400),
            ("/v1beta/models/m:countTokens", None, 404),
            ("/v1beta/models/:generateContent", None, 404),
            ("/v1beta/models/%ff:generateContent", None, 400),
            ("/v1beta/tuned", None, 404),
        ] {
            assert_eq!(
                call_in_path(path, query).map_err(|failure| failure.status().as_u16()),
                Err(status),
                "{path}"
            );
        }
    }
}
