//! The store in a SQLite file.

use std::{borrow::Cow, fs, io::Read as _, path::Path, time::Duration};

use rusqlite::{
    Connection, ErrorCode, OpenFlags, Statement,
    types::{ToSql, ToSqlOutput, ValueRef},
};

use crate::{
    StoreError, StoreErrorKind,
    database::{Database, Value},
};

pub(crate) struct Sqlite(Connection);

impl Sqlite {
    pub(crate) fn open(path: &Path, max_size: Option<u64>, write: bool) -> Result<Self, StoreError> {
        if let Some(folder) = path.parent().filter(|folder| write && !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder).map_err(|error| {
                let message = format!("the folder {} cannot be made: {error}", folder.display());
                StoreError::new(StoreErrorKind::Other, message)
            })?;
        }
        let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        if write {
            flags |= OpenFlags::SQLITE_OPEN_CREATE;
        } else if !path.exists() {
            let message = format!("there is no ledger {}", path.display());
            return Err(StoreError::new(StoreErrorKind::Other, message));
        }
        let connection = Connection::open_with_flags(path, flags)?;
        connection.set_prepared_statement_cache_capacity(64);
        // Requests do not wait for it, only the writer does.
        connection.busy_timeout(BUSY)?;
        if write {
            // A commit is on the disk when it returns; readers and the writer do not wait for each other.
            connection.execute_batch(
                "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
                 PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -16384;",
            )?;
            let page: u64 =
                connection.query_row("PRAGMA page_size", [], |row| row.get::<_, i64>(0))?.unsigned_abs();
            // 0 leaves the limit as it is; SQLite's own is 2³² pages less two.
            let pages = max_size.map_or(4_294_967_294, |size| (size / page.max(1)).max(1));
            connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?;
        } else {
            connection.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -65536;")?;
        }
        Ok(Self(connection))
    }
}

impl Database for Sqlite {
    fn script(&mut self, sql: &str) -> Result<(), StoreError> {
        Ok(self.0.execute_batch(sql)?)
    }

    fn run(&mut self, sql: &str, values: &[Value<'_>]) -> Result<u64, StoreError> {
        let mut statement = self.0.prepare_cached(sql)?;
        bind(&mut statement, values)?;
        Ok(statement.raw_execute()? as u64)
    }

    fn rows(
        &mut self,
        sql: &str,
        values: &[Value<'_>],
        each: &mut dyn FnMut(&[Value<'_>]),
    ) -> Result<(), StoreError> {
        let mut statement = self.0.prepare_cached(sql)?;
        bind(&mut statement, values)?;
        let columns = statement.column_count();
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            let mut read = Vec::with_capacity(columns);
            for column in 0..columns {
                read.push(match row.get_ref(column)? {
                    ValueRef::Integer(value) => Value::Int(value),
                    ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text)),
                    _ => Value::Null,
                });
            }
            each(&read);
        }
        Ok(())
    }

    fn shrink(&mut self) -> Result<(), StoreError> {
        let mut statement = self.0.prepare("PRAGMA incremental_vacuum(4096)")?;
        let mut rows = statement.raw_query();
        while rows.next()?.is_some() {}
        Ok(())
    }
}

fn bind(statement: &mut Statement<'_>, values: &[Value<'_>]) -> Result<(), StoreError> {
    for (at, value) in values.iter().enumerate() {
        statement.raw_bind_parameter(at + 1, value)?;
    }
    Ok(())
}

/// Whether the file begins as SQLite's do, or is not there (<https://www.sqlite.org/fileformat2.html>, section 1.3).
pub(crate) fn is_sqlite(path: &Path) -> bool {
    let mut begin = [0; 16];
    match fs::File::open(path).and_then(|mut file| file.read_exact(&mut begin)) {
        Ok(()) => begin == *b"SQLite format 3\0",
        Err(_) => false,
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(value) => ValueRef::Integer(*value),
            Self::Text(text) => ValueRef::Text(Cow::as_ref(text).as_bytes()),
        }))
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let kind = match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => StoreErrorKind::Full,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreErrorKind::Locked,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreErrorKind::Corrupt,
            Some(ErrorCode::CannotOpen | ErrorCode::SystemIoFailure) => StoreErrorKind::Unreachable,
            _ => StoreErrorKind::Other,
        };
        Self::new(kind, error)
    }
}

/// How long the writer waits for somebody who holds the file, before it counts as a failure.
const BUSY: Duration = Duration::from_millis(500);
