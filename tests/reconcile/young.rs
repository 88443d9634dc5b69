//! The kubelet may have sampled after our last reading.

use podometer::model::reconciled::{Cause, Reconciled, SourceKind};
use podometer::reconcile::{Config, Reconciler};

use crate::world::World;

const POLL_S: i32 = 10;

/// Each answer of the kubelet comes in a second before our own next readings.
fn follow(mut look: impl FnMut(&Reconciled)) {
    let mut world = World::new(7, 12);
    let mut reconciler = Reconciler::new(Config::default());
    for second in 0..200 {
        world.step();
        let snapshot = world.snapshot();
        if second % POLL_S == 0 {
            reconciler.resource(&world.resource());
            reconciler.summary(world.summary());
        } else {
            reconciler.observe(&snapshot);
        }
        let reconciled = reconciler.conclude(world.stamp(), &|_| None);
        if second > 100 {
            look(&reconciled);
        }
    }
}

#[test]
fn a_sample_that_is_younger_than_our_readings_is_not_unexplained() {
    let mut named = 0;
    follow(|reconciled| {
        for difference in reconciled.pods.iter().flat_map(|pod| &pod.values.differences) {
            named += usize::from(difference.cause.is_some());
            assert_ne!(difference.cause, Some(Cause::Unexplained), "{difference:?}");
        }
    });
    assert!(named > 100, "differences are still named: {named}");
}

#[test]
fn a_sample_that_is_younger_than_our_readings_does_not_end_top() {
    let mut seen = 0;
    follow(|reconciled| {
        for pod in &reconciled.pods {
            let name = &pod.info.as_ref().unwrap().name;
            assert!(pod.values.top.is_some(), "{name} has no top for a second");
            assert_eq!(pod.values.top_of, SourceKind::Kubelet, "{name}");
            seen += 1;
        }
    });
    assert_eq!(seen, 99 * 12);
}
