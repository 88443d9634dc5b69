//! Numbered points: each can be found in a request's body and on the server. The number is in the time, so that a
//! point that the server must refuse has one, too.

use std::time::SystemTime;

use podometer::encode::remote_write::Version;
use serde::{Deserialize, Serialize};

use crate::decode;

/// The time of number 0, a Tuesday: no number of a run comes to another of InfluxDB's weeks.
const BASE_MS: u64 = 1_700_000_000_000;

/// What becomes of a point at a server that refuses some.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nature {
    Good,
    /// Its field has another type than everywhere else.
    Conflict,
    /// InfluxDB 1 knows no unsigned integers.
    Unparsable,
}

pub(crate) fn nature(number: u64, is_mixed: bool) -> Nature {
    match number {
        _ if !is_mixed => Nature::Good,
        number if number % 151 == 7 => Nature::Conflict,
        number if number % 211 == 11 => Nature::Unparsable,
        _ => Nature::Good,
    }
}

pub(crate) fn time_ns(number: u64) -> u64 {
    (BASE_MS + number) * 1_000_000
}

/// How points are written, and read again from a request's unpacked body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Form {
    #[default]
    Lines,
    /// Remote write 1.0: a series for each number, since a receiver takes the samples of one in their order alone.
    Series,
    /// Prometheus text, of which a Pushgateway keeps the newest.
    Page,
}

impl Form {
    pub(crate) fn body(self, first: u64, end: u64, is_mixed: bool) -> Vec<u8> {
        match self {
            Form::Lines => lines(first, end, is_mixed).into_bytes(),
            Form::Series => (first..end).flat_map(series).collect(),
            Form::Page => (first..end)
                .map(|number| format!("chaos{{n=\"{number}\"}} {number}\n"))
                .collect::<String>()
                .into(),
        }
    }

    pub(crate) fn numbers(self, body: &[u8]) -> Vec<u64> {
        match self {
            Form::Lines => numbers_of_lines(body),
            Form::Series => {
                let request = decode::request(Version::V1, body);
                request.series.iter().map(|series| series.value() as u64).collect()
            }
            Form::Page => numbers_of_page(std::str::from_utf8(body).unwrap()),
        }
    }
}

/// The samples of a page of Prometheus text.
pub(crate) fn numbers_of_page(page: &str) -> Vec<u64> {
    let ours = page.lines().filter(|line| line.starts_with("chaos{"));
    ours.map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap() as u64).collect()
}

/// The label `r` of a number, by which a query finds those of a round.
pub(crate) fn range_of(number: u64) -> u64 {
    number >> 12
}

/// One `timeseries` of a `WriteRequest`, whose time is now.
fn series(number: u64) -> Vec<u8> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis() as u64;
    let mut series = Vec::new();
    for (name, value) in
        [("__name__", "chaos".to_owned()), ("n", number.to_string()), ("r", range_of(number).to_string())]
    {
        let mut label = Vec::new();
        field(&mut label, 1, name.as_bytes());
        field(&mut label, 2, value.as_bytes());
        field(&mut series, 1, &label);
    }
    // The value is a double, the time a varint.
    let mut sample = vec![1 << 3 | 1];
    sample.extend_from_slice(&(number as f64).to_le_bytes());
    sample.push(2 << 3);
    varint(&mut sample, now);
    field(&mut series, 2, &sample);
    let mut out = Vec::new();
    field(&mut out, 1, &series);
    out
}

fn field(out: &mut Vec<u8>, number: u8, bytes: &[u8]) {
    out.push(number << 3 | 2);
    varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Line protocol.
fn lines(first: u64, end: u64, is_mixed: bool) -> String {
    use std::fmt::Write;
    let mut out = String::new();
    for number in first..end {
        let value = match nature(number, is_mixed) {
            Nature::Good => format!("{number}i"),
            Nature::Conflict => "\"text\"".to_owned(),
            Nature::Unparsable => "1u".to_owned(),
        };
        writeln!(out, "chaos n={value} {}", time_ns(number)).unwrap();
    }
    out
}

/// The numbers in a body of line protocol.
fn numbers_of_lines(body: &[u8]) -> Vec<u64> {
    let text = std::str::from_utf8(body).unwrap();
    let number = |line: &str| {
        let time: u64 = line.rsplit(' ').next().unwrap().parse().unwrap();
        time / 1_000_000 - BASE_MS
    };
    text.lines().map(number).collect()
}
