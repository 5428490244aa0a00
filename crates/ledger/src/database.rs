//! What of SQL the two stores have in common: statements with `$1, $2 …` in order, integers and text.

use std::borrow::Cow;

use crate::{StoreConfig, StoreError, sqlite::Sqlite};

/// A value in a column: the tables have only these, so that both stores hold the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    Null,
    Int(i64),
    Text(Cow<'a, str>),
}

pub(crate) trait Database: Send {
    /// Runs statements without values.
    fn script(&mut self, sql: &str) -> Result<(), StoreError>;

    /// Runs one statement. Gives how many rows it changed.
    fn run(&mut self, sql: &str, values: &[Value<'_>]) -> Result<u64, StoreError>;

    /// Calls `each` with every row.
    fn rows(
        &mut self,
        sql: &str,
        values: &[Value<'_>],
        each: &mut dyn FnMut(&[Value<'_>]),
    ) -> Result<(), StoreError>;

    /// Gives unused space back, where the store keeps it in a file of its own. At most so many pages at a time.
    fn shrink(&mut self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// Opens the store. `write` sets it up where it is new; without, it must be there.
pub(crate) fn connect(config: &StoreConfig, write: bool) -> Result<Box<dyn Database>, StoreError> {
    match config {
        StoreConfig::Sqlite { path, max_size } => Ok(Box::new(Sqlite::open(path, *max_size, write)?)),
        #[cfg(feature = "postgres")]
        StoreConfig::Postgres { url } => Ok(Box::new(crate::postgres::Postgres::connect(url)?)),
        #[cfg(not(feature = "postgres"))]
        StoreConfig::Postgres { .. } => Err(StoreError::new(
            crate::StoreErrorKind::Other,
            "this build has no Postgres; build it with the feature `postgres`",
        )),
    }
}

/// `head VALUES ($1, …), …` `tail`, as often as it takes.
pub(crate) fn insert(
    database: &mut dyn Database,
    head: &str,
    tail: &str,
    columns: usize,
    values: &[Value<'_>],
) -> Result<(), StoreError> {
    let mut rest = values;
    // Few different statements, so that each is prepared once.
    for rows in [64, 8, 1] {
        if rest.len() < rows * columns {
            continue;
        }
        let sql = statement(head, tail, columns, rows);
        while rest.len() >= rows * columns {
            let (now, later) = rest.split_at(rows * columns);
            database.run(&sql, now)?;
            rest = later;
        }
    }
    Ok(())
}

fn statement(head: &str, tail: &str, columns: usize, rows: usize) -> String {
    use std::fmt::Write as _;
    let mut sql = format!("{head} VALUES ");
    for row in 0..rows {
        for column in 0..columns {
            let open = match (row, column) {
                (0, 0) => "(",
                (_, 0) => "), (",
                _ => ", ",
            };
            // Writing to a string does not fail.
            let _ = write!(sql, "{open}${}", row * columns + column + 1);
        }
    }
    sql + ") " + tail
}

impl Value<'_> {
    /// The integer; 0 for what is none.
    pub(crate) fn int(&self) -> i64 {
        match self {
            Self::Int(value) => *value,
            _ => 0,
        }
    }

    /// The count; 0 for what is none.
    pub(crate) fn count(&self) -> u64 {
        u64::try_from(self.int()).unwrap_or_default()
    }

    /// The text; empty for what is none.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            _ => "",
        }
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<u32> for Value<'_> {
    fn from(value: u32) -> Self {
        Self::Int(value.into())
    }
}

impl From<u64> for Value<'_> {
    fn from(value: u64) -> Self {
        Self::Int(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl From<i128> for Value<'_> {
    fn from(value: i128) -> Self {
        Self::Int(i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX }))
    }
}

impl<T: Into<Self>> From<Option<T>> for Value<'_> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
