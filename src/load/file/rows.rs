//! CSV and JSON to tables.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::value::RawValue;

use crate::load::flow::{Table, TableBuilder, TableError};

/// The column of a JSON list that holds no objects.
const ONLY_COLUMN: &str = "value";

/// Without `columns` the first line names them. Quotes are as RFC 4180 has them, empty lines are passed over.
pub(super) fn csv_table(
    text: &[u8],
    columns: Option<Vec<String>>,
    delimiter: u8,
) -> Result<Table, TableError> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let malformed = |error: csv::Error| TableError::Malformed { message: error.to_string() };
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text);
    let mut record = csv::ByteRecord::new();
    let columns = match columns {
        Some(columns) => columns,
        None if reader.read_byte_record(&mut record).map_err(malformed)? => {
            record.iter().map(|name| String::from_utf8_lossy(name).trim().to_owned()).collect()
        }
        None => return Err(TableError::Empty),
    };
    let mut builder = TableBuilder::new(columns)?;
    while reader.read_byte_record(&mut record).map_err(malformed)? {
        let expected = builder.columns().len();
        if record.len() != expected {
            let line = record.position().map_or(0, csv::Position::line);
            return Err(TableError::Ragged { line, found: record.len(), expected });
        }
        record.iter().for_each(|cell| builder.push(cell));
    }
    builder.finish()
}

/// A list of objects, whose keys are the columns, or of other values, which are the column `value`. A text is taken
/// without its quotes, everything else as its JSON text.
pub(super) fn json_table(text: &[u8]) -> Result<Table, TableError> {
    let malformed = |error: serde_json::Error| TableError::Malformed { message: error.to_string() };
    let rows: Vec<&RawValue> = serde_json::from_slice(text).map_err(malformed)?;
    let mut objects: Vec<BTreeMap<Cow<'_, str>, &RawValue>> = Vec::with_capacity(rows.len());
    for row in rows {
        objects.push(if row.get().starts_with('{') {
            serde_json::from_str(row.get()).map_err(malformed)?
        } else {
            BTreeMap::from([(Cow::Borrowed(ONLY_COLUMN), row)])
        });
    }
    let columns: BTreeSet<&str> = objects.iter().flat_map(BTreeMap::keys).map(|key| &**key).collect();
    let columns: Vec<String> = columns.into_iter().map(str::to_owned).collect();
    let mut builder = TableBuilder::new(columns.clone())?;
    for (at, object) in objects.iter().enumerate() {
        for column in &columns {
            let cell = object.get(column.as_str());
            let cell = cell.ok_or_else(|| TableError::Lacks { row: at + 1, column: column.clone() })?;
            let text: Option<Cow<'_, str>> =
                cell.get().starts_with('"').then(|| serde_json::from_str(cell.get()).ok()).flatten();
            builder.push(text.as_deref().unwrap_or(cell.get()).as_bytes());
        }
    }
    builder.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(table: &Table) -> String {
        let cell = |row, column| String::from_utf8_lossy(table.cell(row, column)).into_owned();
        let row =
            |row| (0..table.columns().len()).map(|column| cell(row, column)).collect::<Vec<_>>().join("|");
        let rows: Vec<String> = (0..table.rows()).map(row).collect();
        format!("{}: {}", table.columns().join("|"), rows.join(" / "))
    }

    #[test]
    fn csv_of_every_form() {
        for (text, expected) in [
            ("a,b\n1,2\n\n3,\n", "a|b: 1|2 / 3|"),
            ("\u{feff}a , b\r\n\"x, \"\"y\"\"\",\"two\nlines\"\r\n", "a|b: x, \"y\"|two\nlines"),
            ("email\nx@y\n", "email: x@y"),
        ] {
            assert_eq!(shown(&csv_table(text.as_bytes(), None, b',').unwrap()), expected);
        }
        let named = csv_table(b"1;2\n", Some(vec!["a".into(), "b".into()]), b';').unwrap();
        assert_eq!(shown(&named), "a|b: 1|2");
        for (text, message) in [
            ("", "has no rows"),
            ("a,b\n", "has no rows"),
            ("a,b\n1,2\n1\n", "line 3: has 1 fields where the head has 2"),
            ("a,b\n\"x\ny\",2\n1,2,3\n", "line 4: has 3 fields where the head has 2"),
            ("a,,c\n1,2,3\n", "column 2 has no name"),
            ("a,b,a\n1,2,3\n", "has the column \"a\" twice"),
        ] {
            assert_eq!(csv_table(text.as_bytes(), None, b',').unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn json_of_every_form() {
        for (text, expected) in [
            (r#"[{"b": "x\"y", "a": 1}, {"a": 2.50, "b": null}]"#, "a|b: 1|x\"y / 2.50|null"),
            (r#"["x", 2, [3]]"#, "value: x / 2 / [3]"),
        ] {
            assert_eq!(shown(&json_table(text.as_bytes()).unwrap()), expected);
        }
        for (text, message) in [
            ("[]", "has no rows"),
            (r#"[{"a": 1, "b": 2}, {"a": 1}]"#, "row 2: lacks \"b\", which other rows have"),
            ("{}", "invalid type: map, expected a sequence at line 1 column 0"),
            ("[1,", "EOF while parsing a value at line 1 column 3"),
        ] {
            assert_eq!(json_table(text.as_bytes()).unwrap_err().to_string(), message);
        }
    }
}
