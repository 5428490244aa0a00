//! The catalogue's rows from the published data set.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Map, Value, json};

use crate::{catalog_price as price, step, workspace::Workspace};

/// Writes `crates/catalog/data/models/` and the list of its files anew. The same data gives the same bytes.
///
/// # Errors
///
/// That the data set is not there, or not what its README says.
pub(crate) fn run(workspace: &Workspace, arguments: &[&str]) -> Result<(), String> {
    let data = match arguments {
        [path] => PathBuf::from(path),
        _ => std::env::var_os("BACKSTOP_CATALOG")
            .map_or_else(|| workspace.root.join("../shared/catalog"), PathBuf::from),
    };
    let mut rows = Rows::new();
    priced(&mut rows, &read(&data.join("genai-prices.json"))?)?;
    merged(&mut rows, &read(&data.join("models.json"))?)?;
    let crate_ = workspace.root.join("crates/catalog");
    let directory = crate_.join("data/models");
    fs::create_dir_all(&directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    let mut list = String::from(LIST_HEAD);
    let mut count = 0;
    for (provider, models) in &rows {
        let lines: Vec<_> = models.values().map(|row| Value::Object(row.clone()).to_string()).collect();
        count += lines.len();
        write(&directory.join(format!("{provider}.json")), &format!("[\n{}\n]\n", lines.join(",\n")))?;
        let _ = writeln!(list, "    (\"{provider}\", include_str!(\"../data/models/{provider}.json\")),");
    }
    list.push_str("];\n");
    write(&crate_.join("src/listed.rs"), &list)?;
    step::say(&format!("{count} models of {} providers", rows.len()));
    Ok(())
}

/// By provider, then by id.
type Rows = BTreeMap<String, BTreeMap<String, Map<String, Value>>>;

/// The prices of genai-prices: those that hold on the data's date.
fn priced(rows: &mut Rows, data: &Value) -> Result<(), String> {
    for provider in list(data)? {
        let name = ours(text(provider, "id")?);
        for model in list(&provider["models"])? {
            let id = text(model, "id")?;
            let mut row = Map::new();
            row.insert("id".into(), json!(id));
            let mut aliases = BTreeSet::new();
            names(&model["match"], &mut aliases);
            aliases.remove(id);
            if !aliases.is_empty() {
                row.insert("aliases".into(), json!(aliases));
            }
            copy(&mut row, "window", &model["context_window"]);
            if model["deprecated"] == true {
                row.insert("deprecated".into(), json!(true));
            }
            let price = price::dated(model).map_err(|error| format!("{name}/{id}: {error}"))?;
            if !price.is_empty() {
                row.insert("price".into(), Value::Object(price));
            }
            row.insert("source".into(), json!("genai-prices 0.2.3"));
            rows.entry(name.clone()).or_default().insert(id.to_owned(), row);
        }
    }
    Ok(())
}

/// The facts of the merged table, and the rows that only it has.
fn merged(rows: &mut Rows, data: &Value) -> Result<(), String> {
    for fact in list(data)? {
        let (name, id) = (ours(text(fact, "provider")?), text(fact, "id")?);
        let sources: Vec<_> = list(&fact["src"])?.iter().filter_map(Value::as_str).collect();
        let models = rows.entry(name.clone()).or_default();
        let priced_as = sources.iter().find_map(|source| source.strip_prefix("genai-prices:"));
        let base = models.get(id).or_else(|| models.get(priced_as?)).cloned();
        let is_new = base.is_none();
        let mut row = base.unwrap_or_default();
        if row.get("id").is_some_and(|known| known != id) {
            row.remove("aliases");
        }
        row.insert("id".into(), json!(id));
        if is_new {
            let price =
                price::merged(&fact["usd_per_mtok"]).map_err(|error| format!("{name}/{id}: {error}"))?;
            if !price.is_empty() {
                row.insert("price".into(), Value::Object(price));
            }
        }
        for (ours, theirs) in
            [("window", "context"), ("max_input", "max_input"), ("max_output", "max_output")]
        {
            copy(&mut row, ours, &fact[theirs]);
        }
        for (ours, theirs) in CAPABILITIES {
            // A table that does not list a capability, or denies it, is wrong too often to refuse calls by.
            if fact["caps"][theirs] == true {
                row.insert((*ours).into(), json!(true));
            }
        }
        for (ours, theirs) in [("takes", "input"), ("gives", "output")] {
            if fact["modalities"][theirs].is_array() {
                row.insert(ours.into(), fact["modalities"][theirs].clone());
            }
        }
        copy(&mut row, "retires", &fact["deprecation_date"]);
        copy(&mut row, "released", &fact["release_date"]);
        if fact["deprecated"] == true {
            row.insert("deprecated".into(), json!(true));
        }
        row.insert("source".into(), json!(source(&sources)));
        models.insert(id.to_owned(), row);
    }
    Ok(())
}

fn source(sources: &[&str]) -> String {
    let known: BTreeSet<_> =
        sources.iter().map(|source| source.split(':').next().unwrap_or(source)).collect();
    let dated = known.into_iter().map(|source| match source {
        "genai-prices" => "genai-prices 0.2.3",
        "litellm" => "litellm 1.109.1",
        "models.dev" => "models.dev f3fc692",
        other => other,
    });
    dated.collect::<Vec<_>>().join(", ")
}

/// The names that a model is matched by as they stand.
fn names(clause: &Value, names: &mut BTreeSet<String>) {
    if let Some(name) = clause["equals"].as_str() {
        names.insert(name.to_owned());
    }
    for clause in clause["or"].as_array().into_iter().flatten() {
        self::names(clause, names);
    }
}

/// Our name of a provider.
fn ours(name: &str) -> String {
    match name {
        "alibaba" => "qwen",
        "aws" => "bedrock",
        "x-ai" => "xai",
        other => other,
    }
    .to_owned()
}

fn copy(row: &mut Map<String, Value>, name: &str, value: &Value) {
    let known = match value {
        Value::Number(number) if number.as_u64().is_some_and(|number| number > 0) => true,
        Value::String(text) => !text.is_empty(),
        _ => false,
    };
    if known {
        row.insert(name.to_owned(), value.clone());
    }
}

fn list(value: &Value) -> Result<&Vec<Value>, String> {
    value.as_array().ok_or_else(|| "a list is expected where there is none".to_owned())
}

fn text<'a>(value: &'a Value, name: &str) -> Result<&'a str, String> {
    value[name].as_str().ok_or_else(|| format!("a row has no `{name}`"))
}

fn read(path: &Path) -> Result<Value, String> {
    let text = fs::read(path).map_err(|error| {
        format!(
            "{}: {error}; name the data set's directory as argument or in BACKSTOP_CATALOG",
            path.display()
        )
    })?;
    serde_json::from_slice(&text).map_err(|error| format!("{}: {error}", path.display()))
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

const CAPABILITIES: &[(&str, &str)] = &[
    ("tools", "tools"),
    ("images", "image_in"),
    ("documents", "pdf_in"),
    ("audio", "audio_in"),
    ("structured_output", "json_schema"),
    ("reasons", "reasoning"),
    ("caches", "prompt_cache"),
    ("prefill", "prefill"),
];

const LIST_HEAD: &str = "\
//! Written by `cargo xtask catalog`: each provider and its models.

/// When the data was put together.
pub(crate) const VERSION: &str = \"2026-11-22\";

pub(crate) const LISTED: &[(&str, &str)] = &[
";
