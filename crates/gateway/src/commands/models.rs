//! `backstop models`.

use std::io::{self, Write};

use backstop_catalog::{Catalog, Model};
use backstop_core::Usd;
use serde_json::{Value, json};

use super::CommandError;
use crate::cli::ModelsArguments;

/// Lists the models of the catalogue that the arguments ask for. Reads no configuration and connects to nobody.
pub(super) fn models(arguments: &ModelsArguments) -> Result<(), CommandError> {
    let max_price = arguments.max_price.as_deref().map(str::parse::<Usd>).transpose();
    let max_price = max_price.map_err(|error| CommandError::usage(format!("`--max-price` is {error}")))?;
    let found: Vec<_> = Catalog::bundled()
        .listing()
        .filter(|(provider, model)| wanted(arguments, max_price, provider, model))
        .collect();
    let out = &mut io::stdout().lock();
    let written = if arguments.json { write_json(out, &found) } else { write_table(out, &found) };
    match written {
        // Whoever reads has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => {
            written.map_err(|error| CommandError::outside(format!("the list cannot be written: {error}")))
        }
    }
}

fn wanted(arguments: &ModelsArguments, max_price: Option<Usd>, provider: &str, model: &Model) -> bool {
    let name = format!("{provider}/{}", model.id).to_lowercase();
    let named = arguments.search.iter().all(|word| {
        let word = word.to_lowercase();
        name.contains(&word) || model.aliases.iter().any(|alias| alias.to_lowercase().contains(&word))
    });
    let there = arguments.provider.as_deref().is_none_or(|wanted| wanted == provider);
    let able = arguments.capability.iter().all(|word| model.capabilities().any(|can| can == word));
    // What has no known price is not known to be cheap.
    let amount = |text: &Option<String>| text.as_deref().and_then(|text| text.parse::<Usd>().ok());
    let cheap = max_price.is_none_or(|most| {
        let prices = [amount(&model.price.input), amount(&model.price.output)];
        prices.iter().any(Option::is_some) && prices.into_iter().flatten().all(|price| price <= most)
    });
    named && there && able && cheap
}

fn write_table(out: &mut impl Write, found: &[(&str, &Model)]) -> io::Result<()> {
    writeln!(
        out,
        "{:<56} {:>10} {:>10} {:>10} {:>9}  can",
        "model", "$/M in", "$/M out", "$/M cached", "window"
    )?;
    for (provider, model) in found {
        let price = |text: &Option<String>| text.clone().unwrap_or_else(|| "?".to_owned());
        writeln!(
            out,
            "{:<56} {:>10} {:>10} {:>10} {:>9}  {}{}",
            format!("{provider}/{}", model.id),
            price(&model.price.input),
            price(&model.price.output),
            price(&model.price.cache_read),
            model.window.map_or_else(|| "?".to_owned(), |window| window.to_string()),
            model.capabilities().collect::<Vec<_>>().join(" "),
            if model.deprecated { " (deprecated)" } else { "" },
        )?;
    }
    writeln!(out, "{} models; prices of {}; ? is unknown", found.len(), Catalog::bundled().version())
}

fn write_json(out: &mut impl Write, found: &[(&str, &Model)]) -> io::Result<()> {
    let rows: Vec<Value> = found
        .iter()
        .map(|(provider, model)| {
            json!({
                "provider": provider,
                "model": model.id,
                "aliases": model.aliases,
                "price": model.price.is_known().then_some(&model.price),
                "window": model.window,
                "max_input": model.max_input,
                "max_output": model.max_output,
                "takes": model.takes,
                "gives": model.gives,
                "capabilities": model.capabilities().collect::<Vec<_>>(),
                "released": model.released,
                "retires": model.retires,
                "deprecated": model.deprecated,
                "source": model.source,
                "version": Catalog::bundled().version(),
            })
        })
        .collect();
    serde_json::to_writer_pretty(&mut *out, &rows)?;
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(arguments: &ModelsArguments, max_price: Option<&str>) -> Vec<String> {
        let most = max_price.map(|text| text.parse().unwrap());
        let all = Catalog::bundled().listing();
        let found = all.filter(|(provider, model)| wanted(arguments, most, provider, model));
        found.map(|(provider, model)| format!("{provider}/{}", model.id)).collect()
    }

    #[test]
    fn every_filter_narrows() {
        let mut arguments = ModelsArguments { search: vec!["GPT-4.1".into()], ..ModelsArguments::default() };
        let named = found(&arguments, None);
        assert!(named.contains(&"openai/gpt-4.1-mini".to_owned()) && named.len() > 3, "{named:?}");
        arguments.provider = Some("openai".into());
        let there = found(&arguments, None);
        assert!(
            there.len() < named.len() && there.iter().all(|name| name.starts_with("openai/")),
            "{there:?}"
        );
        let cheap = found(&arguments, Some("0.5"));
        assert!(cheap.iter().any(|name| name == "openai/gpt-4.1-nano"), "{cheap:?}");
        assert!(!cheap.iter().any(|name| name == "openai/gpt-4.1"), "{cheap:?}");
        arguments.capability = vec!["telepathy".into()];
        assert!(found(&arguments, None).is_empty());
    }

    #[test]
    fn rows_of_json_have_provider_model_and_price() {
        let catalog = Catalog::bundled();
        let all: Vec<_> = catalog.listing().collect();
        let mut text = Vec::new();
        write_json(&mut text, &all).unwrap();
        let rows: Vec<Value> = serde_json::from_slice(&text).unwrap();
        assert_eq!(rows.len(), all.len());
        for row in &rows {
            assert!(row["provider"].is_string() && row["model"].is_string(), "{row}");
            assert!(row["price"].is_null() || row["price"].is_object(), "{row}");
        }
    }
}
