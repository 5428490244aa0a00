//! A provider's base URL.

use std::str::FromStr;

use backstop_core::{Failure, Kind};
use http::{
    Uri,
    uri::{Authority, Parts, PathAndQuery, Scheme},
};

use crate::ConfigError;

/// A base URL taken apart, ready to be put before any request's path.
#[derive(Clone, Debug)]
pub(crate) struct Base {
    scheme: Scheme,
    authority: Authority,
    // Without a slash at its end.
    path: String,
    query: Option<String>,
    place: String,
}

impl Base {
    pub(crate) fn parse(url: &str) -> Result<Self, ConfigError> {
        let wrong = |problem: &str| {
            // A URL with a user part holds a password, and one with a query perhaps a key: neither is quoted.
            let shown =
                if url.contains('@') { "the URL" } else { url.split(['?', '#']).next().unwrap_or(url) };
            Err(ConfigError::new("base_url", format!("`{shown}` {problem}")))
        };
        let Ok(uri) = Uri::from_str(url) else {
            return wrong("is not a URL: write one like `https://api.openai.com/v1`");
        };
        let parts = uri.into_parts();
        let scheme = match parts.scheme {
            Some(scheme) if scheme == Scheme::HTTPS || scheme == Scheme::HTTP => scheme,
            Some(_) => return wrong("has a scheme other than `https` and `http`"),
            None => return wrong("has no scheme: begin it with `https://` or `http://`"),
        };
        let Some(authority) = parts.authority.filter(|authority| !authority.host().is_empty()) else {
            return wrong("has no host");
        };
        if authority.as_str().contains('@') {
            return wrong("has a user name or password: put the credential into `api_key`");
        }
        let has_port = authority.as_str().len() > authority.host().len();
        if has_port && authority.port_u16().is_none_or(|port| port == 0) {
            return wrong("has a port that is no number from 1 to 65535");
        }
        if url.contains('#') {
            return wrong("has a fragment (`#`), which no server ever sees: remove it");
        }
        let path_and_query = parts.path_and_query.unwrap_or_else(|| PathAndQuery::from_static("/"));
        let port = authority.port_u16().unwrap_or(if scheme == Scheme::HTTPS { 443 } else { 80 });
        Ok(Self {
            path: path_and_query.path().trim_end_matches('/').to_owned(),
            query: path_and_query.query().map(ToOwned::to_owned),
            place: format!("{}:{port}", authority.host()),
            scheme,
            authority,
        })
    }

    /// `host:port`: all that an error says of where.
    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    /// The absolute URI of a request whose `uri` is relative to this base.
    pub(crate) fn join(&self, uri: &Uri) -> Result<Uri, Failure> {
        let mut path = uri.path();
        for version in ["/v1", "/v1beta"] {
            let rest = path.strip_prefix(version).filter(|rest| rest.is_empty() || rest.starts_with('/'));
            if let Some(rest) = rest.filter(|_| self.path.ends_with(version)) {
                path = rest;
                break;
            }
        }
        let mut joined = String::with_capacity(self.path.len() + path.len() + 1);
        joined.push_str(&self.path);
        if !path.starts_with('/') {
            joined.push('/');
        }
        joined.push_str(path);
        let mut mark = '?';
        for query in [self.query.as_deref(), uri.query()].into_iter().flatten() {
            joined.push(mark);
            joined.push_str(query);
            mark = '&';
        }

        let mut parts = Parts::default();
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = PathAndQuery::try_from(joined).ok();
        Uri::from_parts(parts).map_err(|_| {
            Failure::new(
                Kind::InvalidRequest,
                format!("the request's path cannot be put behind {}", self.place),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(base: &str, path: &str) -> String {
        let uri = Uri::from_str(path).expect("a path");
        Base::parse(base).expect("a base URL").join(&uri).expect("a URI").to_string()
    }

    #[test]
    fn paths_are_relative_to_the_base() {
        for (base, path, expected) in [
            ("https://api.openai.com/v1", "/chat/completions", "https://api.openai.com/v1/chat/completions"),
            ("https://api.openai.com/v1/", "/chat/completions", "https://api.openai.com/v1/chat/completions"),
            (
                "https://api.openai.com/v1",
                "/v1/chat/completions",
                "https://api.openai.com/v1/chat/completions",
            ),
            ("https://api.anthropic.com", "/v1/messages", "https://api.anthropic.com/v1/messages"),
            ("https://api.anthropic.com/v1", "/v1/messages", "https://api.anthropic.com/v1/messages"),
            ("http://[::1]:11434/v1", "/v10/x?a=b", "http://[::1]:11434/v1/v10/x?a=b"),
            ("http://h/openai?api-version=1", "/v1/x?a=b", "http://h/openai/v1/x?api-version=1&a=b"),
            ("http://h", "http://elsewhere.example/x", "http://h/x"),
            ("http://h/v1", "/v1", "http://h/v1/"),
        ] {
            assert_eq!(joined(base, path), expected);
        }
    }

    #[test]
    fn the_place_has_a_port_and_no_path() {
        for (base, place) in [
            ("https://api.openai.com/v1", "api.openai.com:443"),
            ("http://localhost/a?b=c", "localhost:80"),
            ("http://[::1]:8080", "[::1]:8080"),
        ] {
            assert_eq!(Base::parse(base).expect("a base URL").place(), place);
        }
    }

    #[test]
    fn bad_urls_say_what_to_do_and_quote_no_password() {
        for (bad, what) in [
            ("", "is not a URL"),
            ("not a url", "is not a URL"),
            ("api.openai.com", "has no scheme"),
            ("localhost:11434", "has no scheme"),
            ("/v1", "has no scheme"),
            ("ftp://host", "other than `https` and `http`"),
            ("https://me:hunter2@host/v1", "put the credential into `api_key`"),
            ("https://host:99999/v1", "port"),
            ("https://host:0/v1", "port"),
            ("https://host:/v1", "port"),
            ("https://host/v1#top", "fragment"),
        ] {
            let error = Base::parse(bad).expect_err(bad);
            let text = error.to_string();
            assert!(text.starts_with("base_url: ") && text.contains(what), "{bad}: {text}");
            assert!(!text.contains("hunter2"), "{text}");
        }
    }
}
