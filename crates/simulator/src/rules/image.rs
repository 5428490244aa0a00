//! What the bytes of an image say that they are.

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// The media type of an image by its first bytes; `None` where it is none that the providers take.
pub(super) fn media_type(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}

/// The bytes that `text` stands for; `None` where it is no base64.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// A `data:` URL: its media type and its base64 text.
pub(super) fn data_url(url: &str) -> Option<(&str, &str)> {
    url.strip_prefix("data:")?.split_once(";base64,")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_tell() {
        assert_eq!(media_type(&decode("iVBORw0KGgo=").unwrap()), Some("image/png"));
        assert_eq!(media_type(&decode("R0lGODlhAQ==").unwrap()), Some("image/gif"));
        assert_eq!(media_type(b"RIFF0000WEBPVP8 "), Some("image/webp"));
        assert_eq!(media_type(b"please set a user agent"), None);
        assert_eq!(media_type(b""), None);
        assert_eq!(decode("not base64!"), None);
    }

    #[test]
    fn data_urls_come_apart() {
        assert_eq!(data_url("data:image/png;base64,AAAA"), Some(("image/png", "AAAA")));
        assert_eq!(data_url("https://example.com/a.png"), None);
    }
}
