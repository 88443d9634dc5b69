//! Numbered points: each can be found in a request's body and on the server. The number is in the time, so that a
//! point that the server must refuse has one, too.

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

/// Line protocol.
pub(crate) fn lines(first: u64, end: u64, is_mixed: bool) -> String {
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
pub(crate) fn numbers_of_lines(body: &[u8]) -> Vec<u64> {
    let text = std::str::from_utf8(body).unwrap();
    let number = |line: &str| {
        let time: u64 = line.rsplit(' ').next().unwrap().parse().unwrap();
        time / 1_000_000 - BASE_MS
    };
    text.lines().map(number).collect()
}
