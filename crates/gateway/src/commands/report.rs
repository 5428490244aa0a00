//! `backstop report`.

use std::{
    io::{self, BufWriter, Write as _},
    time::{Duration, SystemTime},
};

use backstop_ledger::{ExportError, ExportFormat, ExportTable, Report, StoreConfig, export};

use super::{CommandError, serve};
use crate::{
    cli::{ReportArguments, ReportFormat},
    ledger,
};

/// Says what a span of time was like and cost, or writes its rows.
pub(super) fn report(arguments: &ReportArguments) -> Result<(), CommandError> {
    let store = store(arguments)?;
    let span = span(arguments, SystemTime::now())?;
    let mut out = BufWriter::new(io::stdout().lock());
    let rows = |format, out: &mut BufWriter<_>| {
        let table = if arguments.requests { ExportTable::Requests } else { ExportTable::Attempts };
        match export(&store, table, format, span, out) {
            // Whoever reads has seen enough.
            Err(ExportError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            Err(error) => Err(CommandError::outside(error.to_string())),
            Ok(_) => Ok(()),
        }
    };
    let format = if arguments.json { ReportFormat::Json } else { arguments.format };
    let text = match format {
        ReportFormat::Csv => return rows(ExportFormat::Csv, &mut out),
        ReportFormat::Jsonl => return rows(ExportFormat::Jsonl, &mut out),
        ReportFormat::Table | ReportFormat::Json => {
            let report = Report::read(&store, span.0, span.1)
                .map_err(|error| CommandError::outside(format!("the ledger cannot be read: {error}")))?;
            match format {
                ReportFormat::Json => serde_json::to_string(&report)
                    .map(|text| text + "\n")
                    .map_err(|error| CommandError::outside(error.to_string()))?,
                _ => report.to_string(),
            }
        }
    };
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(CommandError::outside(format!("the report cannot be written: {error}")))
        }
        _ => Ok(()),
    }
}

fn store(arguments: &ReportArguments) -> Result<StoreConfig, CommandError> {
    match &arguments.ledger {
        Some(url) if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
            return Ok(StoreConfig::postgres(url.as_str()));
        }
        Some(path) => return Ok(StoreConfig::sqlite(path)),
        None => {}
    }
    let config = serve::load(&arguments.config)?;
    let ledger = config.ledger.as_ref().ok_or_else(|| {
        CommandError::usage("the configuration has no `ledger`; name one with `--ledger FILE`".to_owned())
    })?;
    Ok(ledger::store(&ledger.store))
}

/// Milliseconds since 1970: from, and before.
fn span(arguments: &ReportArguments, now: SystemTime) -> Result<(i64, i64), CommandError> {
    let moment = |text: &str| {
        // A day alone begins at its midnight.
        let whole = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
        humantime::parse_rfc3339_weak(&whole).map_err(|error| {
            CommandError::usage(format!(
                "`{text}` is no moment ({error}); write one like `2026-11-25` or `2026-11-25T09:00:00Z`"
            ))
        })
    };
    let to = arguments.to.as_deref().map_or(Ok(now), moment)?;
    let from = match &arguments.from {
        Some(text) => moment(text)?,
        None => {
            let text = &arguments.since;
            let since = humantime::parse_duration(text).map_err(|error| {
                CommandError::usage(format!(
                    "`{text}` is no length of time ({error}); write one like `7d` or `12h`"
                ))
            })?;
            to.checked_sub(since).unwrap_or(SystemTime::UNIX_EPOCH)
        }
    };
    if from >= to {
        return Err(CommandError::usage("the span ends before it begins".to_owned()));
    }
    let milliseconds = |moment: SystemTime| {
        let since: Duration = moment.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    };
    // What ended in this very millisecond counts.
    Ok((milliseconds(from), milliseconds(to).saturating_add(1)))
}
