//! A pod that is known costs at most 3 kB, whatever its JSON holds besides; so does a directory's copy cost little.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests fail by panicking and print")]

#[path = "../benches/support/pods.rs"]
mod pods;

use podometer::identity::{Allowed, Register};
use tokio::time::Instant;

const PODS: usize = 250;

#[test]
fn a_pod_takes_at_most_3_kb_and_a_change_of_one_copies_no_other() {
    let list = pods::pod_list(PODS);
    assert!(list.len() / PODS > 8_000, "{} bytes a pod", list.len() / PODS);
    let allowed = Allowed { labels: vec!["app*".to_owned()], annotations: Vec::new() };
    let mut register = Register::new(allowed, 4 * PODS);
    let first = allocation_counter::measure(|| {
        register.begin_list();
        register.page("test", &list).unwrap();
        register.end_list(Instant::now());
    });
    let live = first.bytes_current / PODS as i64;
    println!("live bytes a pod: {live}");
    assert!(live <= 3_000, "{live} bytes a pod");
    assert!(live > 500, "{live}: too little to be true");
    // The list again, with nothing new in it, keeps nothing.
    let again = allocation_counter::measure(|| {
        register.begin_list();
        register.page("test", &list).unwrap();
        register.end_list(Instant::now());
    });
    assert_eq!(again.bytes_current, 0);
    let mut published = register.publish();
    let copy = allocation_counter::measure(|| {
        let text = String::from_utf8(list.clone()).unwrap();
        let one = text.split_once("\"items\":[").unwrap().1;
        let mut stream = serde_json::Deserializer::from_str(one).into_iter::<serde_json::Value>();
        let mut pod = stream.next().unwrap().unwrap();
        pod["status"]["phase"] = "Failed".into();
        let line = serde_json::json!({"type": "MODIFIED", "object": pod}).to_string();
        register.line("test", line.as_bytes(), Instant::now()).unwrap();
        published = register.publish();
    });
    assert!(published.is_some());
    // The table of pointers and the one pod.
    assert!(copy.bytes_current < 20_000, "{} bytes", copy.bytes_current);
}
