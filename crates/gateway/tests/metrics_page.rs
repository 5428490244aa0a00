//! `docs/metrics.md` says what is served: it is written from the declarations, and this test compares the two.
//!
//! `BACKSTOP_WRITE_DOCS=1 cargo test -p backstop-gateway --test metrics_page` writes it anew.

use std::{fmt::Write as _, fs, path::Path};

use backstop_telemetry::metrics::METRICS;

#[test]
fn the_page_on_metrics_is_what_the_code_declares() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/metrics.md");
    let mut page = String::from(HEAD);
    for metric in METRICS {
        let labels: Vec<_> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
        writeln!(
            page,
            "| `{}` | {} | {} | {} |",
            metric.full_name(),
            metric.kind,
            labels.join(", "),
            metric.help
        )
        .unwrap();
    }
    page.push_str(FOOT);
    if std::env::var_os("BACKSTOP_WRITE_DOCS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap();
    assert_eq!(written, page, "docs/metrics.md is out of date; the command above writes it anew");
}

const HEAD: &str = "# Metrics

For operators. `GET /metrics` on the admin address (`server.admin`) gives these in the OpenMetrics text format, which
Prometheus reads. They are declared once, in `crates/telemetry/src/metrics/table.rs`; this page is written from there and
a test compares the two.

An attempt or a request is counted when its body has ended, failed or been dropped, not when its head arrives: a stream
that dies after its 200 is a failure here. A drop, where the caller left, is an outcome of its own.

| metric | type | labels | what it says |
| --- | --- | --- | --- |
";

const FOOT: &str = r#"
## Labels

- `target` is `provider/model` and `chain` a chain's name, as the configuration or the catalogue has them. What a caller
  names and neither knows is `other`; a request that came to no chain is in `none`. At most 1,024 targets and as many
  chains have series of their own, whatever is reloaded; those beyond are `other`, too.
- `outcome` and `reason` are `success`, `dropped`, or a kind of [failures.md](failures.md).
- `provider` is its name in the configuration. No label holds a key, a prompt, or anything else that a caller wrote.

## Questions

How many requests fall over, as a share of all, by chain:

    sum by (chain) (rate(backstop_fallback_requests_total[5m])) / sum by (chain) (rate(backstop_requests_total[5m]))

Which failures, at which target:

    sum by (target, outcome) (rate(backstop_attempts_total{outcome!~"success|dropped|refused_.*"}[5m]))

The first token of 95 % of requests:

    histogram_quantile(0.95, sum by (le, chain) (rate(backstop_request_first_token_seconds_bucket[5m])))

A breaker that is open, a key that somebody must look at, a configuration that does not serve:

    max by (target) (backstop_breaker_state{state="open"}) > 0
    increase(backstop_alerts_total[15m]) > 0
    backstop_config_good == 0
"#;
