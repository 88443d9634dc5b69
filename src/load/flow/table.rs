//! Rows of data, loaded once and shared by all users: all cells in one piece of memory.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::load::random::Random;

/// Named columns and at least one row.
#[derive(Clone, PartialEq, Eq)]
pub struct Table {
    columns: Box<[Box<str>]>,
    bytes: Box<[u8]>,
    /// Where each cell ends, row by row.
    ends: Box<[usize]>,
}

/// Why data cannot be used. Rows and lines are counted from one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    #[error("has no rows")]
    Empty,
    #[error("column {column} has no name")]
    Nameless { column: usize },
    #[error("has the column \"{column}\" twice")]
    Twice { column: String },
    #[error("line {line}: has {found} fields where the head has {expected}")]
    Ragged { line: u64, found: usize, expected: usize },
    #[error("row {row}: lacks \"{column}\", which other rows have")]
    Lacks { row: usize, column: String },
    #[error("{message}")]
    Malformed { message: String },
}

/// Who gets which row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Each iteration takes the next one, whoever runs it; behind the last comes the first again.
    #[default]
    Sequential,
    Random,
    /// Each user has one of its own for the whole run.
    UniquePerVu,
}

/// A table under its name, and who gets which row of it.
#[derive(Debug)]
pub struct Dataset {
    pub name: Box<str>,
    pub table: Table,
    pub order: Order,
    next: AtomicU64,
}

/// A table that takes one cell after the other, row by row.
#[derive(Debug)]
pub struct TableBuilder {
    columns: Vec<String>,
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl TableBuilder {
    pub fn new(columns: Vec<String>) -> Result<TableBuilder, TableError> {
        for (at, column) in columns.iter().enumerate() {
            if column.is_empty() {
                return Err(TableError::Nameless { column: at + 1 });
            }
            if columns[..at].contains(column) {
                return Err(TableError::Twice { column: column.clone() });
            }
        }
        Ok(TableBuilder { columns, bytes: Vec::new(), ends: Vec::new() })
    }

    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The caller sees to it that each row has a cell for each column.
    pub fn push(&mut self, cell: &[u8]) {
        self.bytes.extend_from_slice(cell);
        self.ends.push(self.bytes.len());
    }

    pub fn finish(self) -> Result<Table, TableError> {
        if self.columns.is_empty() || self.ends.len() < self.columns.len() {
            return Err(TableError::Empty);
        }
        let columns = self.columns.into_iter().map(Into::into).collect();
        Ok(Table { columns, bytes: self.bytes.into(), ends: self.ends.into() })
    }
}

impl Table {
    pub fn columns(&self) -> &[Box<str>] {
        &self.columns
    }

    pub fn rows(&self) -> usize {
        self.ends.len() / self.columns.len()
    }

    /// Empty behind the last row or column.
    pub fn cell(&self, row: usize, column: usize) -> &[u8] {
        let at = row * self.columns.len() + column;
        let start = at.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let end = self.ends.get(at).copied().unwrap_or(start);
        &self.bytes[start..end]
    }
}

/// The cells may be passwords.
impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Table({} rows of {:?})", self.rows(), self.columns)
    }
}

impl Dataset {
    pub fn new(name: &str, table: Table, order: Order) -> Dataset {
        Dataset { name: name.into(), table, order, next: AtomicU64::new(0) }
    }

    /// The row for an iteration; users count from one.
    pub fn row(&self, vu: u64, random: &mut Random) -> usize {
        let rows = self.table.rows() as u64;
        let row = match self.order {
            Order::Sequential => self.next.fetch_add(1, Ordering::Relaxed) % rows,
            Order::Random => random.below(rows),
            Order::UniquePerVu => vu.saturating_sub(1) % rows,
        };
        row as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(columns: &[&str], cells: &[&str]) -> Result<Table, TableError> {
        let mut builder = TableBuilder::new(columns.iter().map(|&column| column.to_owned()).collect())?;
        for cell in cells {
            builder.push(cell.as_bytes());
        }
        builder.finish()
    }

    #[test]
    fn cells_are_found_and_bad_heads_are_not_taken() {
        let table_of_two = table(&["a", "b"], &["1", "", "33", "4"]).unwrap();
        assert_eq!(table_of_two.rows(), 2);
        let cells: Vec<&[u8]> = [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0)]
            .map(|(row, column)| table_of_two.cell(row, column))
            .into();
        assert_eq!(cells, [&b"1"[..], b"", b"33", b"4", b""]);
        assert_eq!(table(&["a"], &[]), Err(TableError::Empty));
        assert_eq!(table(&["a", ""], &["1", "2"]), Err(TableError::Nameless { column: 2 }));
        assert_eq!(table(&["a", "a"], &["1", "2"]), Err(TableError::Twice { column: "a".into() }));
    }

    #[test]
    fn orders() {
        let mut random = Random::new(1);
        let mut rows = |order, vus: &[u64]| -> Vec<usize> {
            let data = Dataset::new("d", table(&["a"], &["x", "y", "z"]).unwrap(), order);
            vus.iter().map(|&vu| data.row(vu, &mut random)).collect()
        };
        assert_eq!(rows(Order::Sequential, &[1, 1, 2, 1]), [0, 1, 2, 0]);
        assert_eq!(rows(Order::UniquePerVu, &[1, 2, 1, 3]), [0, 1, 0, 2]);
        let drawn = rows(Order::Random, &[1; 60]);
        assert!((0..3).all(|row| drawn.contains(&row)), "{drawn:?}");
    }
}
