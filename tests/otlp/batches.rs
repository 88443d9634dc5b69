//! How requests are cut: nothing is lost, nothing comes twice, and bounds hold.

use podometer::encode::Batch;
use podometer::encode::influx::Limits;
use podometer::encode::otlp::split;

use crate::message::{batches, points};

#[test]
fn batches_keep_their_bounds_and_every_point() {
    let whole = points(&batches(Limits::default()));
    assert!(whole.len() > 120, "{}", whole.len());
    for (most, bytes) in [(1, 1 << 20), (7, 1 << 20), (100, 1 << 20), (5000, 4096), (5000, 1)] {
        let cut = batches(Limits { points: most, bytes });
        assert_eq!(points(&cut), whole, "{most} points, {bytes} bytes");
        for batch in &cut {
            assert!(batch.points as usize <= most);
            assert!(batch.body.len() <= bytes || batch.points == 1, "{} bytes", batch.body.len());
        }
    }
    assert_eq!(batches(Limits { points: 1, bytes: 1 << 20 }).len(), whole.len());
}

#[test]
fn halves_of_halves_are_the_single_points() {
    let [whole] = batches(Limits::default()).try_into().unwrap();
    let mut left = vec![whole.clone()];
    let mut single = Vec::new();
    while let Some(batch) = left.pop() {
        match split(&batch.body) {
            Some([first, second]) => {
                assert_eq!((first.points, first.points + second.points), (batch.points / 2, batch.points));
                left.extend([second, first]);
            }
            None => single.push(batch),
        }
    }
    assert!(single.iter().all(|batch| batch.points == 1));
    assert_eq!(points(&single), points(&[whole]));
}

#[test]
fn what_is_no_request_is_not_cut() {
    for body in [&b""[..], b"k8s", b"\x0a\x05ab"] {
        assert_eq!(split(&Batch { body: body.to_vec().into(), points: 2 }.body), None);
    }
}
