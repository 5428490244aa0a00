//! Which headers cross the edge to a provider, up and down.

use backstop_core::Dialect;
use backstop_dialect::Loss;
use http::{HeaderMap, HeaderName, HeaderValue};

/// Whether a caller's header goes up. Ingress has let in only what it knows; this keeps credentials out whoever made the
/// call, and a dialect's own headers from providers that speak another one.
pub(crate) fn goes_up(name: &HeaderName, from: Dialect, to: Dialect) -> bool {
    let name = name.as_str();
    if NEVER_UP.contains(&name) {
        return false;
    }
    let own = |prefix: &str, dialect| name.starts_with(prefix).then_some(from == dialect && to == dialect);
    own("anthropic-", Dialect::AnthropicMessages)
        .or_else(|| own("openai-", Dialect::OpenaiChat))
        .unwrap_or(true)
}

/// What of a provider's response head comes back: request ids, and what says how much is left.
pub(crate) fn come_back(headers: &HeaderMap, losses: &[Loss]) -> HeaderMap {
    let mut back = HeaderMap::new();
    for (name, value) in headers {
        let text = name.as_str();
        if BACK.contains(&text) || BACK_PREFIXES.iter().any(|prefix| text.starts_with(prefix)) {
            back.append(name, value.clone());
        }
    }
    tell_dropped(&mut back, losses);
    back
}

/// Adds to the header that names what was left out: of the request on its way up, and of the answer on its way down.
pub(crate) fn tell_dropped(headers: &mut HeaderMap, losses: &[Loss]) {
    let mut names = String::new();
    for loss in losses {
        if names.len() + loss.field.len() > LONGEST_DROPPED {
            names.push_str(", ...");
            break;
        }
        if !names.is_empty() {
            names.push_str(", ");
        }
        // Names of fields may be the caller's own words.
        names.extend(loss.field.chars().map(|char| if matches!(char, ' '..='~') { char } else { '?' }));
    }
    if !names.is_empty()
        && let Ok(value) = HeaderValue::try_from(names)
    {
        headers.append(DROPPED, value);
    }
}

const DROPPED: HeaderName = HeaderName::from_static("x-backstop-dropped");
/// The longest value of that header, in bytes: many servers and clients stop at 8 KiB of headers.
const LONGEST_DROPPED: usize = 2000;

const NEVER_UP: [&str; 16] = [
    "authorization",
    "proxy-authorization",
    "api-key",
    "x-api-key",
    "x-goog-api-key",
    "openai-organization",
    "openai-project",
    "cookie",
    "host",
    "connection",
    "content-length",
    "content-encoding",
    "transfer-encoding",
    "accept-encoding",
    "te",
    "upgrade",
];

const BACK: [&str; 3] = ["request-id", "x-request-id", "openai-processing-ms"];
const BACK_PREFIXES: [&str; 2] = ["x-ratelimit-", "anthropic-ratelimit-"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_stay_and_dialects_keep_to_themselves() {
        let (openai, anthropic) = (Dialect::OpenaiChat, Dialect::AnthropicMessages);
        let goes = |name: &str, from, to| goes_up(&name.parse().unwrap(), from, to);
        for name in NEVER_UP {
            assert!(!goes(name, openai, openai), "{name}");
        }
        assert!(goes("anthropic-beta", anthropic, anthropic));
        assert!(!goes("anthropic-beta", anthropic, openai));
        assert!(!goes("openai-beta", openai, anthropic));
        assert!(goes("traceparent", openai, anthropic));
    }

    #[test]
    fn only_ids_and_limits_come_back() {
        let mut headers = HeaderMap::new();
        for name in [
            "set-cookie",
            "openai-organization",
            "retry-after",
            "x-request-id",
            "x-ratelimit-limit-tokens",
            "server",
        ] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static("1"));
        }
        let back = come_back(&headers, &[Loss::hint("seed", "no seed"), Loss::hint("user", "no user")]);
        let mut names: Vec<_> = back.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["x-backstop-dropped", "x-ratelimit-limit-tokens", "x-request-id"]);
        assert_eq!(back["x-backstop-dropped"], "seed, user");
    }
}
