//! Where a configuration comes from: text, files, or the environment alone.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use backstop_catalog::{Catalog, ModelOverrides};
use secrecy::SecretString;
use serde_saphyr::Options;

use crate::{
    ChainConfig, Config, ConfigError, ConfigErrors, Environment, ProviderConfig, ServerConfig, TargetConfig,
    TimeoutConfig, ValidateConfig, document::Document, environment::shield, resolve::Resolver,
};

impl Config {
    /// Reads one YAML document; `file` names it in errors.
    ///
    /// # Errors
    ///
    /// All that is wrong with it.
    pub fn parse(file: &str, yaml: &str, environment: &Environment<'_>) -> Result<Self, ConfigErrors> {
        Self::of(&[(file.to_owned(), yaml.to_owned())], environment)
    }

    /// Reads one or more files and merges them: providers, chains and aliases add up, and nothing may stand in two.
    ///
    /// # Errors
    ///
    /// A file that cannot be read; all that is wrong with what was read.
    pub fn load(paths: &[PathBuf], environment: &Environment<'_>) -> Result<Self, ConfigErrors> {
        let files = paths.iter().map(|path| read(path)).collect::<Result<Vec<_>, _>>()?;
        Self::of(&files, environment)
    }

    /// Builds a configuration from the API keys in the environment: one chain, `default`, over the default model of
    /// every provider of the catalogue whose key is set, in the catalogue's order.
    ///
    /// # Errors
    ///
    /// No such key is set.
    pub fn from_environment(environment: &Environment<'_>) -> Result<Self, ConfigErrors> {
        let catalog = Catalog::bundled();
        let (mut providers, mut targets) = (BTreeMap::new(), Vec::new());
        for known in catalog.providers() {
            let Some(key) = known.env.as_deref().and_then(|name| environment.get(name)) else { continue };
            if key.trim().is_empty() {
                continue;
            }
            let base_url = format!("{}_BASE_URL", known.name.to_uppercase().replace('-', "_"));
            let provider = ProviderConfig {
                name: known.name.to_string(),
                dialect: known.dialect,
                flavour: known.flavour,
                base_url: environment.get(&base_url).unwrap_or_else(|| known.base_url.to_string()),
                api_keys: vec![SecretString::from(key.trim().to_owned())],
                auth_header: None,
                connect_timeout: None,
                http2_prior_knowledge: false,
                max_idle_connections: None,
                root_certificates: None,
                local: known.local,
            };
            providers.insert(provider.name.clone(), provider);
            targets.extend(known.default_model.as_deref().map(|model| TargetConfig::new(&known.name, model)));
        }
        if targets.is_empty() {
            let names: Vec<_> = catalog.providers().filter_map(|known| known.env.as_deref()).collect();
            let message = format!(
                "no configuration was named and no API key is set; name a file with `--config FILE`, or set {}",
                names.join(" or ")
            );
            return Err(ConfigError { file: "environment".to_owned(), place: None, message }.into());
        }
        let mut chain = ChainConfig::new(DEFAULT_CHAIN);
        chain.targets = targets;
        Ok(Self {
            server: ServerConfig::default(),
            ledger: None,
            providers,
            chains: BTreeMap::from([(chain.name.clone(), chain)]),
            aliases: BTreeMap::new(),
            default_chain: Some(DEFAULT_CHAIN.to_owned()),
        })
    }

    fn of(files: &[(String, String)], environment: &Environment<'_>) -> Result<Self, ConfigErrors> {
        let mut documents = Vec::with_capacity(files.len());
        for (file, yaml) in files {
            let document: Option<Document> =
                serde_saphyr::from_str_with_options(&shield(yaml), Options::default())
                    .map_err(|error| ConfigError::unparsable(file, &error))?;
            documents.push((file.as_str(), document.unwrap_or_default()));
        }
        let mut resolver = Resolver::new(environment, Catalog::bundled());
        for (file, document) in &mut documents {
            resolver.add_providers(file, document);
        }
        for (file, document) in documents {
            resolver.add_chains(file, document);
        }
        resolver.finish()
    }
}

impl TargetConfig {
    /// The model `model` at `provider`, with the default of everything.
    #[must_use]
    pub fn new(provider: &str, model: &str) -> Self {
        Self {
            provider: provider.to_owned(),
            model: model.to_owned(),
            own_provider: None,
            retries: None,
            timeouts: TimeoutConfig::default(),
            unsupported: None,
            edits: Vec::new(),
            validate: ValidateConfig::default(),
            overrides: ModelOverrides::default(),
        }
    }
}

fn read(path: &Path) -> Result<(String, String), ConfigError> {
    let yaml = fs::read_to_string(path).map_err(|error| ConfigError::unreadable(path, &error))?;
    Ok((path.display().to_string(), yaml))
}

const DEFAULT_CHAIN: &str = "default";
