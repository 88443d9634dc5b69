//! Any bytes as a segment of the spool, and as its file `totals`: it opens, gives back what has a right checksum and
//! nothing else, stays within what there is, and takes and gives back what is appended.
#![no_main]

use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use podometer::sink::spool::Limits;
use podometer::sink::spool::bare::Bare;

const HEAD: usize = 64;
/// Longer inputs find nothing that shorter ones do not.
const MOST: usize = 8192;
const LIMITS: Limits =
    Limits { max_bytes: 1 << 20, max_age: Duration::from_secs(3600), segment_bytes: 1 << 16 };

/// In memory, where the machine has such a place: a disk would be what is measured.
static DIRECTORY: LazyLock<PathBuf> = LazyLock::new(|| {
    let memory = Path::new("/dev/shm");
    let base = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    base.join(format!("podometer-fuzz-{}", std::process::id()))
});

fn open() -> Bare {
    Bare::open(&DIRECTORY, LIMITS).expect("a spool opens whatever is in it")
}

/// Places of what looks like a record's head.
fn heads(bytes: &[u8]) -> impl DoubleEndedIterator<Item = usize> {
    let starts = bytes.chunks_exact(8).enumerate().filter(|(_, start)| start.starts_with(b"PdRc"));
    let places: Vec<usize> = starts.map(|(at, _)| at * 8).collect();
    places.into_iter().filter(move |at| at + HEAD <= bytes.len())
}

fn number(bytes: &[u8]) -> u32 {
    u32::from_le_bytes(bytes.try_into().expect("four bytes"))
}

/// Body and points of every record in the bytes whose checksums are right.
fn written(bytes: &[u8]) -> Vec<(&[u8], &[u8])> {
    let read = |at: usize| {
        let (head, rest) = bytes[at..].split_at(HEAD);
        let body = rest.get(..number(&head[40..44]) as usize)?;
        let is_right = number(&head[4..8]) == crc32fast::hash(&head[8..56])
            && number(&head[44..48]) == crc32fast::hash(body);
        is_right.then_some((body, &head[16..24]))
    };
    heads(bytes).filter_map(read).collect()
}

fuzz_target!(|bytes: &[u8]| {
    std::fs::create_dir_all(&*DIRECTORY).expect("a directory");
    std::fs::write(DIRECTORY.join("00000000000000000007.seg"), bytes).expect("a segment");
    std::fs::write(DIRECTORY.join("totals"), bytes).expect("totals");

    let mut spool = open();
    let found = spool.stats();
    assert!(found.bytes <= bytes.len() as u64, "{found:?}");
    let appended: [&[u8]; 3] = [b"one", b"", &[b'x'; 1000]];
    for body in appended {
        assert_eq!(spool.append(body.to_vec().into(), 5).expect("a file that takes it"), 0);
    }
    assert_eq!(spool.stats().points, found.points + 15);

    let (mut read, mut points, mut lost) = (Vec::new(), 0, 0);
    loop {
        let (record, given_up) = spool.read().expect("a file that can be read");
        lost += given_up;
        let Some(record) = record else { break };
        points += record.points;
        spool.settle(&record).expect("a file that takes a mark");
        read.push(record);
    }
    assert_eq!(points + lost, found.points + 15, "each point is given back or given up");
    assert!(spool.stats().quarantined_bytes <= bytes.len() as u64, "{:?}", spool.stats());
    let old = read.len().checked_sub(appended.len()).expect("what was appended");
    for (record, body) in read[old..].iter().zip(appended) {
        assert_eq!((&record.body[..], record.points), (body, 5));
    }
    let written = written(bytes);
    for record in &read[..old] {
        let points = record.points.to_le_bytes();
        assert!(written.contains(&(&record.body[..], &points[..])), "{record:?} was never written");
    }

    drop((spool, read));
    let again = open().stats();
    assert_eq!((again.records, again.points), (0, 0), "what is settled never comes back");
    std::fs::remove_dir_all(&*DIRECTORY).expect("the same directory");
});

/// Nearly every change breaks a checksum, behind which nothing would be tried: most are made good again.
fn mend(bytes: &mut [u8]) {
    // From the end, since a body may hold what looks like a head.
    for at in heads(bytes).collect::<Vec<usize>>().into_iter().rev() {
        let (head, rest) = bytes[at..].split_at_mut(HEAD);
        if let Some(body) = rest.get(..number(&head[40..44]) as usize) {
            head[44..48].copy_from_slice(&crc32fast::hash(body).to_le_bytes());
        }
        let crc = crc32fast::hash(&head[8..56]);
        head[4..8].copy_from_slice(&crc.to_le_bytes());
    }
    // The head of a segment, and the two places of the totals.
    for at in [0, 4096] {
        if let Some(head) = bytes.get_mut(at..at + HEAD) {
            let crc = crc32fast::hash(&head[..60]);
            head[60..].copy_from_slice(&crc.to_le_bytes());
        }
    }
}

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let size = fuzzer_mutate(data, size, max_size.min(MOST));
    if !seed.is_multiple_of(4) {
        mend(&mut data[..size]);
    }
    size
});
