//! What TYPE lines say, and what that makes of a sample's name: `_sum` ends a histogram's sample only where there is
//! a histogram of that name.

use std::collections::HashMap;

use crate::model::scraped::FamilyKind;
use crate::source::exposition::Dialect;

/// What a sample is of its family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Single,
    Bucket,
    Quantile,
    Sum,
    Count,
    /// When the series began, which is no value of it.
    Created,
}

impl Part {
    /// The label that tells the parts of one series apart.
    pub(super) const fn label(self) -> Option<&'static str> {
        match self {
            Part::Bucket => Some("le"),
            Part::Quantile => Some("quantile"),
            Part::Single | Part::Sum | Part::Count | Part::Created => None,
        }
    }
}

/// A sample's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Role<'a> {
    pub(super) family: &'a str,
    pub(super) kind: FamilyKind,
    pub(super) part: Part,
}

/// A type as a page spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    Counter,
    Gauge,
    Histogram,
    GaugeHistogram,
    Summary,
    /// `info` and `stateset`: gauges that are 1.
    Flag,
}

/// Ends of names, the types that have them, and what they mean there. A counter keeps its end.
const ENDS: [(&str, &[Type], Part); 8] = [
    ("_bucket", &[Type::Histogram, Type::GaugeHistogram], Part::Bucket),
    ("_count", &[Type::Histogram, Type::Summary], Part::Count),
    ("_created", &[Type::Counter, Type::Histogram, Type::Summary], Part::Created),
    ("_gcount", &[Type::GaugeHistogram], Part::Count),
    ("_gsum", &[Type::GaugeHistogram], Part::Sum),
    ("_info", &[Type::Flag], Part::Single),
    ("_sum", &[Type::Histogram, Type::Summary], Part::Sum),
    ("_total", &[Type::Counter], Part::Single),
];

/// The types of a page, as far as it was read.
#[derive(Debug)]
pub(super) struct Declared<'a> {
    dialect: Dialect,
    types: HashMap<&'a str, Type>,
}

impl Default for Declared<'_> {
    fn default() -> Self {
        Declared::new(Dialect::Text)
    }
}

impl<'a> Declared<'a> {
    pub(super) fn new(dialect: Dialect) -> Declared<'a> {
        Declared { dialect, types: HashMap::new() }
    }

    /// Takes in a comment, which may be a TYPE line.
    pub(super) fn comment(&mut self, line: &'a [u8]) {
        let Ok(line) = std::str::from_utf8(line) else { return };
        let mut words = line.split_ascii_whitespace();
        if (words.next(), words.next()) != (Some("#"), Some("TYPE")) {
            return;
        }
        let (Some(name), Some(word)) = (words.next(), words.next()) else { return };
        let is = match word {
            "counter" => Type::Counter,
            "gauge" => Type::Gauge,
            "histogram" => Type::Histogram,
            "gaugehistogram" => Type::GaugeHistogram,
            "summary" => Type::Summary,
            "info" | "stateset" => Type::Flag,
            _ => return,
        };
        self.types.insert(name, is);
    }

    pub(super) fn role(&self, name: &'a str) -> Role<'a> {
        let single = |kind| Role { family: name, kind, part: Part::Single };
        match self.types.get(name) {
            Some(Type::Counter) => return single(FamilyKind::Counter),
            Some(Type::Gauge | Type::Flag) => return single(FamilyKind::Gauge),
            Some(Type::Summary) => {
                return Role { family: name, kind: FamilyKind::Summary, part: Part::Quantile };
            }
            // A histogram's bare name is no sample of it.
            Some(Type::Histogram | Type::GaugeHistogram) => return single(FamilyKind::Untyped),
            None => {}
        }
        for (end, types, part) in ENDS {
            let Some(family) = name.strip_suffix(end) else { continue };
            let Some(is) = self.types.get(family).filter(|is| types.contains(is)) else { continue };
            // In text a counter's name is whole, and the end begins another.
            let is_of_openmetrics = !matches!(end, "_bucket" | "_count" | "_sum");
            if is_of_openmetrics && self.dialect == Dialect::Text {
                continue;
            }
            return match is {
                Type::Histogram | Type::GaugeHistogram => Role { family, kind: FamilyKind::Histogram, part },
                Type::Summary => Role { family, kind: FamilyKind::Summary, part },
                Type::Counter => Role { family: name, kind: FamilyKind::Counter, part },
                Type::Gauge | Type::Flag => single(FamilyKind::Gauge),
            };
        }
        single(FamilyKind::Untyped)
    }
}
