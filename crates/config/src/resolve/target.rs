//! Targets: one model at one provider, and what is particular to it.

use backstop_catalog::ModelOverrides;
use backstop_core::{Edit, Json, Parameter};
use serde_json::Value;
use serde_saphyr::{Location, Spanned};

use super::{Resolver, unset};
use crate::{
    Environment, ProviderConfig, TargetConfig, TimeoutConfig, UnsupportedPolicy,
    document::{self, TargetEntry},
    values::Span,
};

impl Resolver<'_> {
    pub(super) fn target(&mut self, entry: Spanned<TargetEntry>) -> Option<TargetConfig> {
        let place = entry.referenced;
        match entry.value {
            TargetEntry::Name(name) => {
                let (provider, model) =
                    self.target_name(&Spanned { value: name, referenced: place, defined: place })?;
                Some(TargetConfig::new(&provider, &model))
            }
            TargetEntry::Full(mut target) => {
                let validate = self.validate(std::mem::take(&mut target.validate));
                let document::Target { model, base_url, api_key, retries, timeouts, unsupported, .. } =
                    &*target;
                if let Some(canary) = &target.canary {
                    let message = "`canary` is not built yet: a target gets all of its chain's traffic or none; take it out";
                    self.error(canary.referenced, message);
                }
                let (provider, model) = self.target_name(model)?;
                let own_provider = self.own_provider(&provider, base_url.clone(), api_key.clone());
                let unsupported = unsupported.as_ref().and_then(|word| self.word(word, unsupported_policy));
                Some(TargetConfig {
                    own_provider: own_provider.map(Box::new),
                    retries: *retries,
                    timeouts: timeout_config(*timeouts),
                    unsupported,
                    validate,
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

    pub(super) fn json(&mut self, value: Value, place: Location) -> Option<Json> {
        match expand_json(value, self.environment) {
            Ok(value) => Json::parse(value.to_string().into()).ok(),
            Err(name) => {
                self.error(place, unset(&name));
                None
            }
        }
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
    overrides.price.clone_from(&target.price);
    overrides
}

pub(super) fn timeout_config(timeouts: document::Timeouts) -> TimeoutConfig {
    TimeoutConfig {
        first_byte: Span::duration(timeouts.first_byte),
        first_token: Span::duration(timeouts.first_token),
        silent: Span::duration(timeouts.silent),
        idle: Span::duration(timeouts.idle),
        total: Span::duration(timeouts.total),
    }
}

pub(super) fn unsupported_policy(word: &str) -> Result<UnsupportedPolicy, String> {
    match word {
        "refuse" => Ok(UnsupportedPolicy::Refuse),
        "drop" => Ok(UnsupportedPolicy::Drop),
        _ => Err(format!("unknown `unsupported` policy `{word}`; choose `refuse` or `drop`")),
    }
}
