//! From what is written to what it means.

use std::{collections::BTreeMap, fs, net::SocketAddr};

use backstop_catalog::{Catalog, ModelOverrides};
use backstop_core::{Dialect, Edit, Json, Parameter};
use secrecy::SecretString;
use serde_json::Value;
use serde_saphyr::{Location, Spanned};

use crate::{
    BreakerConfig, BreakerSwitch, ChainConfig, Config, ConfigError, ConfigErrors, Environment, MidStream,
    OnContentFilter, ProviderConfig, ServerConfig, TargetConfig, TimeoutConfig, UnsupportedPolicy,
    document::{self, BreakerEntry, Document, TargetEntry},
    environment::unshield,
    values::Span,
};

/// Looks up, fills in and checks. Goes on after an error, so that one run tells of all of them.
#[derive(Debug)]
pub(crate) struct Resolver<'a> {
    environment: &'a Environment<'a>,
    catalog: &'a Catalog,
    file: &'a str,
    errors: Vec<ConfigError>,
    server: Option<ServerConfig>,
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
            providers: self.providers,
            chains: self.chains,
            aliases: self.aliases,
            default_chain: None,
        })
    }

    fn server_config(&mut self, server: &document::Server) -> ServerConfig {
        let default = ServerConfig::default();
        let mut address = |text: &Option<Spanned<String>>| text.as_ref().and_then(|text| self.address(text));
        let (listen, admin) = (address(&server.listen), address(&server.admin));
        for (address, place) in [(listen, &server.listen), (admin, &server.admin)] {
            if let (Some(address), Some(place)) = (address, place)
                && !address.ip().is_loopback()
                && !server.allow_unauthenticated
            {
                let message = format!(
                    "`{address}` can be reached from other machines, and there are no caller keys yet; listen on 127.0.0.1, or set `allow_unauthenticated: true` if something in front of Backstop checks callers"
                );
                self.error(place.referenced, message);
            }
        }
        let mut forward_headers = Vec::new();
        for header in &server.forward_headers {
            let name = header.value.to_ascii_lowercase();
            if SECRET_HEADERS.contains(&name.as_str()) {
                self.error(
                    header.referenced,
                    format!("`{name}` carries credentials and never goes up to a provider; take it out"),
                );
            } else if name.is_empty()
                || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
            {
                self.error(header.referenced, format!("`{name}` is no header name"));
            } else {
                forward_headers.push(name);
            }
        }
        ServerConfig {
            listen: listen.unwrap_or(default.listen),
            admin,
            body_limit: server.body_limit.map_or(default.body_limit, |size| size.0),
            bytes_in_flight: server.bytes_in_flight.map_or(default.bytes_in_flight, |size| size.0),
            shutdown_grace: server.shutdown_grace.map_or(default.shutdown_grace, |span| span.0),
            forward_headers,
        }
    }

    fn provider(&mut self, name: &str, provider: Spanned<document::Provider>) -> Option<ProviderConfig> {
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
        let base_url = match provider.base_url {
            Some(url) => self.base_url(&url),
            None => known.map(|known| known.base_url.to_string()),
        };
        if known.is_none() && !has_dialect {
            let message = format!(
                "provider `{name}` is not in the catalogue, so it needs a `dialect`: `openai-chat` or `anthropic-messages`"
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
        let auth_header = provider.auth_header.and_then(|header| self.text(&header));
        Some(ProviderConfig {
            name: name.to_owned(),
            dialect: dialect?,
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

    fn chain(&mut self, name: &str, chain: document::Chain) -> ChainConfig {
        if let Some(route) = chain.route {
            self.word(&route, |word| match word {
                "priority" => Ok(()),
                _ => Err(format!("unknown route `{word}`; the only one so far is `priority`, the order in which targets stand")),
            });
        }
        if let Some(max) = chain.max_targets.as_ref().filter(|max| max.value == 0) {
            self.error(max.referenced, "`max_targets` must be at least 1");
        }
        let unsupported = chain.unsupported.and_then(|word| self.word(&word, unsupported_policy));
        let (retries, timeouts) = (chain.retries, timeout_config(chain.timeouts));
        if chain.targets.value.is_empty() {
            self.error(
                chain.targets.referenced,
                format!("chain `{name}` has no targets; name at least one as `provider/model`"),
            );
        }
        let mut targets: Vec<TargetConfig> = Vec::new();
        for entry in chain.targets.value {
            let place = entry.referenced;
            let Some(mut target) = self.target(entry) else { continue };
            if targets.iter().any(|known| {
                known.provider == target.provider
                    && known.model == target.model
                    && known.own_provider.is_none()
            }) && target.own_provider.is_none()
            {
                self.error(
                    place,
                    format!(
                        "target `{}/{}` stands twice in chain `{name}`; take one out",
                        target.provider, target.model
                    ),
                );
            }
            target.retries = target.retries.or(retries);
            target.timeouts = target.timeouts.or(timeouts);
            target.unsupported = target.unsupported.or(unsupported);
            targets.push(target);
        }
        ChainConfig {
            name: name.to_owned(),
            targets,
            deadline: chain.deadline.map(|span| span.0),
            mid_stream: chain.mid_stream.and_then(|word| self.word(&word, mid_stream)).unwrap_or_default(),
            on_content_filter: chain
                .on_content_filter
                .and_then(|word| self.word(&word, on_content_filter))
                .unwrap_or_default(),
            max_targets: chain.max_targets.map(|max| max.value),
            breaker: chain.breaker.map_or_else(BreakerSwitch::default, |breaker| self.breaker(&breaker)),
        }
    }

    fn target(&mut self, entry: Spanned<TargetEntry>) -> Option<TargetConfig> {
        let place = entry.referenced;
        match entry.value {
            TargetEntry::Name(name) => {
                let (provider, model) =
                    self.target_name(&Spanned { value: name, referenced: place, defined: place })?;
                Some(TargetConfig::new(&provider, &model))
            }
            TargetEntry::Full(target) => {
                let document::Target { model, base_url, api_key, retries, timeouts, unsupported, .. } =
                    &*target;
                let (provider, model) = self.target_name(model)?;
                let own_provider = self.own_provider(&provider, base_url.clone(), api_key.clone());
                let unsupported = unsupported.as_ref().and_then(|word| self.word(word, unsupported_policy));
                Some(TargetConfig {
                    own_provider: own_provider.map(Box::new),
                    retries: *retries,
                    timeouts: timeout_config(*timeouts),
                    unsupported,
                    overrides: overrides(&target),
                    edits: self.edits(*target, place),
                    ..TargetConfig::new(&provider, &model)
                })
            }
        }
    }

    fn target_name(&mut self, name: &Spanned<String>) -> Option<(String, String)> {
        let place = name.referenced;
        let name = self.text(name)?;
        let Some((provider, model)) =
            name.split_once('/').filter(|(provider, model)| !provider.is_empty() && !model.is_empty())
        else {
            self.error(
                place,
                format!("`{name}` is no target; write it as `provider/model`, such as `openai/gpt-4.1-mini`"),
            );
            return None;
        };
        self.provider_references.push((self.file.to_owned(), place, provider.to_owned()));
        Some((provider.to_owned(), model.to_owned()))
    }

    /// The target's own copy of its provider, where it has its own `base_url` or `api_key`.
    fn own_provider(
        &mut self,
        provider: &str,
        base_url: Option<Spanned<String>>,
        api_key: Option<Spanned<String>>,
    ) -> Option<ProviderConfig> {
        if base_url.is_none() && api_key.is_none() {
            return None;
        }
        let mut own = self.providers.get(provider)?.clone();
        if let Some(url) = base_url {
            own.base_url = self.base_url(&url)?;
        }
        if let Some(key) = api_key {
            own.api_keys = vec![self.secret(&key)?];
        }
        Some(own)
    }

    fn edits(&mut self, target: document::Target, place: Location) -> Vec<Edit> {
        let mut edits: Vec<_> = target.drop.iter().map(|name| Edit::Drop(parameter(name))).collect();
        for (values, edit) in [
            (target.default, Edit::Default as fn(Parameter, Json) -> Edit),
            (target.set, Edit::Set),
            (target.cap, Edit::Cap),
        ] {
            for (name, value) in values {
                edits.extend(self.json(value, place).map(|value| edit(parameter(&name), value)));
            }
        }
        let system = target.system.unwrap_or_default();
        edits.extend(system.replace.map(|text| Edit::ReplaceSystem(text.into())));
        edits.extend(system.prepend.map(|text| Edit::PrependSystem(text.into())));
        edits.extend(system.append.map(|text| Edit::AppendSystem(text.into())));
        edits
    }

    fn breaker(&mut self, breaker: &Spanned<BreakerEntry>) -> BreakerSwitch {
        let BreakerEntry::Figures(figures) = &breaker.value else { return BreakerSwitch::Off };
        if figures.failure_ratio.is_some_and(|ratio| !(ratio > 0.0 && ratio <= 1.0)) {
            self.error(breaker.referenced, "`failure_ratio` must be more than 0 and at most 1");
        }
        if figures.minimum_attempts == Some(0) || figures.consecutive_failures == Some(0) {
            self.error(
                breaker.referenced,
                "`minimum_attempts` and `consecutive_failures` must be at least 1",
            );
        }
        BreakerSwitch::On(BreakerConfig {
            failure_ratio: figures.failure_ratio,
            minimum_attempts: figures.minimum_attempts,
            window: span(figures.window),
            consecutive_failures: figures.consecutive_failures,
            open: span(figures.open),
            max_open: span(figures.max_open),
        })
    }

    fn address(&mut self, text: &Spanned<String>) -> Option<SocketAddr> {
        self.word(text, |word| {
            word.parse().map_err(|_| {
                format!("`{word}` is no address; write an IP address and a port, such as `127.0.0.1:8080`")
            })
        })
    }

    fn base_url(&mut self, url: &Spanned<String>) -> Option<String> {
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

    fn secret(&mut self, key: &Spanned<String>) -> Option<SecretString> {
        let place = key.referenced;
        let key = self.text(key)?;
        if key.trim().is_empty() || key.contains(|c: char| c.is_control() || !c.is_ascii()) {
            self.error(place, "the key is empty or has characters that no header can carry; check the variable that it comes from");
            return None;
        }
        Some(SecretString::from(key))
    }

    fn json(&mut self, value: Value, place: Location) -> Option<Json> {
        match expand_json(value, self.environment) {
            Ok(value) => Json::parse(value.to_string().into()).ok(),
            Err(name) => {
                self.error(place, unset(&name));
                None
            }
        }
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

fn expand_json(value: Value, environment: &Environment<'_>) -> Result<Value, String> {
    Ok(match value {
        Value::String(text) => Value::String(environment.expand(&text).map_err(|unset| unset.0)?),
        Value::Array(values) => Value::Array(
            values.into_iter().map(|value| expand_json(value, environment)).collect::<Result<_, _>>()?,
        ),
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .map(|(name, value)| Ok((name, expand_json(value, environment)?)))
                .collect::<Result<_, String>>()?,
        ),
        other => other,
    })
}

fn unset(name: &str) -> String {
    format!("environment variable `{name}` is not set; set it, or write `${{{name}:-default}}`")
}

fn parameter(name: &str) -> Parameter {
    name.parse().unwrap_or_else(|never| match never {})
}

fn overrides(target: &document::Target) -> ModelOverrides {
    let mut overrides = ModelOverrides::default();
    overrides.window = target.window;
    overrides.max_output = target.max_output;
    overrides.reasoning = target.reasoning;
    overrides.prefill = target.prefill;
    overrides.sampling_params = target.sampling_params;
    overrides.structured_output = target.structured_output;
    overrides.tools = target.tools;
    overrides.images = target.images;
    overrides.documents = target.documents;
    overrides.audio = target.audio;
    overrides
}

fn timeout_config(timeouts: document::Timeouts) -> TimeoutConfig {
    TimeoutConfig {
        first_byte: span(timeouts.first_byte),
        first_token: span(timeouts.first_token),
        silent: span(timeouts.silent),
        idle: span(timeouts.idle),
        total: span(timeouts.total),
    }
}

fn span(span: Option<Span>) -> Option<std::time::Duration> {
    span.map(|span| span.0)
}

fn mid_stream(word: &str) -> Result<MidStream, String> {
    match word {
        "error" => Ok(MidStream::Error),
        "buffer" => Ok(MidStream::Buffer),
        _ => Err(format!("unknown `mid_stream` policy `{word}`; choose `error` or `buffer`")),
    }
}

fn on_content_filter(word: &str) -> Result<OnContentFilter, String> {
    match word {
        "stop" => Ok(OnContentFilter::Stop),
        "next" => Ok(OnContentFilter::Next),
        _ => Err(format!("unknown `on_content_filter` policy `{word}`; choose `stop` or `next`")),
    }
}

fn unsupported_policy(word: &str) -> Result<UnsupportedPolicy, String> {
    match word {
        "refuse" => Ok(UnsupportedPolicy::Refuse),
        "drop" => Ok(UnsupportedPolicy::Drop),
        _ => Err(format!("unknown `unsupported` policy `{word}`; choose `refuse` or `drop`")),
    }
}

/// A hint: the known name that comes closest, or all of them, or what else to do.
fn choose(wanted: &str, known: &[&str], otherwise: &str) -> String {
    let close = known.iter().find(|name| distance(wanted, name) <= 2);
    match (close, known) {
        (Some(name), _) => format!("did you mean `{name}`?"),
        (None, []) => otherwise.to_owned(),
        (None, known) => format!("{otherwise}, or choose one of `{}`", known.join("`, `")),
    }
}

fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, c) in one.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], line + 1);
        for (column, &d) in other.iter().enumerate() {
            let cost = diagonal + usize::from(c != d);
            diagonal = row[column + 1];
            row[column + 1] = cost.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

const SECRET_HEADERS: [&str; 8] = [
    "authorization",
    "proxy-authorization",
    "api-key",
    "x-api-key",
    "x-goog-api-key",
    "openai-organization",
    "openai-project",
    "cookie",
];
