//! Providers: endpoints and credentials.

use std::fs;

use backstop_core::{Dialect, Flavour};
use secrecy::SecretString;
use serde_saphyr::Spanned;

use super::Resolver;
use crate::{ProviderConfig, document};

impl Resolver<'_> {
    pub(super) fn provider(
        &mut self,
        name: &str,
        provider: Spanned<document::Provider>,
    ) -> Option<ProviderConfig> {
        let place = provider.referenced;
        let provider = provider.value;
        let known = self.catalog.provider(name);
        let (has_dialect, has_base_url) = (provider.dialect.is_some(), provider.base_url.is_some());
        let dialect = match provider.dialect {
            Some(dialect) => {
                self.word(&dialect, |word| word.parse::<Dialect>().map_err(|error| error.to_string()))
            }
            None => known.map(|known| known.dialect),
        };
        // A provider of the catalogue keeps its accent wherever it is reached, behind a proxy above all.
        let flavour = match provider.flavour {
            Some(flavour) => {
                self.word(&flavour, |word| word.parse::<Flavour>().map_err(|error| error.to_string()))
            }
            None => known.map(|known| known.flavour),
        };
        let base_url = match provider.base_url {
            Some(url) => self.base_url(&url),
            None => known.map(|known| known.base_url.to_string()),
        };
        if known.is_none() && !has_dialect {
            let message = format!(
                "provider `{name}` is not in the catalogue, so it needs a `dialect`: `openai-chat`, `anthropic-messages` or `gemini-generate`"
            );
            self.error(place, message);
        }
        if known.is_none() && !has_base_url {
            let message = format!(
                "provider `{name}` is not in the catalogue, so it needs a `base_url`, such as `http://127.0.0.1:11434/v1`"
            );
            self.error(place, message);
        }
        if let (Some(one), Some(_)) = (&provider.api_key, provider.api_keys.first()) {
            self.error(one.referenced, "both `api_key` and `api_keys` are given; keep one of the two");
        }
        let keys = provider.api_key.into_iter().chain(provider.api_keys);
        let api_keys = keys.filter_map(|key| self.secret(&key)).collect();
        let root_certificates = provider.root_certificates.and_then(|path| {
            let place = path.referenced;
            let path = self.text(&path)?;
            fs::read(&path)
                .map_err(|error| self.error(place, format!("`{path}` cannot be read: {error}")))
                .ok()
        });
        let auth_header = provider.auth_header.and_then(|header| {
            self.word(&header, |name| {
                name.to_ascii_lowercase().parse().map_err(|_| format!("`{name}` is no header name"))
            })
        });
        Some(ProviderConfig {
            name: name.to_owned(),
            dialect: dialect?,
            flavour: flavour
                .unwrap_or_else(|| self.catalog.flavour_at(base_url.as_deref().unwrap_or_default())),
            base_url: base_url?,
            api_keys,
            auth_header,
            connect_timeout: provider.connect_timeout.map(|span| span.0),
            http2_prior_knowledge: provider.http2_prior_knowledge,
            max_idle_connections: provider.max_idle_connections,
            root_certificates,
            local: provider.local.unwrap_or_else(|| known.is_some_and(|known| known.local)),
        })
    }

    pub(super) fn base_url(&mut self, url: &Spanned<String>) -> Option<String> {
        self.word(url, |url| {
            let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
            match rest {
                Some(rest) if !rest.is_empty() && !rest.starts_with('/') && !rest.contains([' ', '@', '?', '#']) => {
                    Ok(url.trim_end_matches('/').to_owned())
                }
                _ => Err("a `base_url` must be `http://` or `https://`, a host, and a path at most, such as `https://api.openai.com/v1`".to_owned()),
            }
        })
    }

    pub(super) fn secret(&mut self, key: &Spanned<String>) -> Option<SecretString> {
        let place = key.referenced;
        let key = self.text(key)?;
        if key.trim().is_empty() || key.contains(|c: char| c.is_control() || !c.is_ascii()) {
            self.error(place, "the key is empty or has characters that no header can carry; check the variable that it comes from");
            return None;
        }
        Some(SecretString::from(key))
    }
}
