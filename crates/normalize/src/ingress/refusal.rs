//! What is wrong with a request before a byte of its body is read.

use backstop_core::{Failure, Kind};
use http::{HeaderMap, StatusCode, header};

/// Why a request with these headers is refused, if it is.
pub(super) fn of_head(headers: &HeaderMap) -> Option<Failure> {
    let refuse =
        |status, message: String| Some(Failure::new(Kind::InvalidRequest, message).with_status(status));
    if headers.contains_key(header::CONTENT_LENGTH) && headers.contains_key(header::TRANSFER_ENCODING) {
        // Two lengths are how requests are smuggled past proxies that believe the other one (RFC 9112, section 6.1).
        let message = "the request has both Content-Length and Transfer-Encoding; send one of the two";
        return refuse(StatusCode::BAD_REQUEST, message.to_owned());
    }
    let encoding = headers.get(header::CONTENT_ENCODING).map(|value| value.as_bytes());
    if encoding.is_some_and(|encoding| !encoding.eq_ignore_ascii_case(b"identity")) {
        let message = "the request's body is compressed, which is not supported; send it as it is";
        return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, message.to_owned());
    }
    let content_type = headers.get(header::CONTENT_TYPE)?;
    let text = content_type.to_str().unwrap_or_default();
    let essence = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if essence.is_empty()
        || essence == "application/json"
        || essence == "text/json"
        || essence.ends_with("+json")
    {
        return None;
    }
    let message = format!("the request's content type is `{essence}`; send `application/json`");
    refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, message)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn heads_are_judged() {
        let judge = |pairs: &[(header::HeaderName, &'static str)]| {
            let headers: HeaderMap =
                pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect();
            of_head(&headers).map(|failure| failure.status().as_u16())
        };
        assert_eq!(judge(&[]), None);
        for good in ["application/json", "Application/JSON; charset=utf-8", "application/vnd.x+json", ""] {
            assert_eq!(judge(&[(header::CONTENT_TYPE, good)]), None, "{good}");
        }
        for odd in ["text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"] {
            assert_eq!(judge(&[(header::CONTENT_TYPE, odd)]), Some(415), "{odd}");
        }
        assert_eq!(judge(&[(header::CONTENT_ENCODING, "gzip")]), Some(415));
        assert_eq!(judge(&[(header::CONTENT_ENCODING, "identity")]), None);
        assert_eq!(
            judge(&[(header::CONTENT_LENGTH, "1"), (header::TRANSFER_ENCODING, "chunked")]),
            Some(400)
        );
    }
}
