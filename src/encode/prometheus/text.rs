//! Text 0.0.4 and OpenMetrics 1.0: one line a sample.
//!
//! They differ in the name of a counter's family, the unit line, `_created` samples, the timestamp's unit and
//! the end mark. Sources: Prometheus "Exposition formats"; OpenMetrics 1.0.

use crate::encode::schema::Kind;
use crate::encode::schema::family::{Number, metadata_unit};
use crate::model::histogram::NativeHistogram;
use crate::model::stamp::Stamp;

use super::encoder::{Dialect, Row};
use super::labels::Syntax;

/// Bounds of the classic buckets: powers of two, each an exact bound of the native histogram.
pub(in crate::encode) const CLASSIC_BOUNDS: [(i32, &str); 17] = [
    (-10, "0.0009765625"),
    (-9, "0.001953125"),
    (-8, "0.00390625"),
    (-7, "0.0078125"),
    (-6, "0.015625"),
    (-5, "0.03125"),
    (-4, "0.0625"),
    (-3, "0.125"),
    (-2, "0.25"),
    (-1, "0.5"),
    (0, "1.0"),
    (1, "2.0"),
    (2, "4.0"),
    (3, "8.0"),
    (4, "16.0"),
    (5, "32.0"),
    (6, "64.0"),
];

/// Writes lines.
#[derive(Debug, Default)]
pub(super) struct Text {
    open_metrics: bool,
    /// The name of the family's plain sample.
    sample: Vec<u8>,
    /// The family's name without a counter's suffix.
    base: Vec<u8>,
}

impl Text {
    pub(super) fn new(open_metrics: bool) -> Text {
        Text { open_metrics, ..Text::default() }
    }

    fn labels(out: &mut Vec<u8>, row: &Row<'_>, last: Option<(&str, &str)>) {
        if row.labels.is_empty() && row.extra.is_empty() && last.is_none() {
            return;
        }
        out.push(b'{');
        // Every label ends in a comma, so that more can follow; OpenMetrics allows none before the brace.
        out.extend_from_slice(row.labels);
        for (name, value) in row.extra.iter().chain(last.as_ref()) {
            push_label(out, name, value);
        }
        if out.last() == Some(&b',') {
            out.pop();
        }
        out.push(b'}');
    }

    fn end_line(&self, out: &mut Vec<u8>, stamp: Option<Stamp>) {
        if let Some(stamp) = stamp {
            let milliseconds = stamp.wall_ms();
            out.push(b' ');
            if self.open_metrics {
                push_integer(out, (milliseconds / 1000).unsigned_abs());
                out.push(b'.');
                let rest = (milliseconds % 1000).unsigned_abs();
                out.extend_from_slice(&[
                    b'0' + (rest / 100) as u8,
                    b'0' + (rest / 10 % 10) as u8,
                    b'0' + (rest % 10) as u8,
                ]);
            } else {
                out.extend_from_slice(itoa::Buffer::new().format(milliseconds).as_bytes());
            }
        }
        out.push(b'\n');
    }

    fn sample(
        &self,
        out: &mut Vec<u8>,
        suffix: &str,
        row: &Row<'_>,
        last: Option<(&str, &str)>,
        number: Number,
    ) {
        out.extend_from_slice(&self.base);
        out.extend_from_slice(suffix.as_bytes());
        Text::labels(out, row, last);
        out.push(b' ');
        push_number(out, number);
        self.end_line(out, row.stamp);
    }

    fn created(&self, out: &mut Vec<u8>, row: &Row<'_>) {
        if let (true, Some(created)) = (self.open_metrics, row.created) {
            self.sample(out, "_created", &Row { stamp: None, ..*row }, None, Number::Float(created));
        }
    }
}

impl Dialect for Text {
    const SYNTAX: Syntax = Syntax::Text;

    fn begin(&mut self, out: &mut Vec<u8>, name: &'static str, help: &'static str, kind: Kind) {
        let base = match kind {
            Kind::Counter => name.strip_suffix("_total").unwrap_or(name),
            Kind::Gauge | Kind::Histogram => name,
        };
        let family = if self.open_metrics { base } else { name };
        for (word, text) in [("HELP", help), ("TYPE", kind_name(kind))] {
            for part in ["# ", word, " ", family, " "] {
                out.extend_from_slice(part.as_bytes());
            }
            push_escaped(out, text, self.open_metrics);
            out.push(b'\n');
        }
        if let (true, Some(unit)) = (self.open_metrics, metadata_unit(name)) {
            for part in ["# UNIT ", family, " ", unit, "\n"] {
                out.extend_from_slice(part.as_bytes());
            }
        }
        self.sample.clear();
        self.sample.extend_from_slice(name.as_bytes());
        self.base.clear();
        self.base.extend_from_slice(base.as_bytes());
    }

    fn row(&mut self, out: &mut Vec<u8>, kind: Kind, row: &Row<'_>, number: Number) {
        out.reserve(self.sample.len() + row.labels.len() + 64);
        out.extend_from_slice(&self.sample);
        Text::labels(out, row, None);
        out.push(b' ');
        push_number(out, number);
        self.end_line(out, row.stamp);
        if kind == Kind::Counter {
            self.created(out, row);
        }
    }

    fn histogram(&mut self, out: &mut Vec<u8>, row: &Row<'_>, histogram: &NativeHistogram) {
        for (count, (_, bound)) in classic_counts(histogram).into_iter().zip(CLASSIC_BOUNDS) {
            self.sample(out, "_bucket", row, Some(("le", bound)), Number::Integer(count));
        }
        self.sample(out, "_bucket", row, Some(("le", "+Inf")), Number::Integer(histogram.count));
        self.sample(out, "_count", row, None, Number::Integer(histogram.count));
        self.sample(out, "_sum", row, None, Number::Float(histogram.sum));
        self.created(out, row);
    }

    fn end(&mut self, _: &mut Vec<u8>) {}

    fn finish(&mut self, out: &mut Vec<u8>) {
        if self.open_metrics {
            out.extend_from_slice(b"# EOF\n");
        }
    }
}

/// The cumulative counts of [`CLASSIC_BOUNDS`], in one pass.
pub(in crate::encode) fn classic_counts(histogram: &NativeHistogram) -> [u64; CLASSIC_BOUNDS.len()] {
    use crate::model::histogram::FIRST_INDEX;
    let mut counts = [0; CLASSIC_BOUNDS.len()];
    let (mut total, mut next) = (histogram.zero_count, 0);
    for ((power, _), count) in CLASSIC_BOUNDS.iter().zip(&mut counts) {
        let end = (power * 8 - FIRST_INDEX + 1) as usize;
        total += histogram.counts[next..end].iter().map(|&count| u64::from(count)).sum::<u64>();
        next = end;
        *count = total;
    }
    counts
}

/// Appends `name="value",`.
pub(super) fn push_label(out: &mut Vec<u8>, name: &str, value: &str) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"=\"");
    push_escaped(out, value, true);
    out.extend_from_slice(b"\",");
}

fn push_escaped(out: &mut Vec<u8>, text: &str, quotes: bool) {
    let special = |byte: &u8| matches!(byte, b'\\' | b'\n') || (quotes && *byte == b'"');
    if !text.as_bytes().iter().any(special) {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    for &byte in text.as_bytes() {
        match byte {
            b'\n' => out.extend_from_slice(b"\\n"),
            _ if special(&byte) => out.extend_from_slice(&[b'\\', byte]),
            _ => out.push(byte),
        }
    }
}

fn push_number(out: &mut Vec<u8>, number: Number) {
    match number {
        Number::Integer(number) => push_integer(out, number),
        Number::Micros(usec) => push_seconds(out, usec),
        Number::Float(number) if number.is_finite() => {
            out.extend_from_slice(zmij::Buffer::new().format_finite(number).as_bytes());
        }
        Number::Float(number) if number.is_nan() => out.extend_from_slice(b"NaN"),
        Number::Float(number) => out.extend_from_slice(if number > 0.0 { b"+Inf" } else { b"-Inf" }),
    }
}

fn push_integer(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Microseconds as seconds, to the last digit and without trailing zeros.
fn push_seconds(out: &mut Vec<u8>, usec: u64) {
    push_integer(out, usec / 1_000_000);
    let mut rest = usec % 1_000_000;
    if rest == 0 {
        return;
    }
    let mut digits = *b".000000";
    for digit in digits[1..].iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    let end = digits.iter().rposition(|&digit| digit != b'0').map_or(0, |last| last + 1);
    out.extend_from_slice(&digits[..end]);
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Histogram => "histogram",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(number: Number) -> String {
        let mut out = Vec::new();
        push_number(&mut out, number);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_are_written_exactly() {
        for (number, text) in [
            (Number::Integer(u64::MAX), "18446744073709551615"),
            (Number::Micros(0), "0"),
            (Number::Micros(1), "0.000001"),
            (Number::Micros(46_169_259), "46.169259"),
            (Number::Micros(419_500), "0.4195"),
            (Number::Micros(2_000_000), "2"),
            (Number::Float(0.25), "0.25"),
            (Number::Float(f64::NAN), "NaN"),
            (Number::Float(f64::INFINITY), "+Inf"),
            (Number::Float(f64::NEG_INFINITY), "-Inf"),
        ] {
            assert_eq!(written(number), text);
            if let Number::Micros(_) = number {
                assert_eq!(
                    text.parse::<f64>().unwrap().to_bits(),
                    number.as_f64().to_bits(),
                    "protobuf says the same"
                );
            }
        }
    }

    #[test]
    fn label_values_cannot_leave_their_quotes() {
        let mut out = Vec::new();
        push_label(&mut out, "pod", "a\"b\\c\nd");
        assert_eq!(out, br#"pod="a\"b\\c\nd","#);
    }

    #[test]
    fn classic_counts_are_those_of_the_native_buckets() {
        let mut histogram = NativeHistogram::default();
        for cores in [0.0, 1.0 / 1024.0, 0.001, 0.5, 0.51, 1.0, 64.0, 65.0] {
            histogram.observe(cores);
        }
        let counts = classic_counts(&histogram);
        for ((power, _), count) in CLASSIC_BOUNDS.iter().zip(counts) {
            assert_eq!(count, histogram.cumulative(power * 8), "2^{power}");
        }
        assert_eq!((counts[0], counts[10], counts[16], histogram.count), (2, 6, 7, 8));
    }
}
