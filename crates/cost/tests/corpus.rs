//! Recorded traffic: what the provider says was used, priced, equals the sum done by hand over its own figures.
//!
//! Reads the directory in `BACKSTOP_CORPUS`, by default `../shared/corpus` beside the workspace; where the default is not
//! there, nothing is read.

#![expect(clippy::print_stdout, reason = "says how much was read, and which models are unknown")]
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test, in a helper too")]

use std::{collections::BTreeSet, env, fs, path::PathBuf};

use backstop_catalog::{Catalog, Price};
use backstop_core::{Cost, Delta, Dialect, Usage, Usd};
use backstop_cost::Tariff;
use backstop_dialect::{StreamDecoder, decode_answer};
use bytes::Bytes;
use serde_json::Value;

struct Exchange {
    file: String,
    provider: String,
    dialect: Dialect,
    model: String,
    usage: Usage,
    /// The provider's own object.
    told: Value,
}

#[test]
fn costs_equal_the_sum_by_hand_or_are_unknown() {
    let (mut checked, mut unknown) = (0, BTreeSet::new());
    let all = corpus();
    for exchange in &all {
        let Exchange { file, provider, model, usage, dialect, told } = exchange;
        // Google's endpoint for OpenAI's dialect counts thoughts in nothing but the total: see docs/cost.md.
        if provider == "google" && *dialect == Dialect::OpenaiChat {
            continue;
        }
        assert_eq!(Some(usage.total()), total(*dialect, told), "{file}: {told}");
        let Some(price) = Catalog::bundled().price(provider, model) else {
            unknown.insert(format!("{provider}/{model}"));
            continue;
        };
        let cost = Tariff::new(price).unwrap().cost(usage, 0);
        match by_hand(*dialect, told, price) {
            Some(sum) => assert_eq!(cost.usd(), Some(sum), "{file}: {told} {price:?}"),
            None => assert_eq!(cost, Cost::Unknown, "{file}"),
        }
        assert!(usage.total() == 0 || cost.usd() != Some(Usd::ZERO) || is_free(price), "{file}: silently 0");
        checked += 1;
    }
    println!("{} exchanges with usage, {checked} priced; unknown: {unknown:?}", all.len());
    assert!(all.is_empty() || checked > 40, "{checked} of {}", all.len());
}

/// All tokens, from the provider's own figures.
fn total(dialect: Dialect, told: &Value) -> Option<u64> {
    let number = |value: &Value| value.as_u64().unwrap_or(0);
    Some(match dialect {
        Dialect::AnthropicMessages => {
            ["input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "output_tokens"]
                .iter()
                .map(|name| number(&told[*name]))
                .sum()
        }
        Dialect::GeminiGenerate => {
            number(&told["promptTokenCount"])
                + number(&told["toolUsePromptTokenCount"])
                + number(&told["candidatesTokenCount"])
                + number(&told["thoughtsTokenCount"])
        }
        // Some count reasoning or audio beside the rest: then the total is more than both.
        _ => told["total_tokens"]
            .as_u64()
            .unwrap_or(0)
            .max(number(&told["prompt_tokens"]) + number(&told["completion_tokens"])),
    })
}

/// Tokens times prices, in the provider's own words. No tiers: no recorded prompt is that long.
fn by_hand(dialect: Dialect, told: &Value, price: &Price) -> Option<Usd> {
    let number = |value: &Value| value.as_u64().unwrap_or(0);
    let each = |text: &Option<String>| {
        text.as_deref().map(|text| text.parse::<Usd>().unwrap().split(1_000_000).unwrap())
    };
    let (input, output) = (each(&price.input), each(&price.output));
    let read = each(&price.cache_read).or(input);
    let write = each(&price.cache_write).or(input);
    let hour = each(&price.cache_write_hour).or(write);
    let thinks = each(&price.reasoning).or(output);
    let pairs = match dialect {
        Dialect::AnthropicMessages => {
            let written = number(&told["cache_creation_input_tokens"]);
            let long = number(&told["cache_creation"]["ephemeral_1h_input_tokens"]);
            vec![
                (number(&told["input_tokens"]), input),
                (number(&told["cache_read_input_tokens"]), read),
                (written - long, write),
                (long, hour),
                (number(&told["output_tokens"]), output),
            ]
        }
        Dialect::GeminiGenerate => {
            let cached = number(&told["cachedContentTokenCount"]);
            let prompt = number(&told["promptTokenCount"]) + number(&told["toolUsePromptTokenCount"]);
            vec![
                (prompt - cached, input),
                (cached, read),
                (number(&told["candidatesTokenCount"]), output),
                (number(&told["thoughtsTokenCount"]), thinks),
            ]
        }
        _ => {
            let (details, more) = (&told["prompt_tokens_details"], &told["completion_tokens_details"]);
            let places = [
                &details["cached_tokens"],
                &told["prompt_cache_hit_tokens"],
                &told["num_cached_tokens"],
                &told["cached_tokens"],
            ];
            let cached = places.into_iter().map(number).max().unwrap_or(0);
            let written =
                number(&details["cache_write_tokens"]).max(number(&details["cache_creation_input_tokens"]));
            let (prompt, answer) = (number(&told["prompt_tokens"]), number(&told["completion_tokens"]));
            // xAI counts reasoning beside the answer, Mistral audio beside the prompt.
            let beside = number(&told["total_tokens"]).saturating_sub(prompt + answer);
            let heard = number(&details["audio_tokens"]);
            let thought = number(&more["reasoning_tokens"]);
            let (heard_beside, thought_beside) = if beside == thought { (0, beside) } else { (beside, 0) };
            vec![
                (prompt - cached - written - if heard_beside > 0 { 0 } else { heard }, input),
                (cached, read),
                (written, write),
                (heard.max(heard_beside), each(&price.audio_input).or(input)),
                (answer + thought_beside - thought, output),
                (thought, thinks),
            ]
        }
    };
    let request = price.requests.as_deref().map_or(Usd::ZERO, |text| {
        let thousand: Usd = text.parse().unwrap();
        thousand.split(1_000).unwrap()
    });
    let used = pairs.into_iter().filter(|(count, _)| *count > 0);
    let tokens: Option<Usd> = used.map(|(count, rate)| Some(rate?.times(count))).sum();
    Some(tokens?.plus(request))
}

fn is_free(price: &Price) -> bool {
    price.input.as_deref() == Some("0") || price.output.as_deref() == Some("0")
}

fn corpus() -> Vec<Exchange> {
    let named = env::var_os("BACKSTOP_CORPUS").map(PathBuf::from);
    let default = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let is_named = named.is_some();
    let directory = named.unwrap_or_else(default);
    let Ok(entries) = fs::read_dir(&directory) else {
        assert!(!is_named, "BACKSTOP_CORPUS is {}, which cannot be read", directory.display());
        println!("no corpus at {}: nothing to read", directory.display());
        return Vec::new();
    };
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().filter_map(exchange).collect()
}

/// An exchange that ended well and told its usage, in a dialect that Backstop speaks.
fn exchange(file: &PathBuf) -> Option<Exchange> {
    let all: Value = serde_json::from_str(&fs::read_to_string(file).ok()?).ok()?;
    let dialect = match all["dialect"].as_str()? {
        "mistral-chat" => Dialect::OpenaiChat,
        name => name.parse().ok()?,
    };
    let response = &all["response"];
    if response["status"] != 200 {
        return None;
    }
    let deltas = match response["sse"].as_str() {
        Some(stream) => {
            let mut decoder = StreamDecoder::new(dialect, 1);
            decoder.push(Bytes::from(stream.to_owned()));
            let events: Vec<_> =
                std::iter::from_fn(|| decoder.next_event()).collect::<Result<_, _>>().ok()?;
            events.iter().flat_map(|event| event.deltas().to_vec()).collect()
        }
        None => decode_answer(dialect, &Bytes::from(response["body"].to_string())).ok()?,
    };
    let usage = deltas.iter().rev().find_map(|delta| match delta {
        Delta::Usage(usage) => Some(usage.clone()),
        _ => None,
    })?;
    let told = serde_json::from_str(usage.native.as_ref()?.1.as_str()).unwrap();
    let in_path = || {
        let (_, rest) = all["request"]["path"].as_str()?.split_once("models/")?;
        rest.split(':').next()
    };
    let model = all["request"]["body"]["model"].as_str().or_else(in_path)?.to_owned();
    let provider = match all["provider"].as_str()? {
        "alibaba" => "qwen",
        provider => provider,
    };
    let file = file.file_name()?.to_string_lossy().into_owned();
    Some(Exchange { file, provider: provider.to_owned(), dialect, model, usage, told })
}
