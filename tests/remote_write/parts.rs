//! A refused request is cut apart: every series stays, once.

use bytes::Bytes;
use podometer::encode::Batch;
use podometer::encode::remote_write::{Limits, Options, Part, Version, split};
use proptest::prelude::*;

use crate::decode::{Request, request};
use crate::page::{VERSIONS, encode, options};

fn whole(version: Version, native_histograms: bool) -> Batch {
    let limits = Limits { series: usize::MAX, bytes: usize::MAX };
    let mut batches = encode(Options { limits, native_histograms, ..options(version) });
    assert_eq!(batches.len(), 1);
    batches.remove(0)
}

/// Cuts until single series are left; the order stays.
fn leaves(version: Version, batch: Batch, found: &mut Vec<Batch>) {
    match split(version, &batch.body, Part::Halves) {
        None => found.push(batch),
        Some(parts) => {
            assert_eq!(parts[0].points + parts[1].points, batch.points);
            assert!(parts[0].points.abs_diff(parts[1].points) <= 1);
            for part in parts {
                leaves(version, part, found);
            }
        }
    }
}

#[test]
fn halves_of_halves_are_the_series_one_by_one() {
    for version in VERSIONS {
        let batch = whole(version, true);
        let expected = request(version, &batch.body);
        let mut found = Vec::new();
        leaves(version, batch, &mut found);
        let parts: Vec<Request> = found.iter().map(|part| request(version, &part.body)).collect();
        assert!(found.iter().all(|part| part.points == 1));
        let series: Vec<_> = parts.iter().flat_map(|part| part.series.clone()).collect();
        assert_eq!(series, expected.series);
        assert!(parts.iter().all(|part| part.symbols == expected.symbols));
        let metadata: usize = parts.iter().map(|part| part.metadata.len()).sum();
        assert_eq!(metadata, expected.metadata.len(), "told once");
    }
}

#[test]
fn histograms_are_parted_from_the_rest() {
    for version in VERSIONS {
        let batch = whole(version, true);
        let [rest, histograms] = split(version, &batch.body, Part::Histograms).unwrap();
        assert_eq!(rest.points + histograms.points, batch.points);
        let is_histogram = |part: &Batch| -> Vec<bool> {
            request(version, &part.body).series.iter().map(|series| series.histogram.is_some()).collect()
        };
        assert!(is_histogram(&histograms).iter().all(|is| *is));
        assert!(is_histogram(&rest).iter().all(|is| !is));
        assert!(split(version, &histograms.body, Part::Histograms).is_none());
        assert!(split(version, &whole(version, false).body, Part::Histograms).is_none());
    }
}

#[test]
fn what_is_no_request_is_not_cut() {
    for version in VERSIONS {
        let body = whole(version, true).body;
        for broken in [Bytes::new(), body.slice(..body.len() - 1), Bytes::from_static(b"m v=1i\n")] {
            for part in [Part::Halves, Part::Histograms] {
                assert!(split(version, &broken, part).is_none());
            }
        }
    }
    let v1 = whole(Version::V1, true).body;
    assert!(split(Version::V2, &v1, Part::Halves).is_none(), "no series of the other version");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn no_bytes_make_it_fail(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let body = Bytes::from(bytes);
        for version in VERSIONS {
            for part in [Part::Halves, Part::Histograms] {
                if let Some(parts) = split(version, &body, part) {
                    prop_assert!(parts.iter().all(|part| part.body.len() < body.len()));
                }
            }
        }
    }

    #[test]
    fn both_halves_can_be_read(series in 2usize..40, native_histograms: bool) {
        for version in VERSIONS {
            let limits = Limits { series, bytes: usize::MAX };
            for batch in encode(Options { limits, native_histograms, ..options(version) }) {
                let whole = request(version, &batch.body);
                match split(version, &batch.body, Part::Halves) {
                    None => prop_assert_eq!(whole.series.len(), 1),
                    Some(parts) => {
                        let parts = parts.map(|part| request(version, &part.body).series);
                        prop_assert_eq!(parts.concat(), whole.series);
                    }
                }
            }
        }
    }
}
