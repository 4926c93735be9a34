//! The two kinds of SQL, and a builder that binds every value.

use sea_orm::sea_query::ArrayType;
use sea_orm::{DbBackend, Statement, Value};

/// Which database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// One file, one process.
    Sqlite,
    /// A server, many processes.
    Postgres,
}

impl Dialect {
    pub(crate) fn backend(self) -> DbBackend {
        match self {
            Self::Sqlite => DbBackend::Sqlite,
            Self::Postgres => DbBackend::Postgres,
        }
    }
}

/// A statement under construction: text of ours with `?` for every value, which is always bound,
/// so nothing from outside ever becomes SQL.
#[derive(Debug, Clone)]
pub(crate) struct Sql {
    dialect: Dialect,
    text: String,
    values: Vec<Value>,
}

impl Sql {
    pub(crate) fn new(dialect: Dialect, text: &'static str) -> Self {
        let mut sql = Self { dialect, text: String::with_capacity(256), values: Vec::new() };
        sql.push(text);
        sql
    }

    /// Adds text; each `?` in it becomes the next placeholder of the dialect.
    pub(crate) fn push(&mut self, text: &str) -> &mut Self {
        if self.dialect == Dialect::Sqlite || !text.contains('?') {
            self.text.push_str(text);
            return self;
        }
        // The number of a placeholder is the position among all of them, bound or still to come.
        let mut number = self.text.matches('$').count();
        for (index, part) in text.split('?').enumerate() {
            if index > 0 {
                number += 1;
                self.text.push('$');
                self.text.push_str(&number.to_string());
            }
            self.text.push_str(part);
        }
        self
    }

    /// Binds the value of the next placeholder that has none.
    pub(crate) fn bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.values.push(value.into());
        self
    }

    /// [`Self::bind`] as a chain by value.
    pub(crate) fn with(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Adds text with one placeholder and its value.
    pub(crate) fn and(&mut self, text: &str, value: impl Into<Value>) -> &mut Self {
        self.push(text).bind(value)
    }

    /// Adds `(?, ?, …)` with these values to text that ends in `IN `; the caller sees to it that
    /// there is at least one. On PostgreSQL it is `= ANY(?)` with one array, so that the statement
    /// is the same for any number of values and is parsed once.
    pub(crate) fn list<V: Into<Value>>(
        &mut self,
        values: impl IntoIterator<Item = V>,
    ) -> &mut Self {
        let values: Vec<Value> = values.into_iter().map(Into::into).collect();
        if let Some(array) = self.array(&values) {
            self.text.truncate(self.text.len() - "IN ".len());
            return self.and("= ANY(?)", array);
        }
        let before = self.values.len();
        self.text.push('(');
        self.placeholders(before, values.len());
        self.text.push(')');
        self.values.extend(values);
        self
    }

    /// The values as one, where that can be said instead of a list.
    fn array(&self, values: &[Value]) -> Option<Value> {
        let is_list = self.text.ends_with(" IN ") && !self.text.ends_with(" NOT IN ");
        let kind = array_type(values.first()?)?;
        (self.dialect == Dialect::Postgres && is_list)
            .then(|| Value::Array(kind, Some(Box::new(values.to_vec()))))
    }

    /// Adds `(…), (…)` rows of values of `width` each.
    pub(crate) fn rows(&mut self, width: usize, values: Vec<Value>) -> &mut Self {
        let first = self.values.len();
        let rows = values.len() / width.max(1);
        self.values.extend(values);
        for row in 0..rows {
            self.text.push_str(if row == 0 { "(" } else { ", (" });
            self.placeholders(first + row * width, width);
            self.text.push(')');
        }
        self
    }

    /// Adds a table of values after `WITH `, named with its columns (`name(a, b)`) and given by
    /// column, each of one type, equally long and not empty. On PostgreSQL every column is one array,
    /// so that the statement is the same for any number of rows and is parsed once.
    pub(crate) fn table(&mut self, name: &str, columns: Vec<Vec<Value>>) -> &mut Self {
        self.text.push_str(name);
        self.text.push_str(" AS (");
        match self.dialect {
            Dialect::Postgres => {
                self.text.push_str("SELECT * FROM UNNEST(");
                self.placeholders(self.values.len(), columns.len());
                self.text.push(')');
                let arrays = columns.into_iter().map(|column| {
                    let kind = column.first().and_then(array_type).unwrap_or(ArrayType::BigInt);
                    Value::Array(kind, Some(Box::new(column)))
                });
                self.values.extend(arrays);
            }
            Dialect::Sqlite => {
                self.text.push_str("VALUES ");
                let (width, rows) = (columns.len(), columns.first().map_or(0, Vec::len));
                let mut columns: Vec<_> = columns.into_iter().map(Vec::into_iter).collect();
                let mut values = Vec::with_capacity(rows * width);
                for _ in 0..rows {
                    values.extend(columns.iter_mut().filter_map(Iterator::next));
                }
                self.rows(width, values);
            }
        }
        self.text.push(')');
        self
    }

    fn placeholders(&mut self, first: usize, count: usize) {
        for index in 0..count {
            if index > 0 {
                self.text.push_str(", ");
            }
            match self.dialect {
                Dialect::Sqlite => self.text.push('?'),
                Dialect::Postgres => {
                    self.text.push('$');
                    self.text.push_str(&(first + index + 1).to_string());
                }
            }
        }
    }

    pub(crate) fn statement(self) -> Statement {
        Statement::from_sql_and_values(self.dialect.backend(), self.text, self.values)
    }
}

/// The type of an array of such values, for those types that are used in arrays.
fn array_type(value: &Value) -> Option<ArrayType> {
    match value {
        Value::BigInt(Some(_)) => Some(ArrayType::BigInt),
        Value::Bytes(Some(_)) => Some(ArrayType::Bytes),
        Value::String(Some(_)) => Some(ArrayType::String),
        Value::Bool(Some(_)) => Some(ArrayType::Bool),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_numbered_for_postgres_only() {
        for (dialect, expected) in [
            (Dialect::Sqlite, "SELECT ? WHERE a IN (?, ?) AND b = ? AND c = ?"),
            (Dialect::Postgres, "SELECT $1 WHERE a = ANY($2) AND b = $3 AND c = $4"),
        ] {
            let mut sql = Sql::new(dialect, "SELECT ? WHERE a IN ").with(1_i64);
            sql.list([2_i64, 3]).push(" AND b = ? AND c = ?").bind(4_i64).bind(5_i64);
            assert_eq!(sql.statement().sql, expected);
        }
    }

    #[test]
    fn a_table_of_values_is_one_array_for_each_column_on_postgres() {
        let columns = || vec![vec![1_i64.into(), 2_i64.into()], vec!["a".into(), "b".into()]];
        let mut sql = Sql::new(Dialect::Postgres, "WITH ");
        sql.table("t(n, s)", columns()).push(" SELECT n FROM t WHERE n > ?").bind(0_i64);
        let statement = sql.statement();
        let text = "WITH t(n, s) AS (SELECT * FROM UNNEST($1, $2)) SELECT n FROM t WHERE n > $3";
        assert_eq!(statement.sql, text);
        assert_eq!(statement.values.map(|values| values.0.len()), Some(3));
        let mut sql = Sql::new(Dialect::Sqlite, "WITH ");
        sql.table("t(n, s)", columns()).push(" SELECT n FROM t WHERE n > ?").bind(0_i64);
        let statement = sql.statement();
        let text = "WITH t(n, s) AS (VALUES (?, ?), (?, ?)) SELECT n FROM t WHERE n > ?";
        assert_eq!(statement.sql, text);
        let values = statement.values.map(|values| values.0).unwrap_or_default();
        assert_eq!(values[..2], [1_i64.into(), "a".into()], "row by row");
    }
}
