//! The store in a Postgres database.

use std::{borrow::Cow, collections::HashMap, error::Error, future::Future, pin::Pin, time::Duration};

use bytes::BytesMut;
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::{
    Client, Config, NoTls, Row, Statement,
    config::SslMode,
    types::{IsNull, ToSql, Type, to_sql_checked},
};

use crate::{
    StoreError, StoreErrorKind,
    database::{Database, Value},
};

/// A connection, driven only while somebody waits for it: no task of its own.
pub(crate) struct Postgres {
    runtime: Runtime,
    client: Client,
    connection: Driver,
    prepared: HashMap<String, Statement>,
}

type Driver = Pin<Box<dyn Future<Output = Result<(), tokio_postgres::Error>> + Send>>;

impl Postgres {
    pub(crate) fn connect(url: &str) -> Result<Self, StoreError> {
        let mut config: Config = url.parse().map_err(|_| {
            // The parser's own message may quote the URL.
            let message =
                "this is no URL of a Postgres database; write postgres://user:password@host/database";
            StoreError::new(StoreErrorKind::Other, message)
        })?;
        if config.get_ssl_mode() == SslMode::Require {
            let message =
                "Postgres over TLS is not supported; take `sslmode=require` out, or put a proxy in between";
            return Err(StoreError::new(StoreErrorKind::Other, message));
        }
        config.connect_timeout(PATIENCE).application_name("backstop");
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| StoreError::new(StoreErrorKind::Other, error))?;
        let connected =
            runtime.block_on(async { tokio::time::timeout(PATIENCE, config.connect(NoTls)).await });
        let (client, connection) = connected.map_err(|_| too_slow())??;
        let mut postgres =
            Self { runtime, client, connection: Box::pin(connection), prepared: HashMap::new() };
        postgres.script(&format!("SET statement_timeout = {}", PATIENCE.as_millis()))?;
        Ok(postgres)
    }

    fn prepare(&mut self, sql: &str) -> Result<Statement, StoreError> {
        if let Some(statement) = self.prepared.get(sql) {
            return Ok(statement.clone());
        }
        let statement = wait(&self.runtime, &mut self.connection, self.client.prepare(sql))?;
        self.prepared.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }
}

impl Database for Postgres {
    fn script(&mut self, sql: &str) -> Result<(), StoreError> {
        wait(&self.runtime, &mut self.connection, self.client.batch_execute(sql))
    }

    fn run(&mut self, sql: &str, values: &[Value<'_>]) -> Result<u64, StoreError> {
        let statement = self.prepare(sql)?;
        let values: Vec<_> = values.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
        wait(&self.runtime, &mut self.connection, self.client.execute(&statement, &values))
    }

    fn rows(
        &mut self,
        sql: &str,
        values: &[Value<'_>],
        each: &mut dyn FnMut(&[Value<'_>]),
    ) -> Result<(), StoreError> {
        let statement = self.prepare(sql)?;
        let values: Vec<_> = values.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
        let rows = wait(&self.runtime, &mut self.connection, self.client.query(&statement, &values))?;
        for row in &rows {
            let read = (0..row.len()).map(|column| value(row, column)).collect::<Result<Vec<_>, _>>()?;
            each(&read);
        }
        Ok(())
    }
}

/// Drives the connection until `work` is done.
fn wait<T>(
    runtime: &Runtime,
    connection: &mut Driver,
    work: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, StoreError> {
    let mut work = std::pin::pin!(work);
    let both = std::future::poll_fn(|cx| {
        if connection.as_mut().poll(cx).is_ready() {
            // Dropped at once: what waits for it hears of the end only then. Nor may it be polled again.
            *connection = Box::pin(std::future::pending());
        }
        work.as_mut().poll(cx)
    });
    let done = runtime.block_on(async { tokio::time::timeout(2 * PATIENCE, both).await });
    Ok(done.map_err(|_| too_slow())??)
}

fn value(row: &Row, column: usize) -> Result<Value<'_>, tokio_postgres::Error> {
    Ok(match *row.columns()[column].type_() {
        Type::INT8 => row.try_get::<_, Option<i64>>(column)?.map_or(Value::Null, Value::Int),
        _ => row
            .try_get::<_, Option<&str>>(column)?
            .map_or(Value::Null, |text| Value::Text(Cow::Borrowed(text))),
    })
}

fn too_slow() -> StoreError {
    StoreError::new(StoreErrorKind::Unreachable, format!("Postgres says nothing for {PATIENCE:?}"))
}

impl ToSql for Value<'_> {
    fn to_sql(&self, of: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(value) => value.to_sql(of, out),
            // A text cannot hold a zero there, and a caller may write one.
            Self::Text(text) if text.contains('\0') => text.replace('\0', "").to_sql(of, out),
            Self::Text(text) => text.as_ref().to_sql(of, out),
        }
    }

    fn accepts(of: &Type) -> bool {
        matches!(*of, Type::INT8 | Type::TEXT)
    }

    to_sql_checked!();
}

impl std::fmt::Debug for Postgres {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Postgres").finish_non_exhaustive()
    }
}

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        let kind = match error.as_db_error().map(|error| error.code().code()) {
            // <https://www.postgresql.org/docs/current/errcodes-appendix.html>
            Some("53100") => StoreErrorKind::Full,
            Some("55P03" | "57014") => StoreErrorKind::Locked,
            Some(code) if code.starts_with("XX") => StoreErrorKind::Corrupt,
            Some(code) if code.starts_with("57P") || code.starts_with("08") || code.starts_with("53") => {
                StoreErrorKind::Unreachable
            }
            Some(_) => StoreErrorKind::Other,
            None => StoreErrorKind::Unreachable,
        };
        let source = error.source().map(|source| format!(": {source}")).unwrap_or_default();
        Self::new(kind, format!("{error}{source}"))
    }
}

/// How long Postgres may take for one thing.
const PATIENCE: Duration = Duration::from_secs(10);
