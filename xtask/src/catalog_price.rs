//! Prices of the published data set in the catalogue's own words, as decimal text.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

type Price = Map<String, Value>;

/// The price of a genai-prices model: base, tiers, hours and variants that hold on [`DATE`].
pub(crate) fn dated(model: &Value) -> Result<Price, String> {
    let prices = match &model["prices"] {
        Value::Array(all) => all.clone(),
        one => vec![json!({"prices": one})],
    };
    let holds = |entry: &&Value| entry["constraint"]["start_date"].as_str().is_none_or(|start| start <= DATE);
    let by_hour = |entry: &&Value| entry["constraint"]["start_time"].is_string();
    let held: Vec<&Value> = prices.iter().filter(holds).collect();
    let Some(base) = held.iter().rev().find(|entry| !by_hour(entry)) else { return Ok(Price::new()) };
    let mut price = tiered(&base["prices"])?;
    let mut hours = Vec::new();
    for entry in held.iter().filter(|entry| by_hour(entry)) {
        let minute = |name: &str| minute(entry["constraint"][name].as_str().unwrap_or_default());
        let (from, to) = (minute("start_time")?, minute("end_time")?);
        hours.push(json!({"from": from, "to": to, "price": tiered(&entry["prices"])?}));
    }
    if !hours.is_empty() {
        price.insert("hours".into(), json!(hours));
    }
    for variant in model["price_variants"].as_array().into_iter().flatten().filter(holds) {
        let when = &variant["when"];
        let name = match (when["processing"].as_str(), when["service_tier"].as_str(), when["speed"].as_str())
        {
            (Some("batch"), _, _) => "batch",
            (_, Some("flex"), _) => "flex",
            (_, Some("priority" | "fast"), _) | (_, _, Some("fast")) => "priority",
            _ => continue,
        };
        if !price.contains_key(name) {
            price.insert(name.into(), Value::Object(tiered(&variant["prices"])?));
        }
    }
    Ok(price)
}

/// The price of a row of the merged table.
pub(crate) fn merged(price: &Value) -> Result<Price, String> {
    let mut ours = flat(price)?;
    let mut above = Vec::new();
    for tier in price["above"].as_array().into_iter().flatten() {
        above.push(json!({"tokens": tier["prompt_tokens"], "price": flat(tier)?}));
    }
    for (at, tier) in price["tiered"].as_array().into_iter().flatten().enumerate() {
        let rates = flat(tier)?;
        if at == 0 {
            ours.extend(rates);
            continue;
        }
        let start = decimal(&tier["range"][0])?;
        let tokens: u64 =
            start.trim_end_matches(".0").parse().map_err(|_| format!("`{start}` is no threshold"))?;
        above.push(json!({"tokens": tokens, "price": rates}));
    }
    if !above.is_empty() {
        ours.insert("above".into(), json!(above));
    }
    for (name, theirs) in
        [("batch", "processing=batch"), ("flex", "service_tier=flex"), ("priority", "service_tier=priority")]
    {
        let variant = &price["variants"][theirs];
        if variant.is_object() {
            ours.insert(name.into(), Value::Object(flat(variant)?));
        }
    }
    Ok(ours)
}

/// Prices of which some have tiers.
fn tiered(prices: &Value) -> Result<Price, String> {
    let mut price = Price::new();
    let mut starts = BTreeSet::new();
    for (ours, theirs) in NAMES {
        let value = &prices[*theirs];
        let base = if value.is_object() { &value["base"] } else { value };
        if !base.is_null() {
            price.insert((*ours).into(), json!(decimal(base)?));
        }
        starts.extend(tiers(value).iter().filter_map(|tier| tier["start"].as_u64()));
    }
    let mut above = Vec::new();
    for start in starts {
        let mut changed = Price::new();
        for (ours, theirs) in NAMES {
            let tier =
                tiers(&prices[*theirs]).iter().rev().find(|tier| tier["start"].as_u64() <= Some(start));
            if let Some(tier) = tier {
                changed.insert((*ours).into(), json!(decimal(&tier["price"])?));
            }
        }
        above.push(json!({"tokens": start, "price": changed}));
    }
    if !above.is_empty() {
        price.insert("above".into(), json!(above));
    }
    Ok(price)
}

fn tiers(value: &Value) -> &[Value] {
    value["tiers"].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn flat(prices: &Value) -> Result<Price, String> {
    let mut price = Price::new();
    for (ours, theirs) in MERGED_NAMES {
        if prices[*theirs].is_number() {
            price.insert((*ours).into(), json!(decimal(&prices[*theirs])?));
        }
    }
    Ok(price)
}

/// A number of the data as plain decimal text: the digits that stand there.
fn decimal(value: &Value) -> Result<String, String> {
    let text = value.as_number().map(ToString::to_string).ok_or_else(|| format!("`{value}` is no price"))?;
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((&text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent: i32 = exponent.parse().map_err(|_| format!("`{text}` is no price"))?;
    let places = i32::try_from(fraction.len()).unwrap_or(i32::MAX) - exponent;
    let mut digits = format!("{whole}{fraction}");
    if places < 0 {
        digits.push_str(&"0".repeat(places.unsigned_abs() as usize));
    }
    let places = usize::try_from(places).unwrap_or(0);
    if digits.len() <= places {
        digits.insert_str(0, &"0".repeat(places + 1 - digits.len()));
    }
    let (whole, fraction) = digits.split_at(digits.len() - places);
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    if fraction.len() > 18 {
        return Err(format!("`{text}` has more than 18 places"));
    }
    let whole = if whole.is_empty() { "0" } else { whole };
    Ok(if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") })
}

/// `16:30:00+00:00` as a minute of the day.
fn minute(time: &str) -> Result<u32, String> {
    let figure = |at: usize| time.get(at..at + 2).and_then(|text| text.parse::<u32>().ok());
    match (figure(0), figure(3), time.ends_with("+00:00")) {
        (Some(hours), Some(minutes), true) => Ok(hours * 60 + minutes),
        _ => Err(format!("`{time}` is no time of day in UTC")),
    }
}

const NAMES: &[(&str, &str)] = &[
    ("input", "input_mtok"),
    ("output", "output_mtok"),
    ("cache_read", "cache_read_mtok"),
    ("cache_write", "cache_write_mtok"),
    ("cache_write_hour", "cache_write_1h_mtok"),
    ("reasoning", "output_reasoning_mtok"),
    ("audio_input", "input_audio_mtok"),
    ("audio_output", "output_audio_mtok"),
    ("image_input", "input_image_mtok"),
    ("image_output", "output_image_mtok"),
    ("requests", "requests_kcount"),
    ("searches", "web_searches_kcount"),
];

const MERGED_NAMES: &[(&str, &str)] = &[
    ("input", "input"),
    ("output", "output"),
    ("cache_read", "cache_read"),
    ("cache_write", "cache_write"),
    ("cache_write_hour", "cache_write_1h"),
    ("reasoning", "output_reasoning"),
    ("audio_input", "input_audio"),
    ("audio_output", "output_audio"),
    ("searches", "web_search_per_1000"),
];

/// The day of the data set: prices that begin later do not hold yet.
const DATE: &str = "2026-11-22";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_keep_their_digits() {
        for (figure, decimal_text) in [
            ("0.041666666666666664", "0.041666666666666664"),
            ("1e-7", "0.0000001"),
            ("2.5e-06", "0.0000025"),
            ("10.0", "10"),
            ("0", "0"),
            ("12.50", "12.5"),
        ] {
            assert_eq!(decimal(&serde_json::from_str(figure).unwrap()).as_deref(), Ok(decimal_text));
        }
        assert_eq!(minute("16:30:00+00:00"), Ok(990));
    }
}
