//! A provider's pool of keys.

use std::fmt;

use backstop_core::{Failure, Kind, redact};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use memchr::memmem;
use secrecy::{ExposeSecret, SecretString};

use crate::{ConfigError, ProviderConfig};

/// How a provider wants to see a key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Credential {
    /// `authorization: Bearer <key>`: OpenAI and all who speak its dialect.
    Bearer,
    /// The bare key in a header of its own: `x-api-key` at Anthropic, `api-key` at Azure.
    Header {
        /// The header's name.
        name: HeaderName,
    },
}

impl Credential {
    /// The bare key in `x-api-key`, as Anthropic wants it.
    #[must_use]
    pub const fn x_api_key() -> Self {
        Self::Header { name: HeaderName::from_static("x-api-key") }
    }
}

/// The keys, ready to be sent and to be found in texts.
pub(crate) struct Keys {
    name: HeaderName,
    keys: Vec<Key>,
}

struct Key {
    header: HeaderValue,
    secret: SecretString,
    // In JSON a slash may be escaped.
    escaped: Option<SecretString>,
}

impl Keys {
    pub(crate) fn new(config: &ProviderConfig) -> Result<Self, ConfigError> {
        let (name, prefix) = match &config.credential {
            Credential::Bearer => (header::AUTHORIZATION, "Bearer "),
            Credential::Header { name } => (name.clone(), ""),
        };
        let keys = config.keys.iter().enumerate().map(|(at, key)| Key::new(prefix, key, at));
        Ok(Self { name, keys: keys.collect::<Result<_, _>>()? })
    }

    /// Sets the key at `index`, the first where nobody chose. Whatever else could carry a credential goes.
    pub(crate) fn apply(&self, index: Option<usize>, headers: &mut HeaderMap) -> Result<(), Failure> {
        let place = index.unwrap_or(0);
        let Some(key) = self.keys.get(place) else {
            return if self.keys.is_empty() && place == 0 {
                Ok(())
            } else {
                Err(Failure::new(
                    Kind::Unauthorized,
                    format!(
                        "no credential number {place} in a pool of {}: check `api_keys`",
                        self.keys.len()
                    ),
                ))
            };
        };
        for name in OTHERS {
            headers.remove(name);
        }
        headers.insert(self.name.clone(), key.header.clone());
        Ok(())
    }

    /// `text` without any of the keys, in whole or in the masked forms that providers quote.
    pub(crate) fn redact(&self, text: &str) -> String {
        redact(text, self.secrets())
    }

    /// Whether any key stands in `bytes`.
    pub(crate) fn any_in(&self, bytes: &[u8]) -> bool {
        self.secrets().any(|secret| memmem::find(bytes, secret.as_bytes()).is_some())
    }

    /// Overwrites every key in `bytes` with asterisks.
    pub(crate) fn overwrite(&self, bytes: &mut [u8]) {
        for secret in self.secrets() {
            while let Some(at) = memmem::find(bytes, secret.as_bytes()) {
                bytes[at..at + secret.len()].fill(b'*');
            }
        }
    }

    /// How many of the last of `bytes` may be the beginning of a key.
    pub(crate) fn begins_at_end_of(&self, bytes: &[u8]) -> usize {
        let begins = |secret: &str| {
            let most = bytes.len().min(secret.len() - 1);
            (1..=most).rev().find(|&length| bytes.ends_with(&secret.as_bytes()[..length])).unwrap_or(0)
        };
        self.secrets().map(begins).max().unwrap_or(0)
    }

    /// The length of the longest text that must be found in one piece to be redacted.
    pub(crate) fn longest(&self) -> usize {
        self.secrets().map(str::len).max().unwrap_or(0)
    }

    /// What must be told to nobody. Too short to be a secret are the words that local servers are given for a key, such as
    /// `ollama`: overwriting those would spoil answers that speak of it.
    fn secrets(&self) -> impl Iterator<Item = &str> {
        self.keys
            .iter()
            .flat_map(|key| [Some(&key.secret), key.escaped.as_ref()])
            .flatten()
            .map(ExposeSecret::expose_secret)
            .filter(|secret| secret.len() >= SHORTEST_SECRET)
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("name", &self.name).field("keys", &self.keys.len()).finish()
    }
}

impl Key {
    fn new(prefix: &str, secret: &SecretString, at: usize) -> Result<Self, ConfigError> {
        let key = secret.expose_secret();
        let wrong = |problem: &str| {
            Err(ConfigError::new("api_key", format!("key number {at} (counted from 0) {problem}")))
        };
        if key.is_empty() {
            return wrong("is empty: is the environment variable that it comes from set?");
        }
        if key.starts_with(char::is_whitespace) || key.ends_with(char::is_whitespace) {
            return wrong(
                "begins or ends with white space, such as the newline of the file it was read from: trim it",
            );
        }
        if !key.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
            return wrong(
                "has a control character or one beyond ASCII, which no header may carry: copy it afresh",
            );
        }
        let Ok(mut header) = HeaderValue::try_from(format!("{prefix}{key}")) else {
            return wrong("cannot be a header's value: copy it afresh");
        };
        header.set_sensitive(true);
        let escaped = key.contains('/').then(|| SecretString::from(key.replace('/', "\\/")));
        Ok(Self { header, secret: secret.clone(), escaped })
    }
}

/// No provider's keys are nearly as short.
const SHORTEST_SECRET: usize = 8;
/// Where the providers that Backstop knows look for credentials.
const OTHERS: [HeaderName; 4] = [
    header::AUTHORIZATION,
    HeaderName::from_static("x-api-key"),
    HeaderName::from_static("api-key"),
    HeaderName::from_static("x-goog-api-key"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(credential: Credential, keys: &[&str]) -> Result<Keys, ConfigError> {
        Keys::new(&ProviderConfig::new("http://localhost").with_keys(credential, keys.iter().copied()))
    }

    #[test]
    fn the_chosen_key_goes_out_in_the_providers_own_header() {
        let pool = keys(Credential::Bearer, &["k0", "k1"]).expect("good keys");
        let mut headers = HeaderMap::new();
        headers.insert("x-api-key", HeaderValue::from_static("the caller's"));
        pool.apply(None, &mut headers).expect("the first key");
        assert_eq!(headers["authorization"], "Bearer k0");
        pool.apply(Some(1), &mut headers).expect("the second key");
        assert_eq!(headers["authorization"], "Bearer k1");
        assert!(headers["authorization"].is_sensitive());
        assert_eq!(headers.len(), 1, "no other credential");

        let failure = pool.apply(Some(2), &mut headers).expect_err("there are two");
        assert_eq!(failure.kind(), Kind::Unauthorized);
        assert_eq!(failure.message(), "no credential number 2 in a pool of 2: check `api_keys`");

        let mut headers = HeaderMap::new();
        keys(Credential::x_api_key(), &["k"]).expect("a good key").apply(None, &mut headers).expect("a key");
        assert_eq!((headers.len(), &headers["x-api-key"]), (1, &HeaderValue::from_static("k")));
    }

    #[test]
    fn without_keys_nothing_is_touched() {
        let none = keys(Credential::Bearer, &[]).expect("no keys");
        let mut headers = HeaderMap::new();
        headers.insert("authorization", HeaderValue::from_static("Bearer mine"));
        none.apply(Some(0), &mut headers).expect("nothing to do");
        assert_eq!(headers["authorization"], "Bearer mine");
        assert!(none.apply(Some(1), &mut headers).is_err());
    }

    #[test]
    fn bad_keys_are_named_by_their_place_and_never_quoted() {
        for (bad, what) in
            [("", "is empty"), ("secret\n", "white space"), ("sec\tret", "control"), ("sécret", "ASCII")]
        {
            let error = keys(Credential::Bearer, &["fine", bad]).expect_err(what);
            let text = format!("{error} {error:?}");
            assert!(text.contains(what) && text.contains("key number 1"), "{text}");
            assert!(!text.contains("ret"), "{text}");
            assert_eq!(error.setting(), "api_key");
        }
    }

    #[test]
    fn keys_are_found_as_they_are_and_escaped() {
        let pool = keys(Credential::Bearer, &["ab/cd+12"]).expect("a good key");
        assert_eq!(
            pool.redact(r#"{"a":"ab/cd+12","b":"ab\/cd+12"}"#),
            r#"{"a":"[redacted]","b":"[redacted]"}"#
        );
        assert_eq!(pool.longest(), 9);
        assert!(!format!("{pool:?}").contains("cd+12"));
    }
}
