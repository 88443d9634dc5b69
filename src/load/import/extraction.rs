//! Values out of answers, under names that later steps use.

use super::findings::{Gap, Known};
use super::translator::Translator;
use super::tree::Extent;
use super::value::{Part, Value, escaped};
use super::yaml::Yaml;

impl Translator<'_> {
    /// The variable that a part of an answer is kept in.
    pub(super) fn extracted(&mut self, request: usize, part: &Part, at: Extent) -> Known<String> {
        let known = self.extracted.iter().find(|(of, known, _)| *of == request && known == part);
        if let Some((_, _, name)) = known {
            return Ok(name.clone());
        }
        let source = match part {
            Part::Json(path) => Yaml::text(path.clone()),
            Part::Header(name) => Yaml::text(format!("header {}", escaped(name))),
            Part::Status => Yaml::text("status"),
            Part::Body => Yaml::text("body"),
            _ => return Err(Gap::new(at, "this of an answer cannot be kept for later")),
        };
        let hint = self.hints.iter().find(|(of, known, _)| *of == request && known == part);
        let hint = hint.map_or_else(|| name_of(part), |(_, _, name)| name.clone());
        let name = self.variable(&hint);
        self.requests[request].extract.push((name.clone(), source));
        self.extracted.push((request, part.clone(), name.clone()));
        Ok(name)
    }

    /// Remembers what the script calls a value.
    pub(super) fn hint(&mut self, name: &str, value: &Value) {
        if let Value::Part(request, part) = value
            && !self.hints.iter().any(|(of, known, _)| of == request && known == part)
        {
            self.hints.push((*request, part.clone(), name.to_owned()));
        }
    }
}

fn name_of(part: &Part) -> String {
    match part {
        Part::Json(path) => {
            let last =
                path.rsplit(['.', '[', ']', '\'']).find(|part| part.starts_with(|c: char| c.is_alphabetic()));
            last.unwrap_or("value").to_owned()
        }
        Part::Header(name) => name.to_ascii_lowercase().replace('-', "_"),
        Part::Status => "status".to_owned(),
        _ => "body".to_owned(),
    }
}
