//! Datasets out of CSV and JSON: `users: users.csv`, or a map that says more.

use std::path::Path;

use super::fields::Field;
use super::node::Value;
use super::rows::{csv_table, json_table};
use super::values::Reader;
use super::whole::Surroundings;
use crate::load::flow::{Dataset, Order};

const ORDERS: [(&str, Order); 3] =
    [("random", Order::Random), ("sequential", Order::Sequential), ("unique-per-vu", Order::UniquePerVu)];

#[derive(Clone, Copy)]
enum Format {
    Csv,
    Json,
}

const FORMATS: [(&str, Format); 2] = [("csv", Format::Csv), ("json", Format::Json)];

/// What is read of a dataset beside its rows.
struct Settings {
    format: Option<Format>,
    columns: Option<Vec<String>>,
    delimiter: u8,
}

impl Reader<'_> {
    /// Every dataset that could be loaded.
    pub(super) fn data(&mut self, field: &Field<'_>, surroundings: &Surroundings<'_>) -> Vec<Dataset> {
        let mut data = Vec::new();
        for (entry, field) in self.named(field) {
            if !is_name(&entry.key) || entry.key == "env" {
                self.refuse_with(
                    &field,
                    "is no name of a dataset; allowed: letters, digits, - and _, but not env",
                );
            }
            data.extend(self.dataset(&entry.key, &field, surroundings));
        }
        data
    }

    fn dataset(&mut self, name: &str, field: &Field<'_>, surroundings: &Surroundings<'_>) -> Option<Dataset> {
        let mut settings = Settings { format: None, columns: None, delimiter: b',' };
        if matches!(field.node.value, Value::Scalar { .. }) {
            return self.table_of(name, field, &settings, Order::default(), surroundings);
        }
        let mut fields = self.fields(field)?;
        let file = fields.take("file");
        if let Some(field) = fields.take("format") {
            settings.format = self.choice(&field, &FORMATS);
        }
        settings.columns = fields.take("columns").map(|field| self.texts(&field));
        if let Some(field) = fields.take("delimiter") {
            match self.text(&field)?.as_bytes() {
                [byte] => settings.delimiter = *byte,
                b"\\t" => settings.delimiter = b'\t',
                _ => self.refuse(&field, "is not one character", "one character such as \";\", or \"\\t\""),
            }
        }
        let order = fields.take("order").and_then(|field| self.choice(&field, &ORDERS)).unwrap_or_default();
        let is_known = fields.finish(self);
        match file {
            Some(file) => self.table_of(name, &file, &settings, order, surroundings),
            None if !is_known => None,
            None => {
                self.refuse_with(field, "lacks file; allowed: a CSV or JSON file such as {file: users.csv}");
                None
            }
        }
    }

    fn table_of(
        &mut self,
        name: &str,
        field: &Field<'_>,
        settings: &Settings,
        order: Order,
        surroundings: &Surroundings<'_>,
    ) -> Option<Dataset> {
        let file = self.word(field)?;
        let path = Path::new(&file);
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let known = FORMATS.iter().find(|(name, _)| name.eq_ignore_ascii_case(extension));
        let Some(format) = settings.format.or(known.map(|(_, format)| *format)) else {
            self.refuse(
                field,
                "ends in neither .csv nor .json",
                "such a file, or format: csv or json beside it",
            );
            return None;
        };
        let bytes = self.bytes_of(field, surroundings)?;
        let table = match format {
            Format::Csv => csv_table(&bytes, settings.columns.clone(), settings.delimiter),
            Format::Json => json_table(&bytes),
        };
        match table {
            Ok(table) => Some(Dataset::new(name, table, order)),
            Err(error) => {
                self.refuse_with(field, format_args!("{file}: {error}"));
                None
            }
        }
    }

    /// A file beside the test's own.
    pub(super) fn bytes_of(&mut self, field: &Field<'_>, surroundings: &Surroundings<'_>) -> Option<Vec<u8>> {
        let file = self.word(field)?;
        let path = self.file.parent().unwrap_or(Path::new("")).join(&file);
        match (surroundings.read)(&path) {
            Ok(bytes) => Some(bytes),
            Err(error) => {
                self.refuse_with(field, format_args!("{}: cannot be read: {error}", path.display()));
                None
            }
        }
    }
}

/// Of datasets and variables.
pub(super) fn is_name(name: &str) -> bool {
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    starts
        && !name.starts_with("__")
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}
