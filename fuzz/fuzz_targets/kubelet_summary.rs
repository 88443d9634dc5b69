//! Any document in the place of the kubelet's summary: no panic, every pod's containers and volumes lie within their
//! lists, and what an older reading held leaves no trace.
#![no_main]

use libfuzzer_sys::fuzz_target;
use podometer::model::kubelet::Summary;
use podometer::model::stamp::Stamp;
use podometer::source::kubelet::parse_summary;

const OLDER: &[u8] = include_bytes!("../seeds/kubelet_summary/two_pods");

fuzz_target!(|document: &[u8]| {
    let Ok(parsed) = parse_summary(document) else { return };
    let mut fresh = Summary::default();
    parsed.store(Stamp::default(), &mut fresh);
    for pod in &fresh.pods {
        assert!(!pod.uid.0.is_empty());
        assert_eq!(fresh.containers_of(pod).len(), pod.containers.len());
        assert_eq!(fresh.volumes_of(pod).len(), pod.volumes.len());
    }
    let mut reused = Summary::default();
    parse_summary(OLDER).unwrap().store(Stamp::default(), &mut reused);
    parsed.store(Stamp::default(), &mut reused);
    assert_eq!(reused, fresh);
});
