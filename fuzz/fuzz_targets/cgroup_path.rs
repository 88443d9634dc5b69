//! Any path: no panic, and nothing is filed under a pod that the path does not name.
#![no_main]

use libfuzzer_sys::fuzz_target;
use podometer::model::identity::UnitKind;
use podometer::source::cgroup::grammar::classify;

fuzz_target!(|path: &str| {
    let kind = classify(path);
    let names = |text: &str| path.contains(text) || path.replace('_', "-").contains(text);
    match &kind {
        UnitKind::Pod { uid, .. } => assert!(names(&uid.0), "{kind:?}"),
        UnitKind::Container { id, pod, .. } => {
            assert!(path.contains(&*id.0), "{kind:?}");
            assert!(pod.as_ref().is_none_or(|uid| names(&uid.0)), "{kind:?}");
        }
        _ => {}
    }
    if matches!(kind, UnitKind::AllPods | UnitKind::Qos(_) | UnitKind::Pod { .. }) {
        assert!(path.contains("kubepods"), "{kind:?}");
    }
});
