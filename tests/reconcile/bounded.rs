//! Churn: what is remembered is bounded by what is there.

use podometer::model::history::{DEFAULT_READINGS, History};
use podometer::reconcile::{Config, Reconciler};

use crate::world::World;

const PODS: usize = 1000;
const A_SECOND: usize = 50;

#[test]
fn a_thousand_pods_that_come_and_go_are_forgotten_again() {
    let mut world = World::new(5, PODS);
    let mut reconciler = Reconciler::new(Config::default());
    let (mut most, mut most_bytes) = (0, 0);
    let mut born = PODS;
    for second in 0..60 {
        for place in 0..A_SECOND {
            let new = world.pod(born);
            world.pods[(second * A_SECOND + place) % PODS] = new;
            born += 1;
        }
        world.step();
        let snapshot = world.snapshot();
        reconciler.observe(&snapshot);
        if second % 10 == 0 {
            reconciler.resource(&world.resource());
            reconciler.summary(world.summary());
        }
        let reconciled = reconciler.conclude(world.stamp(), &|_| None);
        assert_eq!(reconciled.pods.len(), PODS, "second {second}");
        assert!(reconciled.foreign.is_empty(), "an ended pod is nobody's");
        most = most.max(reconciler.remembered());
        most_bytes = most_bytes.max(reconciler.history_bytes());
    }
    println!("{born} pods lived; at most {most} things and {most_bytes} bytes of history were held");
    // 3.5 cgroups a pod, its own entry, the kubelet's of two pages, and 4,096 handed-over counters.
    assert!(most <= PODS * 8 + 2 * 10 * A_SECOND + 4096, "{most}");
    assert!(most_bytes <= History::bytes(DEFAULT_READINGS) * PODS * 3, "{most_bytes}");
    // All of them gone: nothing is left but the handed-over counters.
    world.pods.clear();
    world.step();
    let snapshot = world.snapshot();
    reconciler.observe(&snapshot);
    let reconciled = reconciler.conclude(world.stamp(), &|_| None);
    assert!(reconciled.pods.is_empty());
    assert_eq!(reconciler.history_bytes(), 0);
}
