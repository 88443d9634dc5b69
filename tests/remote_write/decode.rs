//! A decoder of both versions' requests that shares nothing with the encoder.
//!
//! Source: prometheus/prometheus `prompb/remote.proto`, `prompb/types.proto`, `prompb/io/prometheus/write/v2/types.proto`.

use std::collections::BTreeMap;

use podometer::encode::Batch;
use podometer::encode::remote_write::Version;

pub(crate) const STALE: u64 = 0x7ff0_0000_0000_0002;

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Request {
    pub(crate) series: Vec<Series>,
    /// By family: type, help and unit.
    pub(crate) metadata: BTreeMap<String, (u64, String, String)>,
    pub(crate) symbols: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Series {
    pub(crate) labels: Vec<(String, String)>,
    /// Bits of the value, so that stale markers can be told from other NaNs.
    pub(crate) sample: Option<(u64, i64)>,
    pub(crate) histogram: Option<Histogram>,
    /// Of the sample or histogram, and of the series.
    pub(crate) created: [Option<i64>; 2],
    pub(crate) metadata: Option<(u64, String, String)>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Histogram {
    pub(crate) count: u64,
    pub(crate) sum: f64,
    pub(crate) schema: i64,
    pub(crate) zero_threshold: f64,
    pub(crate) zero_count: u64,
    /// Bucket index and its own count, from spans and deltas.
    pub(crate) native: Vec<(i64, i64)>,
    pub(crate) at_ms: i64,
}

impl Series {
    pub(crate) fn name(&self) -> &str {
        self.label("__name__")
    }

    /// Empty where there is none.
    pub(crate) fn label(&self, name: &str) -> &str {
        self.labels.iter().find(|(label, _)| label == name).map_or("", |(_, value)| value)
    }

    pub(crate) fn is_stale(&self) -> bool {
        let sum = |histogram: &Histogram| histogram.sum.to_bits() == STALE;
        self.sample.is_some_and(|(bits, _)| bits == STALE) || self.histogram.as_ref().is_some_and(sum)
    }

    pub(crate) fn value(&self) -> f64 {
        f64::from_bits(self.sample.unwrap().0)
    }

    pub(crate) fn at_ms(&self) -> i64 {
        self.sample.map_or_else(|| self.histogram.as_ref().unwrap().at_ms, |(_, at)| at)
    }
}

/// All series of all requests.
pub(crate) fn series(version: Version, batches: &[Batch]) -> Vec<Series> {
    batches.iter().flat_map(|batch| request(version, &batch.body).series).collect()
}

pub(crate) fn request(version: Version, body: &[u8]) -> Request {
    match version {
        Version::V1 => request_v1(body),
        Version::V2 => request_v2(body),
    }
}

enum Value<'a> {
    Varint(u64),
    Double(u64),
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

    fn bits(self) -> u64 {
        let Value::Double(bits) = self else { panic!("not a double") };
        bits
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

fn varints(mut input: &[u8]) -> Vec<u64> {
    let mut numbers = Vec::new();
    while !input.is_empty() {
        numbers.push(varint(&mut input));
    }
    numbers
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
                Value::Double(u64::from_le_bytes(bytes.try_into().unwrap()))
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

fn request_v1(body: &[u8]) -> Request {
    let mut request = Request::default();
    for (field, value) in fields(body) {
        match field {
            1 => request.series.push(series_v1(value.bytes())),
            3 => {
                let (mut name, mut metadata) = (String::new(), (0, String::new(), String::new()));
                for (field, value) in fields(value.bytes()) {
                    match field {
                        1 => metadata.0 = value.varint(),
                        2 => name = value.text(),
                        4 => metadata.1 = value.text(),
                        5 => metadata.2 = value.text(),
                        other => panic!("MetricMetadata has no field {other}"),
                    }
                }
                assert_eq!(request.metadata.insert(name, metadata), None, "told twice");
            }
            other => panic!("WriteRequest has no field {other}"),
        }
    }
    request
}

fn series_v1(message: &[u8]) -> Series {
    let mut series = Series::default();
    for (field, value) in fields(message) {
        match field {
            1 => {
                let mut pair = fields(value.bytes()).into_iter().map(|(_, text)| text.text());
                series.labels.push((pair.next().unwrap(), pair.next().unwrap()));
            }
            2 => sample(&mut series, value.bytes()),
            4 => histogram(&mut series, value.bytes()),
            other => panic!("TimeSeries has no field {other}"),
        }
    }
    series
}

fn request_v2(body: &[u8]) -> Request {
    let mut request = Request::default();
    for (field, value) in fields(body) {
        match field {
            4 => request.symbols.push(value.text()),
            5 => {
                let series = series_v2(value.bytes(), &request.symbols);
                request.series.push(series);
            }
            other => panic!("Request has no field {other}"),
        }
    }
    request
}

fn series_v2(message: &[u8], symbols: &[String]) -> Series {
    let mut series = Series::default();
    let text = |number: u64| symbols[number as usize].clone();
    for (field, value) in fields(message) {
        match field {
            1 => {
                let numbers = varints(value.bytes());
                series.labels = numbers.chunks(2).map(|pair| (text(pair[0]), text(pair[1]))).collect();
            }
            2 => sample(&mut series, value.bytes()),
            3 => histogram(&mut series, value.bytes()),
            5 => {
                let mut metadata = (0, String::new(), String::new());
                for (field, value) in fields(value.bytes()) {
                    match field {
                        1 => metadata.0 = value.varint(),
                        3 => metadata.1 = text(value.varint()),
                        4 => metadata.2 = text(value.varint()),
                        other => panic!("Metadata has no field {other}"),
                    }
                }
                series.metadata = Some(metadata);
            }
            6 => series.created[1] = Some(value.varint() as i64),
            other => panic!("TimeSeries has no field {other}"),
        }
    }
    series
}

fn sample(series: &mut Series, message: &[u8]) {
    let (mut bits, mut at) = (0, 0);
    for (field, value) in fields(message) {
        match field {
            1 => bits = value.bits(),
            2 => at = value.varint() as i64,
            3 => series.created[0] = Some(value.varint() as i64),
            other => panic!("Sample has no field {other}"),
        }
    }
    assert_eq!(series.sample.replace((bits, at)), None, "one sample a series");
}

fn histogram(series: &mut Series, message: &[u8]) {
    let mut histogram = Histogram::default();
    let (mut indexes, mut next, mut counts, mut last) = (Vec::new(), 0, Vec::new(), 0);
    for (field, value) in fields(message) {
        match field {
            1 => histogram.count = value.varint(),
            3 => histogram.sum = f64::from_bits(value.bits()),
            4 => histogram.schema = signed(value.varint()),
            5 => histogram.zero_threshold = f64::from_bits(value.bits()),
            6 => histogram.zero_count = value.varint(),
            11 => {
                let mut span = fields(value.bytes()).into_iter().map(|(_, number)| number.varint());
                let (offset, length) = (signed(span.next().unwrap()), span.next().unwrap() as i64);
                indexes.extend(next + offset..next + offset + length);
                next += offset + length;
            }
            12 => {
                for delta in varints(value.bytes()) {
                    last += signed(delta);
                    counts.push(last);
                }
            }
            15 => histogram.at_ms = value.varint() as i64,
            17 => series.created[0] = Some(value.varint() as i64),
            other => panic!("Histogram has no field {other}"),
        }
    }
    assert_eq!(indexes.len(), counts.len(), "as many counts as the spans have buckets");
    histogram.native = indexes.into_iter().zip(counts).collect();
    assert_eq!(series.histogram.replace(histogram), None, "one histogram a series");
}
