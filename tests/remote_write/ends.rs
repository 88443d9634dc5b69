//! A series that is not written any more ends with a stale marker, once.

use std::collections::BTreeSet;
use std::sync::Arc;

use podometer::encode::remote_write::{Encoder, Options, Version};
use podometer::model::snapshot::Snapshot;
use podometer::model::stamp::Stamp;

use crate::decode::{self, Series};
use crate::page::{VERSIONS, options};
use crate::sample;

/// The sample `seconds` later.
fn after(seconds: u64) -> Snapshot {
    let mut snapshot = Snapshot::clone(&sample::snapshot());
    snapshot.taken.boot_ns += seconds * 1_000_000_000;
    snapshot.taken.wall_ns += seconds as i64 * 1_000_000_000;
    snapshot
}

fn names<'a>(series: impl Iterator<Item = &'a Series>) -> BTreeSet<String> {
    series.map(|series| format!("{:?}", series.labels)).collect()
}

fn parted(series: &[Series]) -> (Vec<&Series>, Vec<&Series>) {
    series.iter().partition(|series| series.is_stale())
}

/// Without the units of this pod; what else knows of it goes, too.
fn without_pod(mut snapshot: Snapshot, uid: &str) -> Snapshot {
    let is_of = |unit: &podometer::model::unit::Unit| unit.pod_uid().is_some_and(|pod| &*pod.0 == uid);
    assert!(snapshot.units.iter().any(is_of));
    snapshot.units.retain(|unit| !is_of(unit));
    snapshot
}

#[test]
fn the_series_of_a_gone_pod_end_once() {
    for version in VERSIONS {
        for native_histograms in [true, false] {
            let mut encoder = Encoder::new(Options { native_histograms, ..options(version) });
            let report = Arc::new(sample::report());
            let mut encode =
                |snapshot: Snapshot| decode::series(version, &encoder.encode(&Arc::new(snapshot), &report));
            let first = encode(after(0));
            assert!(parted(&first).0.is_empty());
            let second = encode(after(15));
            assert!(parted(&second).0.is_empty(), "nothing went");
            assert_eq!(names(first.iter()), names(second.iter()));

            let third = encode(without_pod(after(30), sample::UID));
            let (ended, kept) = parted(&third);
            assert!(ended.len() > 50, "{}", ended.len());
            assert_eq!(names(ended.iter().copied()).len(), ended.len());
            let of_third = names(ended.iter().chain(&kept).copied());
            assert!(names(second.iter()).is_subset(&of_third), "all that was is kept or ended");
            assert!(names(ended.iter().copied()).is_disjoint(&names(kept.iter().copied())));
            assert!(ended.iter().all(|series| series.at_ms() == after(30).taken.wall_ms()));
            assert!(ended.iter().all(|series| series.created == [None; 2]));
            let histograms = ended.iter().filter(|series| series.histogram.is_some()).count();
            assert_eq!(histograms > 0, native_histograms);

            assert!(parted(&encode(without_pod(after(45), sample::UID))).0.is_empty(), "once");
            let back = encode(after(60));
            assert_eq!(names(back.iter().filter(|series| !series.is_stale())), names(first.iter()));
        }
    }
}

#[test]
fn all_series_end_with_the_encoder() {
    for version in VERSIONS {
        let mut encoder = Encoder::new(Options { node_names: true, ..options(version) });
        let report = Arc::new(sample::report());
        assert!(encoder.end(Stamp::default()).is_empty(), "nothing was written yet");
        let written = decode::series(version, &encoder.encode(&Arc::new(after(0)), &report));
        let at = after(1).taken;
        let batches = encoder.end(at);
        let ended = decode::series(version, &batches);
        assert!(ended.iter().all(|series| series.is_stale() && series.at_ms() == at.wall_ms()));
        assert_eq!(names(ended.iter()), names(written.iter()));
        assert_eq!(batches.iter().map(|batch| batch.points).sum::<u64>(), written.len() as u64);
        assert!(encoder.end(at).is_empty(), "once");
        let again = decode::series(version, &encoder.encode(&Arc::new(after(30)), &report));
        assert_eq!(names(again.iter()), names(written.iter()));
    }
}

#[test]
fn version_2_says_what_a_series_was_when_it_ends() {
    let mut encoder = Encoder::new(options(Version::V2));
    encoder.encode(&Arc::new(after(0)), &Arc::new(sample::report()));
    let ended = decode::series(Version::V2, &encoder.end(after(1).taken));
    assert!(ended.iter().all(|series| series.metadata.as_ref().is_some_and(|(kind, ..)| *kind > 0)));
}
