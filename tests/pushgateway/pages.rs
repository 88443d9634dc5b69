//! What is pushed, without a server.

use std::collections::BTreeSet;
use std::path::Path;

use podometer::encode::prometheus::{LABELS, Page};

use crate::{sample, server};

const PAGES: [Page; 3] = [Page::Metrics, Page::Node, Page::Resource];

#[test]
fn no_sample_has_a_timestamp_and_each_is_a_point() {
    for page in PAGES {
        let batch = server::body(&sample::full(), page);
        let text = String::from_utf8(batch.body.to_vec()).unwrap();
        assert!(text.ends_with('\n') && text.starts_with('#'), "{page:?}");
        let samples: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(samples.len() as u64, batch.points, "{page:?}");
        for sample in samples {
            let value = sample.rsplit_once("} ").or_else(|| sample.split_once(' ')).unwrap().1;
            assert!(value.parse::<f64>().is_ok(), "{page:?}: {sample}");
        }
    }
}

#[test]
fn every_label_is_known_to_the_check_of_grouping_keys() {
    assert!(LABELS.is_sorted());
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let read = |name: &str| std::fs::read_to_string(golden.join(name)).unwrap();
    let names = read("names.txt");
    let mut found: BTreeSet<&str> = names
        .lines()
        .filter_map(|line| line.split_once('{'))
        .flat_map(|(_, rest)| rest.trim_end_matches('}').split(','))
        .collect();
    let node = read("node_families.txt");
    found.extend(
        node.split("(\"").skip(1).filter_map(|rest| rest.split_once("\", \"")).map(|(label, _)| label),
    );
    assert!(found.len() > 40 && found.contains("mountpoint"), "{found:?}");
    for label in found.iter().filter(|label| !label.is_empty()) {
        assert!(LABELS.contains(label), "{label}");
    }
}
