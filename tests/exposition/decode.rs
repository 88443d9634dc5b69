//! A decoder of delimited MetricFamily messages that shares nothing with the encoder.

use std::fmt::Write as _;

/// A decoded family.
#[derive(Debug)]
pub(crate) struct Family {
    pub(crate) name: String,
    pub(crate) help: String,
    pub(crate) kind: u64,
    pub(crate) unit: String,
    pub(crate) metrics: Vec<Metric>,
}

#[derive(Debug, Default)]
pub(crate) struct Metric {
    pub(crate) labels: Vec<(String, String)>,
    pub(crate) value: Option<f64>,
    pub(crate) created: Option<f64>,
    pub(crate) timestamp_ms: Option<u64>,
    pub(crate) histogram: Option<Histogram>,
}

#[derive(Debug, Default)]
pub(crate) struct Histogram {
    pub(crate) count: u64,
    pub(crate) sum: f64,
    /// Cumulative count and upper bound.
    pub(crate) classic: Vec<(u64, f64)>,
    pub(crate) schema: i64,
    pub(crate) zero_threshold: f64,
    pub(crate) zero_count: u64,
    /// Bucket index and its own count, from spans and deltas.
    pub(crate) native: Vec<(i64, i64)>,
}

enum Value<'a> {
    Varint(u64),
    Double(f64),
    Bytes(&'a [u8]),
}

impl<'a> Value<'a> {
    fn bytes(self) -> &'a [u8] {
        let Value::Bytes(bytes) = self else { panic!("not a length-delimited field") };
        bytes
    }

    fn text(self) -> String {
        String::from_utf8(self.bytes().to_vec()).unwrap()
    }

    fn varint(self) -> u64 {
        let Value::Varint(number) = self else { panic!("not a varint") };
        number
    }

    fn double(self) -> f64 {
        let Value::Double(number) = self else { panic!("not a double") };
        number
    }
}

fn varint(input: &mut &[u8]) -> u64 {
    let (mut number, mut shift) = (0, 0);
    loop {
        let (&byte, rest) = input.split_first().expect("varint is cut");
        *input = rest;
        number |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            return number;
        }
    }
}

fn signed(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

fn fields(mut input: &[u8]) -> Vec<(u64, Value<'_>)> {
    let mut found = Vec::new();
    while !input.is_empty() {
        let key = varint(&mut input);
        let value = match key & 7 {
            0 => Value::Varint(varint(&mut input)),
            1 => {
                let (bytes, rest) = input.split_at(8);
                input = rest;
                Value::Double(f64::from_le_bytes(bytes.try_into().unwrap()))
            }
            2 => {
                let len = varint(&mut input) as usize;
                let (bytes, rest) = input.split_at(len);
                input = rest;
                Value::Bytes(bytes)
            }
            wire => panic!("wire type {wire}"),
        };
        found.push((key >> 3, value));
    }
    found
}

/// All families of a delimited stream.
pub(crate) fn families(mut input: &[u8]) -> Vec<Family> {
    let mut found = Vec::new();
    while !input.is_empty() {
        let len = varint(&mut input) as usize;
        let (message, rest) = input.split_at(len);
        input = rest;
        found.push(family(message));
    }
    found
}

fn family(message: &[u8]) -> Family {
    let mut family = Family {
        name: String::new(),
        help: String::new(),
        kind: 99,
        unit: String::new(),
        metrics: Vec::new(),
    };
    for (field, value) in fields(message) {
        match field {
            1 => family.name = value.text(),
            2 => family.help = value.text(),
            3 => family.kind = value.varint(),
            4 => family.metrics.push(metric(value.bytes())),
            5 => family.unit = value.text(),
            other => panic!("MetricFamily has no field {other}"),
        }
    }
    family
}

fn metric(message: &[u8]) -> Metric {
    let mut metric = Metric::default();
    for (field, value) in fields(message) {
        match field {
            1 => {
                let mut pair = fields(value.bytes()).into_iter().map(|(_, text)| text.text());
                metric.labels.push((pair.next().unwrap(), pair.next().unwrap()));
            }
            2 | 3 => {
                for (field, value) in fields(value.bytes()) {
                    match field {
                        1 => metric.value = Some(value.double()),
                        3 => metric.created = Some(time(value.bytes())),
                        other => panic!("Counter and Gauge have no field {other}"),
                    }
                }
            }
            6 => metric.timestamp_ms = Some(value.varint()),
            7 => {
                let (histogram, created) = histogram(value.bytes());
                metric.histogram = Some(histogram);
                metric.created = created;
            }
            other => panic!("Metric has no field {other}"),
        }
    }
    metric
}

fn time(message: &[u8]) -> f64 {
    fields(message).into_iter().fold(0.0, |sum, (field, value)| match field {
        1 => sum + value.varint() as f64,
        _ => sum + value.varint() as f64 / 1e9,
    })
}

fn histogram(message: &[u8]) -> (Histogram, Option<f64>) {
    let (mut histogram, mut created) = (Histogram::default(), None);
    let (mut spans, mut deltas) = (Vec::new(), Vec::new());
    for (field, value) in fields(message) {
        match field {
            1 => histogram.count = value.varint(),
            2 => histogram.sum = value.double(),
            3 => {
                let mut bucket = fields(value.bytes()).into_iter().map(|(_, value)| value);
                histogram.classic.push((bucket.next().unwrap().varint(), bucket.next().unwrap().double()));
            }
            5 => histogram.schema = signed(value.varint()),
            6 => histogram.zero_threshold = value.double(),
            7 => histogram.zero_count = value.varint(),
            12 => {
                let mut span = fields(value.bytes()).into_iter().map(|(_, value)| value.varint());
                spans.push((signed(span.next().unwrap()), span.next().unwrap()));
            }
            13 => {
                let mut packed = value.bytes();
                while !packed.is_empty() {
                    deltas.push(signed(varint(&mut packed)));
                }
            }
            15 => created = Some(time(value.bytes())),
            other => panic!("Histogram has no field {other}"),
        }
    }
    let (mut index, mut count, mut deltas) = (0, 0, deltas.into_iter());
    for (offset, length) in spans {
        index += offset;
        for _ in 0..length {
            count += deltas.next().expect("fewer deltas than buckets");
            histogram.native.push((index, count));
            index += 1;
        }
    }
    assert_eq!(deltas.next(), None, "more deltas than buckets");
    (histogram, created)
}

/// The decoded families as lines.
pub(crate) fn render(families: &[Family]) -> String {
    let mut out = String::new();
    for family in families {
        writeln!(out, "{} kind {} unit {:?}: {}", family.name, family.kind, family.unit, family.help)
            .unwrap();
        for metric in &family.metrics {
            out.push_str("  {");
            for (name, value) in &metric.labels {
                write!(out, "{name}={value:?},").unwrap();
            }
            out.push('}');
            if let Some(value) = metric.value {
                write!(out, " {value}").unwrap();
            }
            if let Some(histogram) = &metric.histogram {
                write!(out, " {histogram:?}").unwrap();
            }
            if let Some(created) = metric.created {
                write!(out, " created {created}").unwrap();
            }
            if let Some(ms) = metric.timestamp_ms {
                write!(out, " @{ms}").unwrap();
            }
            out.push('\n');
        }
    }
    out
}
