//! Where attempts and their costs are written down.

use std::time::Duration;

use serde_saphyr::Spanned;

use super::Resolver;
use crate::{LedgerConfig, LedgerStore, document};

impl Resolver<'_> {
    pub(super) fn ledger(&mut self, written: &Spanned<document::Ledger>) -> Option<LedgerConfig> {
        let (place, ledger) = (written.referenced, &written.value);
        let store = match (&ledger.sqlite, &ledger.postgres) {
            (Some(path), None) => {
                let path = self.text(path)?;
                LedgerStore::Sqlite { path: path.into(), max_size: ledger.max_size.map(|size| size.0) }
            }
            (None, Some(url)) => {
                if ledger.max_size.is_some() {
                    self.error(place, "`max_size` is about a SQLite file; take it out");
                }
                let known = |url: &str| url.starts_with("postgres://") || url.starts_with("postgresql://");
                let read = |url: &str| match known(url) {
                    true => Ok(url.to_owned()),
                    // It may hold a password.
                    false => Err(
                        "this is no URL of a Postgres database; write postgres://user:password@host/database"
                            .to_owned(),
                    ),
                };
                LedgerStore::Postgres(self.word(url, read)?.into())
            }
            _ => {
                self.error(
                    place,
                    "a ledger is either `sqlite: FILE` or `postgres: URL`; write one of the two",
                );
                return None;
            }
        };
        if ledger.queue == Some(0) {
            self.error(place, "`queue` must be more than zero");
        }
        let span = |span: Option<crate::values::Span>, default| span.map_or(default, |span| span.0);
        Some(LedgerConfig {
            store,
            flush: span(ledger.flush, Duration::from_secs(1)),
            retention: span(ledger.retention, Duration::from_secs(90 * DAY)),
            rollup_retention: span(ledger.rollup_retention, Duration::from_secs(400 * DAY)),
            queue: ledger.queue.unwrap_or(65_536),
        })
    }
}

const DAY: u64 = 86_400;
