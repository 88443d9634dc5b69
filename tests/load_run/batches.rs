//! Batches: at once, and not more at once than the options say, as the server sees it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};

use crate::harness::{counter, file, rate, run};
use crate::served::{Asked, Served, ok};

/// Answers only when so many requests are there together; and knows how many were at most.
fn meeting(size: usize) -> (Served, Arc<AtomicUsize>) {
    let (barrier, here, most) = (Barrier::new(size), AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
    let seen = Arc::clone(&most);
    let served = Served::new(move |asked: &Asked| {
        let now = here.fetch_add(1, Ordering::SeqCst) + 1;
        seen.fetch_max(now, Ordering::SeqCst);
        barrier.wait();
        here.fetch_sub(1, Ordering::SeqCst);
        ok(&asked.line)
    });
    (served, most)
}

fn batch(served: &Served, requests: usize, options: &str) -> podometer::load::engine::Plan {
    let get = |n| {
        format!(
            "{{get: 'http://{}/{n}', check: {{body contains: /{n}}}, extract: {{last: body}}}}",
            served.address
        )
    };
    let gets: Vec<String> = (0..requests).map(get).collect();
    file(&format!(
        "iterations: 2\noptions: {{{options}}}\nflows: {{default: [{{batch: [{}]}}, {{get: 'http://{}/x?${{last}}'}}]}}\n",
        gets.join(", "),
        served.address
    ))
}

#[test]
fn six_at_one_server_are_at_once() {
    let (served, most) = meeting(6);
    let gets: Vec<String> = (0..12)
        .map(|n| format!("{{get: 'http://{}/{n}', check: {{status: 200}}}}", served.address))
        .collect();
    let text = format!("iterations: 2\nflows: {{default: [{{batch: [{}]}}]}}\n", gets.join(", "));
    let plan = file(&text);
    let results = run(plan);
    assert_eq!(most.load(Ordering::SeqCst), 6);
    assert_eq!((counter(&results, "http_reqs"), rate(&results, "checks")), (24, (24, 0)));
    let mut connections: Vec<usize> = served.asked().iter().map(|asked| asked.connection).collect();
    connections.sort_unstable();
    connections.dedup();
    assert_eq!(connections.len(), 6, "kept for the next batch");
}

#[test]
fn one_at_a_time_where_that_is_said() {
    for options in ["batch: 1", "batchPerHost: 1"] {
        let (served, most) = meeting(1);
        let results = run(batch(&served, 5, options));
        assert_eq!(most.load(Ordering::SeqCst), 1, "{options}");
        assert_eq!((counter(&results, "http_reqs"), rate(&results, "checks")), (12, (10, 0)));
        let lines = served.lines();
        assert_eq!(lines[..5], ["GET /0", "GET /1", "GET /2", "GET /3", "GET /4"]);
        assert_eq!(lines[5], "GET /x?GET%20/4");
    }
}
