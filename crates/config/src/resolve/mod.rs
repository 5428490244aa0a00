//! From what is written to what it means.

mod chain;
mod hint;
mod ledger;
mod provider;
mod server;
mod target;
mod validate;

use std::collections::BTreeMap;

use backstop_catalog::Catalog;
use serde_saphyr::{Location, Spanned};

use self::hint::choose;
use crate::{
    ChainConfig, Config, ConfigError, ConfigErrors, Environment, LedgerConfig, ProviderConfig, ServerConfig,
    document::Document, environment::unshield,
};

/// Looks up, fills in and checks. Goes on after an error, so that one run tells of all of them.
#[derive(Debug)]
pub(crate) struct Resolver<'a> {
    environment: &'a Environment<'a>,
    catalog: &'a Catalog,
    file: &'a str,
    errors: Vec<ConfigError>,
    server: Option<ServerConfig>,
    ledger: Option<LedgerConfig>,
    providers: BTreeMap<String, ProviderConfig>,
    chains: BTreeMap<String, ChainConfig>,
    aliases: BTreeMap<String, String>,
    // What can only be checked when all files are read: where it stands, and the name.
    provider_references: Vec<(String, Location, String)>,
    alias_places: BTreeMap<String, (String, Location)>,
}

impl<'a> Resolver<'a> {
    pub(crate) fn new(environment: &'a Environment<'a>, catalog: &'a Catalog) -> Self {
        Self {
            environment,
            catalog,
            file: "",
            errors: Vec::new(),
            server: None,
            ledger: None,
            providers: BTreeMap::new(),
            chains: BTreeMap::new(),
            aliases: BTreeMap::new(),
            provider_references: Vec::new(),
            alias_places: BTreeMap::new(),
        }
    }

    /// Adds the server and the providers of one file.
    pub(crate) fn add_providers(&mut self, file: &'a str, document: &mut Document) {
        self.file = file;
        if let Some(server) = document.server.take() {
            if self.server.is_some() {
                self.error(server.referenced, "`server` stands in another file already; keep one of the two");
            }
            self.server = Some(self.server_config(&server.value));
        }
        if let Some(ledger) = document.ledger.take() {
            if self.ledger.is_some() {
                self.error(ledger.referenced, "`ledger` stands in another file already; keep one of the two");
            }
            self.ledger = self.ledger(&ledger);
        }
        for (name, provider) in std::mem::take(&mut document.providers) {
            let place = provider.referenced;
            self.check_name(&name, "provider", place);
            if self.providers.contains_key(&name) {
                self.error(
                    place,
                    format!("provider `{name}` stands in another file already; keep one of the two"),
                );
            }
            if let Some(provider) = self.provider(&name, provider) {
                self.providers.insert(name, provider);
            }
        }
    }

    /// Adds the chains and aliases of one file, once the providers of all files are known.
    pub(crate) fn add_chains(&mut self, file: &'a str, document: Document) {
        self.file = file;
        for (name, chain) in document.chains {
            let place = chain.referenced;
            self.check_name(&name, "chain", place);
            if self.chains.contains_key(&name) {
                self.error(
                    place,
                    format!("chain `{name}` stands in another file already; keep one of the two"),
                );
            }
            let chain = self.chain(&name, chain.value);
            self.chains.insert(name, chain);
        }
        for (name, stands_for) in document.aliases {
            let place = stands_for.referenced;
            if let Some(stands_for) = self.text(&stands_for) {
                self.alias_places.insert(name.clone(), (self.file.to_owned(), place));
                self.aliases.insert(name, stands_for);
            }
        }
    }

    /// Checks what concerns all files together.
    pub(crate) fn finish(mut self) -> Result<Config, ConfigErrors> {
        for (file, place, name) in std::mem::take(&mut self.provider_references) {
            if !self.providers.contains_key(&name) {
                let known: Vec<_> = self.providers.keys().map(String::as_str).collect();
                let message = format!(
                    "there is no provider `{name}`; {}",
                    choose(&name, &known, "configure it under `providers`")
                );
                self.errors.push(ConfigError::new(&file, place, message));
            }
        }
        for (alias, stands_for) in &self.aliases {
            let provider = stands_for.split_once('/').map(|(provider, _)| provider);
            let known = self.chains.contains_key(stands_for)
                || provider.is_some_and(|provider| self.providers.contains_key(provider));
            let (file, place) = &self.alias_places[alias];
            if !known {
                let chains: Vec<_> = self.chains.keys().map(String::as_str).collect();
                let hint = choose(stands_for, &chains, "name a chain or `provider/model`");
                let message = format!(
                    "alias `{alias}` stands for `{stands_for}`, which is neither a chain nor `provider/model`; {hint}"
                );
                self.errors.push(ConfigError::new(file, *place, message));
            } else if self.chains.contains_key(alias) {
                let message = format!("`{alias}` is a chain already; give the alias another name");
                self.errors.push(ConfigError::new(file, *place, message));
            }
        }
        if self.providers.is_empty() && self.errors.is_empty() {
            let message = "no provider is configured; add one under `providers`";
            self.errors.push(ConfigError::new(self.file, Location::UNKNOWN, message));
        }
        ConfigErrors::of(self.errors)?;
        Ok(Config {
            server: self.server.unwrap_or_default(),
            ledger: self.ledger,
            providers: self.providers,
            chains: self.chains,
            aliases: self.aliases,
            default_chain: None,
        })
    }

    fn word<T>(&mut self, text: &Spanned<String>, read: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let place = text.referenced;
        let text = self.text(text)?;
        read(&text).map_err(|message| self.error(place, message)).ok()
    }

    fn text(&mut self, text: &Spanned<String>) -> Option<String> {
        match self.environment.expand(&text.value) {
            Ok(text) => Some(text),
            Err(name) => {
                self.error(text.referenced, unset(&name.0));
                None
            }
        }
    }

    fn check_name(&mut self, name: &str, what: &str, place: Location) {
        if name.is_empty()
            || name.contains(|c: char| c == '/' && what == "provider" || c.is_whitespace() || c.is_control())
        {
            self.error(
                place,
                format!("`{}` is no {what} name; use letters, digits, `-`, `_` and `.`", unshield(name)),
            );
        }
    }

    fn error(&mut self, place: Location, message: impl Into<String>) {
        self.errors.push(ConfigError::new(self.file, place, message));
    }
}

fn unset(name: &str) -> String {
    format!("environment variable `{name}` is not set; set it, or write `${{{name}:-default}}`")
}
