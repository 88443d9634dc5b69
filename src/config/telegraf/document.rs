//! TOML as entries that know their lines.

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

/// A key with its value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) key: String,
    /// Counted from one.
    pub(super) line: usize,
    pub(super) value: Value,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Text(String),
    Integer(i64),
    Float(f64),
    Boolean(bool),
    List(Vec<Value>),
    /// With the line of its head.
    Table(usize, Vec<Entry>),
    /// Dates and numbers beyond all bounds, which no setting is.
    Other,
}

/// Where the text stops being TOML. It holds none of the text, which may be a password.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed {
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) message: String,
}

/// The entries of the whole text, in the order in which they stand there.
pub(super) fn parse(text: &str) -> Result<Vec<Entry>, Malformed> {
    match DeTable::parse(text) {
        Ok(table) => Ok(entries(text, table.get_ref())),
        Err(error) => {
            let at = error.span().map_or(0, |span| span.start);
            let (line, column) = place(text, at);
            let mut message = error.message().replace('\n', ", ");
            let here = text.lines().nth(line - 1).unwrap_or_default();
            if here.contains('$') {
                message.push_str("; a variable must stand in quotes to be read here");
            }
            Err(Malformed { line, column, message })
        }
    }
}

fn entries(text: &str, table: &DeTable<'_>) -> Vec<Entry> {
    let mut found: Vec<_> = table.iter().collect();
    found.sort_by_key(|(key, _)| key.span().start);
    let entry = |(key, value): (&Spanned<DeString<'_>>, &Spanned<DeValue<'_>>)| Entry {
        key: key.get_ref().to_string(),
        line: place(text, key.span().start).0,
        value: value_of(text, value),
    };
    found.into_iter().map(entry).collect()
}

fn value_of(text: &str, value: &Spanned<DeValue<'_>>) -> Value {
    match value.get_ref() {
        DeValue::String(words) => Value::Text(words.clone().into_owned()),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).map_or(Value::Other, Value::Integer)
        }
        DeValue::Float(number) => number.as_str().parse().map_or(Value::Other, Value::Float),
        DeValue::Boolean(truth) => Value::Boolean(*truth),
        DeValue::Datetime(_) => Value::Other,
        DeValue::Array(items) => Value::List(items.iter().map(|item| value_of(text, item)).collect()),
        DeValue::Table(table) => Value::Table(place(text, value.span().start).0, entries(text, table)),
    }
}

/// Line and column of a byte, counted from one, the column in characters.
fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    (before.matches('\n').count() + 1, before[start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_and_table_knows_its_line() {
        let text =
            "a = 1 # one\n[t]\nb = \"x\"\n\n[[p.q]]\n  c = [\"y\", 0x10]\n[[p.q]]\n  [p.q.r]\n    d = true\n";
        let entry = |key: &str, line, value| Entry { key: key.to_owned(), line, value };
        let text_of = |text: &str| Value::Text(text.to_owned());
        let first = vec![entry("c", 6, Value::List(vec![text_of("y"), Value::Integer(16)]))];
        let second = vec![entry("r", 8, Value::Table(8, vec![entry("d", 9, Value::Boolean(true))]))];
        let queue = Value::List(vec![Value::Table(5, first), Value::Table(7, second)]);
        assert_eq!(
            parse(text).unwrap(),
            [
                entry("a", 1, Value::Integer(1)),
                entry("t", 2, Value::Table(2, vec![entry("b", 3, text_of("x"))])),
                entry("p", 5, Value::Table(5, vec![entry("q", 5, queue)])),
            ]
        );
    }

    #[test]
    fn what_is_no_toml_is_told_without_its_text() {
        for (text, line, column, part) in [
            ("a = 1\nb = hunter2\n", 2, 5, "expected"),
            ("[a]\nx = 1\nx = 2\n", 3, 1, "duplicate key"),
            ("é = 1\n", 1, 1, ""),
            ("a = \"hunter2\n", 1, 13, ""),
            ("urls = [$URLS]\n", 1, 9, "a variable must stand in quotes"),
        ] {
            let told = parse(text).unwrap_err();
            assert_eq!((told.line, told.column), (line, column), "{text}: {told:?}");
            assert!(told.message.contains(part) && !told.message.contains("hunter2"), "{told:?}");
        }
    }
}
