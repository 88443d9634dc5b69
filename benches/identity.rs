//! The pods of a full node: what we keep of each and what reading it costs, beside the typed `Pod` of k8s-openapi.
//! 250 pods of 9 kB; interleaved rounds, of which the medians count. Live bytes are those of the allocator.

#![allow(clippy::expect_used, clippy::print_stdout, reason = "a bench may panic and prints")]

#[path = "support/pods.rs"]
mod pods;

use std::hint::black_box;
use std::time::{Duration, Instant};

use k8s_openapi::List;
use k8s_openapi::api::core::v1::Pod;
use podometer::identity::{Allowed, Register};

const PODS: usize = 250;
const ROUNDS: usize = 31;

fn ours(list: &[u8]) -> Register {
    let allowed = Allowed { labels: vec!["app*".to_owned()], annotations: Vec::new() };
    let mut register = Register::new(allowed, PODS);
    register.page("bench", list).expect("a list");
    register
}

fn theirs(list: &[u8]) -> List<Pod> {
    serde_json::from_slice(list).expect("a list")
}

fn main() {
    let list = pods::pod_list(PODS);
    println!("{PODS} pods of {:.1} kB JSON", list.len() as f64 / PODS as f64 / 1e3);
    let (mut our_times, mut their_times) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let start = Instant::now();
        black_box(ours(&list));
        our_times.push(start.elapsed());
        let start = Instant::now();
        black_box(theirs(&list));
        their_times.push(start.elapsed());
    }
    let median = |times: &mut Vec<Duration>| {
        times.sort();
        times[times.len() / 2].as_secs_f64() / PODS as f64 * 1e6
    };
    let (our_time, their_time) = (median(&mut our_times), median(&mut their_times));
    let live = |of: &mut dyn FnMut()| allocation_counter::measure(of).bytes_current as f64 / PODS as f64;
    let (mut kept, mut typed) = (None, None);
    let our_bytes = live(&mut || kept = Some(ours(&list)));
    let their_bytes = live(&mut || typed = Some(theirs(&list)));
    println!(
        "parse, us a pod:    ours {our_time:8.1}   typed {their_time:8.1}   {:.1}x",
        their_time / our_time
    );
    println!(
        "live bytes a pod:   ours {our_bytes:8.0}   typed {their_bytes:8.0}   {:.1}x",
        their_bytes / our_bytes
    );
}
