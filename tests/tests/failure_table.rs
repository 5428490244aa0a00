//! `docs/failures.md` says what the code does: it is written from the failure table, and this test compares the two.
//!
//! `BACKSTOP_WRITE_DOCS=1 cargo test -p backstop-tests --test failure_table` writes it anew.

use std::{fmt::Write as _, fs, path::Path};

use backstop_core::{BreakerWeight, Kind, NextTarget, Retryable, Scope};

#[test]
fn the_page_on_failures_is_the_table_in_the_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/failures.md");
    let page = page();
    if std::env::var_os("BACKSTOP_WRITE_DOCS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap();
    assert_eq!(written, page, "docs/failures.md is out of date; the command above writes it anew");
}

fn page() -> String {
    let mut page = String::from(HEAD);
    for kind in Kind::ALL {
        let row = kind.row();
        let openai = match row.openai_code {
            Some(code) => format!("`{}`, `{code}`", row.openai_type),
            None => format!("`{}`", row.openai_type),
        };
        let retry = match row.retryable {
            Retryable::No => "no",
            Retryable::Once => "once",
            Retryable::Yes => "yes, jittered",
            Retryable::WhenTold => "when told, ≤ 3 s",
            _ => unreachable!("a new word needs a translation"),
        };
        let next = match row.next_target {
            NextTarget::No => "no",
            NextTarget::Yes => "yes",
            NextTarget::LargerWindow => "with a larger window",
            NextTarget::Policy => "by policy, default no",
            _ => unreachable!("a new word needs a translation"),
        };
        let breaker = match row.breaker {
            BreakerWeight::Ignored => "no",
            BreakerWeight::Failure => "yes",
            BreakerWeight::Strong => "twice",
            _ => unreachable!("a new word needs a translation"),
        };
        let scope = match row.scope {
            Scope::Request => "request",
            Scope::Model => "model",
            Scope::KeyModel => "key with model",
            Scope::Key => "key",
            Scope::Endpoint => "endpoint",
            Scope::Provider => "provider",
            _ => unreachable!("a new word needs a translation"),
        };
        let status = row.status.as_u16();
        writeln!(
            page,
            "| `{}` | {} | {retry} | {next} | {breaker} | {scope} | {status} | `{}` | {openai} | `{}` |",
            row.label,
            row.shows.trim(),
            row.error_type,
            row.anthropic_type,
        )
        .expect("a string takes all");
    }
    page
}

const HEAD: &str = "# Failures

One table decides what every layer does about a failure. It is declared once, in `crates/core/src/kind.rs`; this page is
written from it and a test compares the two.

- **kind** is the label in logs and metrics; **shows** is how it comes to light.
- **retry** is on the same target, **next** is whether another target is tried.
- **breaker** is whether it counts against the target's circuit breaker, **scope** what it is about: that, and no more, cools down.
- **status**, **error_type** and the dialects' own types are what the caller sees where this is the last word. A wrong
  request keeps the provider's own 4xx; a provider's 401 or 403 never reaches the caller as one.

| kind | shows | retry | next | breaker | scope | status | error_type | OpenAI type, code | Anthropic type |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
";
