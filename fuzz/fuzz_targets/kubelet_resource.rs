//! Any page in the place of /metrics/resource: no panic, every row has its names once, and what an older page held
//! leaves no trace.
#![no_main]

use std::collections::HashSet;

use libfuzzer_sys::fuzz_target;
use podometer::model::kubelet::ResourcePage;
use podometer::model::stamp::Stamp;
use podometer::source::kubelet::parse_resource;

const OLDER: &[u8] = include_bytes!("../seeds/kubelet_resource/one_pod");

fuzz_target!(|text: &[u8]| {
    let Ok(parsed) = parse_resource(text) else { return };
    let mut fresh = ResourcePage::default();
    parsed.store(Stamp::default(), &mut fresh);
    let mut names = HashSet::new();
    for row in &fresh.containers {
        assert!(!row.pod.is_empty() && !row.container.is_empty());
        assert!(names.insert((&row.namespace, &row.pod, &row.container)), "{row:?} twice");
    }
    let mut reused = ResourcePage::default();
    parse_resource(OLDER).unwrap().store(Stamp::default(), &mut reused);
    parsed.store(Stamp::default(), &mut reused);
    assert_eq!(format!("{reused:?}"), format!("{fresh:?}"));
});
