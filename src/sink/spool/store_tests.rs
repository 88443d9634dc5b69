//! What is written comes back in order, whatever happens to the files meanwhile.

use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;

use super::clock::Now;
use super::recover::Recovered;
use super::store::{Limits, Store, Trouble};
use crate::encode::Batch;
use crate::sink::parcel::{Packing, Parcel};

fn limits(max_bytes: u64, segment_bytes: u64) -> Limits {
    Limits { max_bytes, max_age: Duration::from_secs(100), segment_bytes }
}

fn parcel(number: u64, length: usize) -> Parcel {
    let body = format!("{number} ").repeat(length);
    Parcel::pack(Batch { body: body.into(), points: number % 7 + 1 }, Packing::Plain, 0)
}

fn open_as(directory: &Path, limits: Limits, settled: u64) -> Result<(Store, Recovered), Trouble> {
    Store::lock(directory).and_then(|lock| Store::open(directory, limits, settled, lock.into()))
}

fn open(directory: &Path) -> Store {
    open_as(directory, limits(1 << 20, 4096), 0).unwrap().0
}

/// All that can be read, by number, settled on the way; and the points that were given up.
fn drain(store: &mut Store) -> (Vec<u64>, u64) {
    let (mut numbers, mut lost) = (Vec::new(), 0);
    loop {
        let (found, given) = store.next().unwrap();
        lost += given.iter().map(|(_, points)| points).sum::<u64>();
        let Some((parcel, ticket)) = found else { return (numbers, lost) };
        let body = parcel.body();
        numbers.push(std::str::from_utf8(&body).unwrap().split(' ').next().unwrap().parse().unwrap());
        ticket.settle().unwrap();
    }
}

fn segments(directory: &Path) -> Vec<std::path::PathBuf> {
    let all = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<_> = all.filter(|path| path.extension().is_some_and(|end| end == "seg")).collect();
    found.sort();
    found
}

#[test]
fn records_come_back_in_order_and_settled_ones_never_again() {
    let directory = tempfile::tempdir().unwrap();
    let mut store = open(directory.path());
    for number in 1..=50 {
        assert!(store.append(&parcel(number, 100), Now::read()).unwrap().is_empty());
    }
    assert!(segments(directory.path()).len() > 3);
    for expected in 1..=20 {
        let (found, _) = store.next().unwrap();
        let (read, ticket) = found.unwrap();
        assert_eq!(read.body(), parcel(expected, 100).body());
        // The last one was sent, but not marked before the kill.
        if expected < 20 {
            ticket.settle().unwrap();
        }
    }
    drop(store);
    let (mut store, found) = open_as(directory.path(), limits(1 << 20, 4096), 0).unwrap();
    assert_eq!((found.records, found.damaged_bytes), (31, 0));
    store.append(&parcel(51, 100), Now::read()).unwrap();
    assert_eq!(drain(&mut store), ((20..=51).collect(), 0));
    assert_eq!(store.stats().points, 0);
    drop(store);
    assert_eq!(open_as(directory.path(), limits(1 << 20, 4096), 0).unwrap().1.records, 0);
    assert_eq!(segments(directory.path()), Vec::<std::path::PathBuf>::new(), "what is settled is removed");
}

#[test]
fn one_process_at_a_time() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let error = open_as(directory.path(), limits(1 << 20, 4096), 0).unwrap_err().to_string();
    assert!(error.contains("used by another process"), "{error}");
    drop(store);
    open(directory.path());
}

#[test]
fn bounds_drop_the_oldest_and_say_how_much() {
    let directory = tempfile::tempdir().unwrap();
    let mut store = open_as(directory.path(), limits(16 << 10, 4096), 0).unwrap().0;
    let then = Now { wall_ms: 0, boot_ms: 0 };
    let (mut written, mut given) = (0, 0);
    for number in 1..=200 {
        let record = parcel(number, 100);
        written += record.points();
        given += store.append(&record, then).unwrap().iter().map(|(_, points)| points).sum::<u64>();
        assert!(store.stats().bytes <= 16 << 10);
        assert_eq!(store.stats().points, written - given);
    }
    assert!(given > 0);
    // Nothing is too old because the wall clock was set; the boot clock has to pass.
    assert!(store.expire(Now { wall_ms: 1 << 50, boot_ms: 99_000 }).is_empty());
    let expired: u64 =
        store.expire(Now { wall_ms: 0, boot_ms: 101_000 }).iter().map(|(_, points)| points).sum();
    assert_eq!(expired, written - given);
    assert_eq!(store.stats().segments, 0);
}

#[test]
fn segments_of_another_version_are_set_aside_whole() {
    let directory = tempfile::tempdir().unwrap();
    let mut store = open(directory.path());
    store.append(&parcel(1, 10), Now::read()).unwrap();
    drop(store);
    let path = segments(directory.path()).remove(0);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[8..12].copy_from_slice(&0u32.to_le_bytes());
    let crc = crc32fast::hash(&bytes[..60]);
    bytes[60..64].copy_from_slice(&crc.to_le_bytes());
    std::fs::write(&path, &bytes).unwrap();
    std::fs::write(directory.path().join("00000000000000000007.seg"), b"not ours at all").unwrap();
    let (mut store, found) = open_as(directory.path(), limits(1 << 20, 4096), 0).unwrap();
    assert_eq!((found.records, found.set_aside.len()), (0, 2));
    assert_eq!(found.damaged_bytes, bytes.len() as u64 + 15);
    assert_eq!(std::fs::read_dir(directory.path().join("quarantine")).unwrap().count(), 2);
    // And the numbers of the files that were set aside are not used again.
    store.append(&parcel(2, 10), Now::read()).unwrap();
    assert_eq!(segments(directory.path())[0].file_name().unwrap(), "00000000000000000008.seg");
    assert_eq!(drain(&mut store), (vec![2], 0));
}

/// A segment is looked through in windows of 64 KiB: the next head may lie across the border of two.
#[test]
fn records_behind_long_damage_are_found() {
    for length in [65_464, 65_472, 65_480, 65_504, 65_528, 65_536, 65_544, 200_000] {
        let directory = tempfile::tempdir().unwrap();
        let roomy = limits(4 << 20, 1 << 20);
        let mut store = open_as(directory.path(), roomy, 0).unwrap().0;
        let long = Batch { body: vec![b'x'; length].into(), points: 3 };
        store.append(&Parcel::pack(long, Packing::Plain, 0), Now::read()).unwrap();
        store.append(&parcel(2, 10), Now::read()).unwrap();
        drop(store);
        let path = segments(directory.path()).remove(0);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[64 + 16] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        let (mut store, found) = open_as(directory.path(), roomy, 0).unwrap();
        assert_eq!((found.records, found.damaged_bytes), (1, 64 + length as u64), "{length}");
        let aside = std::fs::read_dir(directory.path().join("quarantine")).unwrap().next().unwrap().unwrap();
        assert_eq!(aside.metadata().unwrap().len(), found.damaged_bytes, "set aside whole");
        assert_eq!(drain(&mut store), (vec![2], 0), "{length}");
    }
}

#[test]
fn a_directory_that_cannot_be_written_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, b"").unwrap();
    let error = open_as(&file, limits(1 << 20, 4096), 0).unwrap_err().to_string();
    assert!(error.contains("file"), "{error}");
}

/// One thing that happens to a file.
#[derive(Clone, Debug)]
enum Harm {
    Flip(usize),
    Truncate(usize),
    Zero(usize, usize),
}

fn harm() -> impl Strategy<Value = Harm> {
    prop_oneof![
        any::<usize>().prop_map(Harm::Flip),
        any::<usize>().prop_map(Harm::Truncate),
        (any::<usize>(), 1usize..600).prop_map(|(at, length)| Harm::Zero(at, length)),
    ]
}

fn inflict(path: &Path, harm: &Harm) {
    let mut bytes = std::fs::read(path).unwrap();
    let length = bytes.len();
    match *harm {
        Harm::Flip(bit) => bytes[bit / 8 % length] ^= 1 << (bit % 8),
        Harm::Truncate(at) => bytes.truncate(at % length),
        Harm::Zero(at, many) => {
            let at = at % length;
            bytes[at..(at + many).min(length)].fill(0);
        }
    }
    std::fs::write(path, bytes).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever happens to the files between two runs or under a running one: the spool opens, what it gives back
    /// was written and comes in order, once, and every point is either given back or counted.
    #[test]
    fn damaged_files_lose_only_what_they_hold(
        count in 1u64..60,
        settled in 0u64..60,
        harms in prop::collection::vec((any::<usize>(), harm()), 0..5),
        is_running: bool,
    ) {
        let directory = tempfile::tempdir().unwrap();
        let mut store = open(directory.path());
        let points: u64 = (1..=count).map(|number| parcel(number, 30).points()).sum();
        for number in 1..=count {
            store.append(&parcel(number, 30), Now::read()).unwrap();
        }
        let (mut done, mut last) = (0, 0);
        for _ in 0..settled.min(count) {
            let (found, _) = store.next().unwrap();
            let (parcel, ticket) = found.unwrap();
            ticket.settle().unwrap();
            done += parcel.points();
            last = ticket.seq();
        }
        let mut before = points - done;
        let running = is_running.then_some(store);
        let files = segments(directory.path());
        for (file, harm) in &harms {
            let path = &files[file % files.len()];
            if std::fs::metadata(path).unwrap().len() > 0 {
                inflict(path, harm);
            }
        }
        // A running one has the same files open, since they were rewritten in place.
        let mut store = if let Some(store) = running {
            store
        } else {
            let (store, found) = open_as(directory.path(), limits(1 << 20, 4096), last).unwrap();
            prop_assert!(found.points <= before);
            before = found.points;
            store
        };
        let (numbers, lost) = drain(&mut store);
        let given: u64 = numbers.iter().map(|&number| parcel(number, 30).points()).sum();
        last = last.max(numbers.iter().copied().max().unwrap_or(0));
        prop_assert!(numbers.is_sorted_by(|a, b| a < b), "{:?}", numbers);
        prop_assert!(numbers.iter().all(|number| (1..=count).contains(number)));
        prop_assert_eq!(given + lost, before, "{:?}", numbers);
        if harms.is_empty() {
            prop_assert_eq!(numbers.len() as u64, count - settled.min(count));
        }
        // What it did to get there does not stand in the way of the next run.
        drop(store);
        let (mut store, found) = open_as(directory.path(), limits(1 << 20, 4096), last).unwrap();
        prop_assert_eq!(found.records, 0);
        store.append(&parcel(count + 1, 30), Now::read()).unwrap();
        prop_assert_eq!(drain(&mut store), (vec![count + 1], 0));
    }
}

#[test]
fn one_unreadable_segment_keeps_no_other_back() {
    let directory = tempfile::tempdir().unwrap();
    let mut store = open(directory.path());
    for number in 1..=50 {
        store.append(&parcel(number, 100), Now::read()).unwrap();
    }
    drop(store);
    let lost = &segments(directory.path())[1];
    std::fs::remove_file(lost).unwrap();
    // As with one that the medium does not give back, opening it fails.
    std::fs::create_dir(lost).unwrap();
    let (mut store, found) = open_as(directory.path(), limits(1 << 20, 4096), 0).unwrap();
    assert_eq!((&found.unreadable[..], found.is_damaged()), (&[lost.clone()][..], true));
    let (numbers, _) = drain(&mut store);
    assert!(numbers.len() > 30 && numbers.first() == Some(&1) && numbers.last() == Some(&50), "{numbers:?}");
}

#[test]
fn what_was_given_up_before_a_failure_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let (mut store, _) = open_as(directory.path(), limits(8192, 4096), 0).unwrap();
    let mut number = 0;
    // Until both segments are full.
    while segments(directory.path()).len() < 2 || store.stats().bytes < 7_500 {
        number += 1;
        assert!(store.append(&parcel(number, 100), Now::read()).unwrap().is_empty());
    }
    let before = store.stats().points;
    std::fs::create_dir(directory.path().join("00000000000000000003.seg")).unwrap();
    let failed = store.append(&parcel(99, 800), Now::read()).unwrap_err();
    let given: u64 = failed.given.iter().map(|(_, points)| points).sum();
    assert!(given > 0, "{failed:?}");
    assert_eq!(store.stats().points + given, before);
}

#[test]
fn what_cannot_be_removed_is_not_given_up() {
    let directory = tempfile::tempdir().unwrap();
    let (mut store, _) = open_as(directory.path(), limits(8192, 4096), 0).unwrap();
    store.append(&parcel(1, 1_500), Now::read()).unwrap();
    let first = &segments(directory.path())[0];
    std::fs::remove_file(first).unwrap();
    // As on a disk that became read-only, removing it fails.
    std::fs::create_dir(first).unwrap();
    let before = store.stats().points;
    let failed = store.append(&parcel(2, 3_500), Now::read()).unwrap_err();
    assert_eq!((failed.given.len(), store.stats().points), (0, before));
    assert!(store.expire(Now { wall_ms: 1 << 50, boot_ms: 1 << 50 }).is_empty());
    assert_eq!(store.stats().points, before);
}
