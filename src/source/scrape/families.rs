//! A page of metrics, text 0.0.4 or OpenMetrics, becomes families of series.
//!
//! Lenient line by line: one that cannot be read loses itself alone and is counted. A counter keeps the name of its
//! samples, so that a server that turns to OpenMetrics writes on in the same series.
//! Sources: Prometheus, text-based format 0.0.4; OpenMetrics 1.0.

use std::borrow::Cow;
use std::collections::HashMap;

use self::declared::{Declared, Part, Role};
use crate::model::scraped::{Family, FamilyKind, Parsed, Series, SeriesValue, Spread};
use crate::source::exposition::{Dialect, Sample};

/// What TYPE lines say, and what that makes of a sample's name.
mod declared;

/// More labels of one series are a mistake of its maker.
const MAX_LABELS: usize = 64;
/// The most buckets or quantiles of one series.
const MAX_PARTS: usize = 512;

/// Reads a page, at most `max_samples` samples of it.
pub fn parse_exposition(text: &[u8], max_samples: usize) -> Parsed<Vec<Family>> {
    // Without the line end that both forms demand, the last line may hold half of a number.
    let whole = memchr::memrchr(b'\n', text).map_or(0, |end| end + 1);
    let (lines, rest) = text.split_at(whole);
    let is_end = |line: &[u8]| line.trim_ascii() == b"# EOF";
    let last = lines.trim_ascii_end().rsplit(|byte| *byte == b'\n').next();
    let is_openmetrics = is_end(rest) || (rest.trim_ascii().is_empty() && last.is_some_and(is_end));
    let dialect = if is_openmetrics { Dialect::OpenMetrics } else { Dialect::Text };
    let mut builder = Builder { declared: Declared::new(dialect), max_samples, ..Builder::default() };
    for line in lines.split(|byte| *byte == b'\n') {
        match Sample::parse_as(line, dialect) {
            None => builder.declared.comment(line),
            Some(Err(_)) => builder.faults += 1,
            Some(Ok(sample)) => match builder.take(&sample) {
                Some(true) => builder.samples += 1,
                // A sample that says nothing about the values, such as when a counter began.
                Some(false) => {}
                None => builder.faults += 1,
            },
        }
    }
    builder.faults += u64::from(!rest.trim_ascii().is_empty() && !is_end(rest));
    // What was refused may have opened a family that stayed empty.
    builder.families.retain(|family| !family.series.is_empty());
    Parsed { value: builder.families, samples: builder.samples, faults: builder.faults }
}

type Labels<'a> = Vec<(&'a str, Cow<'a, str>)>;

#[derive(Default)]
struct Builder<'a> {
    declared: Declared<'a>,
    max_samples: usize,
    families: Vec<Family>,
    places: HashMap<(&'a str, FamilyKind), usize>,
    /// Where the series with these labels is in its family.
    series: HashMap<(usize, Box<[u8]>), usize>,
    samples: u64,
    faults: u64,
}

impl<'a> Builder<'a> {
    /// `None` where the sample cannot be taken, `Some(false)` where it need not.
    fn take(&mut self, sample: &Sample<'a>) -> Option<bool> {
        let name = std::str::from_utf8(sample.name).ok().filter(|name| is_name(name, true))?;
        let Role { family, kind, part } = self.declared.role(name);
        if part == Part::Created {
            return Some(false);
        }
        if self.samples >= self.max_samples as u64 {
            return None;
        }
        let value: f64 = std::str::from_utf8(sample.value).ok()?.parse().ok()?;
        let mut labels = labels_of(sample)?;
        let bound = match part.label() {
            Some(name) => {
                let place = labels.iter().position(|(label, _)| *label == name)?;
                let bound: f64 = labels.remove(place).1.parse().ok()?;
                Some(bound).filter(|bound| !bound.is_nan())
            }
            None => None,
        };
        let place = self.family(family, kind);
        let series = self.series(place, &labels, sample.at_ms, part == Part::Single);
        let value_of = &mut self.families[place].series[series.place].value;
        match value_of {
            SeriesValue::Single(number) if series.is_new => *number = value,
            SeriesValue::Single(_) => return None,
            SeriesValue::Spread(spread) => match part {
                Part::Sum => set_once(&mut spread.sum, value)?,
                Part::Count => set_once(&mut spread.count, value)?,
                _ => {
                    let bound = bound?;
                    // Each bound once: they become names of fields.
                    let is_known = spread.parts.iter().any(|(known, _)| known.to_bits() == bound.to_bits());
                    if is_known || spread.parts.len() >= MAX_PARTS {
                        return None;
                    }
                    spread.parts.push((bound, value));
                }
            },
        }
        Some(true)
    }

    fn family(&mut self, name: &'a str, kind: FamilyKind) -> usize {
        let families = &mut self.families;
        *self.places.entry((name, kind)).or_insert_with(|| {
            families.push(Family { name: name.into(), kind, series: Vec::new() });
            families.len() - 1
        })
    }

    fn series(&mut self, family: usize, labels: &Labels<'_>, at_ms: Option<i64>, is_single: bool) -> Found {
        let mut key = Vec::new();
        for (name, value) in labels {
            // No UTF-8 text holds this byte.
            for part in [name, value.as_ref()] {
                key.extend_from_slice(part.as_bytes());
                key.push(0xff);
            }
        }
        let all = &mut self.families[family].series;
        let next = all.len();
        let place = *self.series.entry((family, key.into())).or_insert(next);
        if place == next {
            let owned = labels.iter().map(|(name, value)| ((*name).into(), value.as_ref().into()));
            let value = if is_single {
                SeriesValue::Single(f64::NAN)
            } else {
                SeriesValue::Spread(Spread::default())
            };
            all.push(Series { labels: owned.collect(), at_ms, value });
        }
        Found { place, is_new: place == next }
    }
}

struct Found {
    place: usize,
    is_new: bool,
}

/// Sorted by name; `None` where one has no proper name or stands twice.
fn labels_of<'a>(sample: &Sample<'a>) -> Option<Labels<'a>> {
    let mut labels: Labels<'a> = Vec::new();
    let mut is_sound = true;
    let read = sample.labels(|name, value| match std::str::from_utf8(name) {
        Ok(name) if is_name(name, false) && labels.len() < MAX_LABELS => labels.push((name, value)),
        _ => is_sound = false,
    });
    labels.sort_unstable();
    let is_twice = labels.windows(2).any(|pair| pair[0].0 == pair[1].0);
    (read.is_ok() && is_sound && !is_twice).then_some(labels)
}

fn set_once(place: &mut Option<f64>, value: f64) -> Option<()> {
    if place.is_some() {
        return None;
    }
    *place = Some(value);
    Some(())
}

/// Letters, digits and underscores, no digit first; a metric's name may also have colons.
fn is_name(name: &str, is_metric: bool) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_' || (is_metric && byte == b':');
    name.bytes().next().is_some_and(is_letter)
        && name.bytes().all(|byte| is_letter(byte) || byte.is_ascii_digit())
}

#[cfg(test)]
#[path = "families_tests.rs"]
mod tests;
