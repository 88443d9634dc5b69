//! Rows of files and items of lists, and which of them is taken.

use super::arithmetic::compare;
use super::findings::{Gap, Known};
use super::plan::{Dataset, Kept, KeptValue, Step};
use super::translator::Translator;
use super::tree::Extent;
use super::value::{Draw, Kind, Value};

/// A list that is longer is better a file.
const MOST_ITEMS: usize = 200;

impl Translator<'_> {
    /// The row of a file that an iteration takes. Each pick has a row of its own, so each is a dataset.
    pub(super) fn row(&mut self, file: &str, order: &'static str) -> Value {
        let at = self.statement;
        // The same statement again, in a loop or another flow, is the same pick.
        let known = self.data.iter().find(|data| data.at == at && data.file == file && data.order == order);
        if let Some(known) = known {
            return Value::Row(known.name.clone());
        }
        let stem = file.rsplit('/').next().and_then(|name| name.split('.').next()).unwrap_or_default();
        let name = self.variable(if stem.is_empty() { "rows" } else { stem });
        self.data.push(Dataset { name: name.clone(), file: file.to_owned(), order, at });
        Value::Row(name)
    }

    /// One of the items of a list, by chance: each draw sets variables.
    pub(super) fn pick(&mut self, items: &[Value], draw: &Draw, at: Extent) -> Known<Value> {
        if !draw.is_whole || draw.least != 0.0 || compare("!==", draw.width, items.len() as f64 - 1.0) {
            return Err(Gap::new(at, "which item is taken is not understood"));
        }
        if items.len() > MOST_ITEMS {
            let advice = "put the list into a file and name it under data";
            return Err(Gap::new(at, "the list is long").advise(advice));
        }
        let keys: Vec<String> = match items.first() {
            Some(Value::Map(pairs)) => pairs.iter().map(|(key, _)| key.clone()).collect(),
            _ => Vec::new(),
        };
        let mut names = Vec::new();
        if keys.is_empty() {
            names.push(self.variable("picked"));
        }
        for key in &keys {
            names.push(self.variable(key));
        }
        let mut choices = Vec::new();
        for item in items {
            let parts: Vec<Value> = match item {
                Value::Map(pairs) if pairs.iter().map(|(key, _)| key).eq(&keys) => {
                    pairs.iter().map(|(_, value)| value.clone()).collect()
                }
                Value::Text(_) | Value::Number(_) | Value::Boolean(_) if keys.is_empty() => {
                    vec![item.clone()]
                }
                _ => return Err(Gap::new(at, "the items of the list differ in their keys")),
            };
            let mut choice = Vec::new();
            for (name, part) in names.iter().zip(parts) {
                choice.push((name.clone(), self.written(part, at)?));
            }
            choices.push(choice);
        }
        let kind = |value: Option<&Value>| match value {
            Some(Value::Number(_)) => Kind::Number,
            Some(Value::Boolean(_)) => Kind::Either,
            _ => Kind::Text,
        };
        let picked = match items.first() {
            Some(Value::Map(pairs)) => Value::Map(
                pairs
                    .iter()
                    .zip(&names)
                    .map(|((key, value), name)| (key.clone(), Value::hole(name.clone(), kind(Some(value)))))
                    .collect(),
            ),
            first => Value::hole(names[0].clone(), kind(first)),
        };
        self.kept.push(Kept { name: String::new(), value: Some(KeptValue::OneOf(choices)) });
        self.step(Step::Kept(self.kept.len() - 1))?;
        Ok(picked)
    }

    /// A value that gets a name: a draw can be kept under it, and a pick is known by it.
    pub(super) fn named(&mut self, name: &str, value: Value) -> Known<Value> {
        self.hint(name, &value);
        match value {
            Value::Random(draw) if draw.kept.is_none() && self.is_running => {
                self.kept.push(Kept { name: name.to_owned(), value: None });
                let kept = self.kept.len() - 1;
                self.step(Step::Kept(kept))?;
                Ok(Value::Random(Draw { kept: Some(kept), ..draw }))
            }
            other => Ok(other),
        }
    }
}
