//! `docs/rows.md`: written from the run, and compared with it.
//!
//! `BACKSTOP_WRITE_DOCS=1 cargo nextest run -p backstop-tests --test rows` writes it anew.

use std::{
    env, fs,
    io::{Read as _, Seek as _, Write as _},
    path::Path,
};

use backstop_core::Dialect;

use crate::{
    maker::Maker,
    row::{INGRESS, Row, Way},
    run::Outcome,
};

/// Compares what the page says of `row` with what came of it; or writes it down, where the environment says so.
///
/// # Panics
///
/// Where the page says something else, or cannot be read.
pub fn record(row: &Row, outcomes: &[Outcome]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/rows.md");
    let writes = env::var_os("BACKSTOP_WRITE_DOCS").is_some();
    let mut options = fs::OpenOptions::new();
    let mut file = options.read(true).write(writes).open(&path).expect("docs/rows.md");
    if writes {
        // Rows run in processes of their own.
        file.lock().expect("a lock on docs/rows.md");
    }
    let mut page = String::new();
    file.read_to_string(&mut page).expect("docs/rows.md is text");
    let lines = INGRESS.map(|ingress| line(row, ingress, outcomes));
    if writes {
        page = with(&page, row, &lines);
        file.rewind().expect("a file");
        file.set_len(0).expect("a file");
        file.write_all(page.as_bytes()).expect("docs/rows.md can be written");
    }
    for line in lines {
        assert!(
            page.lines().any(|written| written == line),
            "docs/rows.md does not say what came of {}, which is:\n{line}\n\
             BACKSTOP_WRITE_DOCS=1 cargo nextest run -p backstop-tests --test rows writes it anew\n{outcomes:#?}",
            row.name
        );
    }
}

/// What came of `row` for callers who speak `ingress`: a cell for each maker of the first target.
fn line(row: &Row, ingress: Dialect, outcomes: &[Outcome]) -> String {
    let mut line = format!("| {ingress} | {} | {} | {} |", row.name, row.does, row.gets);
    for maker in Maker::ALL {
        let mut cell = Vec::new();
        for (way, word) in [(Way::Streamed, "stream"), (Way::Whole, "whole")] {
            let mut ran = outcomes
                .iter()
                .filter(|it| {
                    let variant = it.variant;
                    (variant.ingress, variant.a, variant.way) == (ingress, maker, way)
                })
                .peekable();
            if ran.peek().is_some() {
                let passed = ran.all(|outcome| outcome.verdict.is_good());
                cell.push(format!("{word} {}", if passed { "✓" } else { "✗" }));
            }
        }
        line += &format!(" {} |", if cell.is_empty() { "–".to_owned() } else { cell.join(", ") });
    }
    line
}

/// The page with `lines` for `row`, in the order of names.
fn with(page: &str, row: &Row, lines: &[String]) -> String {
    let (head, table) = page.split_once(RULE).unwrap_or_else(|| panic!("docs/rows.md has no {RULE}"));
    let name = |line: &str| line.split('|').nth(2).unwrap_or_default().trim().to_owned();
    let mut all: Vec<_> = table
        .lines()
        .filter(|line| line.starts_with('|') && name(line) != row.name)
        .map(str::to_owned)
        .chain(lines.iter().cloned())
        .collect();
    let caller = |line: &str| {
        let caller = line.split('|').nth(1).unwrap_or_default().trim();
        INGRESS.iter().position(|known| known.as_str() == caller)
    };
    all.sort_by_key(|line| (caller(line), name(line)));
    format!("{head}{RULE}\n{}\n", all.join("\n"))
}

const RULE: &str = "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |";
