//! Cuts a request that a server refused into two.

use bytes::Bytes;

use super::encoder::Version;
use super::{v1, v2};
use crate::encode::Batch;
use crate::encode::wire::Fields;

/// How a request is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Into halves.
    Halves,
    /// Native histograms and everything else, which comes first.
    Histograms,
}

/// Two requests that hold every series of this one once, with its points; in version 2 both have all symbols.
///
/// `None` where one of the two would have no series, and for what is not a request of this version.
pub fn split(version: Version, body: &Bytes, part: Part) -> Option<[Batch; 2]> {
    let form = Form::of(version);
    let mut fields = Fields::of(body);
    let total = fields.by_ref().filter(|field| field.number == form.series).count();
    if !fields.is_done() {
        return None;
    }
    let mut parts = [Half::default(), Half::default()];
    let mut place = 0;
    for field in Fields::of(body) {
        let whole = &body[field.range];
        if field.number != form.series {
            // Metadata of version 1 is told once; without symbols a series means nothing.
            let of = if form.symbols == Some(field.number) { 0..2 } else { 0..1 };
            for part in &mut parts[of] {
                part.body.extend_from_slice(whole);
            }
            continue;
        }
        let histograms = count(field.content, form.histograms);
        let is_second = match part {
            Part::Halves => place >= total / 2,
            Part::Histograms => histograms > 0,
        };
        place += 1;
        let part = &mut parts[usize::from(is_second)];
        part.body.extend_from_slice(whole);
        part.series += 1;
        part.points += histograms + count(field.content, form.samples);
    }
    let is_cut = parts.iter().all(|part| part.series > 0);
    is_cut.then(|| parts.map(|part| Batch { body: part.body.into(), points: part.points }))
}

#[derive(Debug, Default)]
struct Half {
    body: Vec<u8>,
    series: usize,
    points: u64,
}

/// Field numbers of a version.
struct Form {
    series: u32,
    symbols: Option<u32>,
    samples: u32,
    histograms: u32,
}

impl Form {
    const fn of(version: Version) -> Form {
        match version {
            Version::V1 => {
                Form { series: v1::SERIES, symbols: None, samples: v1::SAMPLES, histograms: v1::HISTOGRAMS }
            }
            Version::V2 => Form {
                series: v2::SERIES,
                symbols: Some(v2::SYMBOLS),
                samples: v2::SAMPLES,
                histograms: v2::HISTOGRAMS,
            },
        }
    }
}

fn count(series: &[u8], number: u32) -> u64 {
    Fields::of(series).filter(|field| field.number == number).count() as u64
}
