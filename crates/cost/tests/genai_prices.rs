//! The costs that Backstop counts, against those of genai-prices, the Python package that the prices are from.
//!
//! `cargo xtask test` installs the package and names its Python in `BACKSTOP_PYTHON`; without, nothing is compared.
//! Differences are listed by the Python side, in `tests/sdk/test_cost.py`.

use std::{env, fs, path::Path, process::Command};

use backstop_catalog::Catalog;
use backstop_core::Usage;
use backstop_cost::Tariff;
use serde_json::json;

#[test]
fn costs_are_those_of_genai_prices() {
    let Some(python) = env::var_os("BACKSTOP_PYTHON") else {
        println!("BACKSTOP_PYTHON is not set: nothing is compared");
        return;
    };
    let mut lines = String::new();
    for (provider, model) in Catalog::bundled().listing() {
        if !model.source.contains("genai-prices") || !model.price.is_known() {
            continue;
        }
        let price = Catalog::bundled().price(provider, &model.id).expect("a known price");
        let tariff = Tariff::new(price).expect("a price");
        for (input, cache_read, output) in [(1_000, 0, 50), (800, 200, 50), (300_000, 5_001, 700)] {
            let usage = Usage { input, cache_read, output, ..Usage::default() };
            // Noon, UTC.
            let Some(usd) = tariff.cost(&usage, 12 * 60).usd() else { continue };
            let line = json!({"provider": provider, "model": model.id, "input": input, "cache_read": cache_read,
                "output": output, "cost": usd.to_string()});
            lines.push_str(&format!("{line}\n"));
        }
    }
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("costs.jsonl");
    fs::write(&file, lines).expect("writable");
    let output = Command::new(python)
        .args(["-m", "unittest", "-v", "test_cost"])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/sdk"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("BACKSTOP_COSTS", &file)
        .output()
        .expect("Python runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("Ran 1 test"), "{said}");
}
