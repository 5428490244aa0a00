//! The bundled data is whole and plausible.

use backstop_catalog::{Catalog, ModelOverrides, Price, Reasoning};
use backstop_core::Flavour;

#[test]
fn every_row_is_whole_and_names_its_source() {
    let catalog = Catalog::bundled();
    let mut models = 0;
    for provider in catalog.providers() {
        assert!(!provider.source.is_empty(), "{}", provider.name);
        assert!(provider.base_url.starts_with("http"), "{}", provider.name);
        assert_eq!(provider.env.is_none(), provider.local, "{}", provider.name);
        for model in &provider.models {
            models += 1;
            let name = format!("{}/{}", provider.name, model.id);
            assert!(!model.source.is_empty(), "{name}");
            let (window, output) = (model.window.unwrap(), model.max_output.unwrap());
            assert!(output <= window && output > 0, "{name}");
            assert!(model.max_input.is_none_or(|input| input < window), "{name}");
            assert_ne!(model.reasoning, Reasoning::Unknown, "{name}");
            assert!(model.prefill.is_some() && model.sampling_params.is_some(), "{name}");
            for price in prices(&model.price) {
                let digits = price.replacen('.', "", 1);
                assert!(
                    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()),
                    "{name}: {price}"
                );
            }
        }
    }
    assert!(models >= 40, "{models}");
}

#[test]
fn a_host_tells_whose_dialect_is_spoken_there() {
    let catalog = Catalog::bundled();
    for (url, flavour) in [
        ("https://api.openai.com/v1", Flavour::Openai),
        ("https://api.deepseek.com", Flavour::Deepseek),
        ("https://dashscope.aliyuncs.com/compatible-mode/v1", Flavour::Qwen),
        ("https://codestral.mistral.ai/v1", Flavour::Mistral),
        ("https://mine.openai.azure.com/openai/v1", Flavour::Openai),
        ("https://openrouter.ai/api/v1", Flavour::Openrouter),
        ("http://127.0.0.1:11434/v1", Flavour::Compatible),
        ("https://api.deepseek.com.evil.test", Flavour::Compatible),
    ] {
        assert_eq!(catalog.flavour_at(url), flavour, "{url}");
    }
    assert_eq!(catalog.provider("qwen").unwrap().flavour, Flavour::Qwen);
}

#[test]
fn default_models_are_known() {
    let catalog = Catalog::bundled();
    for provider in catalog.providers().filter(|provider| !provider.local) {
        let model = provider.default_model.as_deref().unwrap();
        assert!(catalog.model(&provider.name, model).is_some(), "{model}");
        assert_eq!(catalog.find(model).unwrap().0.name, provider.name);
    }
}

#[test]
fn facts_that_decisions_hang_on() {
    let catalog = Catalog::bundled();
    let model = |provider, id| catalog.model(provider, id).unwrap();
    assert_eq!(model("anthropic", "claude-opus-4-8").prefill, Some(false));
    assert_eq!(model("anthropic", "claude-haiku-4-5-20251001").reasoning, Reasoning::Budget);
    assert_eq!(model("anthropic", "claude-opus-4-8").sampling_params, Some(false));
    assert_eq!(model("anthropic", "claude-opus-4-8").system_in_talk, Some(true));
    assert_eq!(model("google", "gemini-2.5-pro").reasoning, Reasoning::Budget);
    assert_eq!(model("google", "gemini-3.5-flash").reasoning, Reasoning::Effort);
    assert_eq!(model("deepseek", "deepseek-v4-pro").structured_output, Some(false));
    assert_eq!(model("openai", "gpt-5.1").max_input, Some(272_000));
    assert_eq!(model("openai", "gpt-4.1-mini").price.input.as_deref(), Some("0.4"));
}

#[test]
fn overrides_win_and_the_unknown_stays_unknown() {
    let mut overrides = ModelOverrides::default();
    assert_eq!(overrides.apply("mine", None).window, None);
    overrides.window = Some(8192);
    overrides.reasoning = Some(false);
    let known = Catalog::bundled().model("openai", "gpt-5.1");
    let model = overrides.apply("gpt-5.1", known);
    assert_eq!((model.window, model.max_input, model.reasons_first), (Some(8192), None, false));
    assert_eq!(model.max_output, known.unwrap().max_output);
}

fn prices(price: &Price) -> impl Iterator<Item = &String> {
    [&price.input, &price.output, &price.cache_read, &price.cache_write, &price.cache_write_hour]
        .into_iter()
        .flatten()
}

#[test]
fn more_than_a_thousand_models_of_forty_providers_have_a_price() {
    let priced: Vec<_> = Catalog::bundled().listing().filter(|(_, model)| model.price.is_known()).collect();
    let providers: std::collections::BTreeSet<_> = priced.iter().map(|(provider, _)| *provider).collect();
    assert!(priced.len() > 1_000 && providers.len() >= 40, "{} of {}", priced.len(), providers.len());
}

#[test]
fn rows_are_plausible_and_name_their_source() {
    let mut seen = std::collections::BTreeSet::new();
    for (provider, model) in Catalog::bundled().listing() {
        let name = format!("{provider}/{}", model.id);
        assert!(!model.source.is_empty() && !model.id.is_empty(), "{name}");
        for price in prices(&model.price) {
            let amount: Result<backstop_core::Usd, _> = price.parse();
            assert!(amount.is_ok_and(|amount| amount.split(1_000_000).is_some()), "{name}: {price}");
        }
        let thresholds: Vec<_> = model.price.above.iter().map(|above| above.tokens).collect();
        assert!(thresholds.is_sorted(), "{name}");
        assert!(seen.insert(name.clone()), "{name} stands twice");
    }
}

#[test]
fn unknown_models_have_no_price() {
    let catalog = Catalog::bundled();
    assert_eq!(catalog.price("openai", "gpt-99"), None);
    assert_eq!(catalog.price("nobody", "gpt-4.1-mini"), None);
    assert!(catalog.price("groq", "openai/gpt-oss-120b").is_some());
}
