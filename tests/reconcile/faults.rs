//! The faults, one row each: what is broken, and what the differences it makes should be called.

use podometer::model::reconciled::Cause::{
    self, Missing, Overhead, OwnCgroup, Pause, Restart, Rounding, Stale, Unexplained, Window,
};

use crate::world::{Load, MIB, World};

/// One fault.
pub(crate) struct Fault {
    pub(crate) name: &'static str,
    /// What must show somewhere.
    pub(crate) must: Option<Cause>,
    /// What its differences may rightly be called, beside the two that always may.
    pub(crate) may: &'static [Cause],
    /// Breaks it: called with -1 before the warm-up, then with each second after it.
    pub(crate) inject: fn(&mut World, &mut Pages, i32),
    /// Seconds after the injection from which on, and until when, differences are judged.
    pub(crate) judged: (i32, i32),
}

/// What becomes of the other sources' answers.
#[derive(Debug, Default)]
pub(crate) struct Pages {
    pub(crate) metrics_silent: bool,
    pub(crate) metrics_frozen: bool,
    /// Every second pod is left out.
    pub(crate) metrics_half: bool,
    /// metrics-server's values are multiplied by this.
    pub(crate) metrics_factor: Option<f64>,
    /// The kubelet's pod counters run this much faster.
    pub(crate) kubelet_factor: Option<f64>,
    /// A sidecar: the first container of each pod, and no pod.
    pub(crate) siblings: bool,
    /// The agent starts anew.
    pub(crate) restart_agent: bool,
}

fn each(world: &mut World, change: impl Fn(&mut crate::world::Pod)) {
    world.pods.iter_mut().for_each(change);
}

fn restart(world: &mut World, keep_unit: bool) {
    for place in 0..world.pods.len() {
        let (now, load) = (world.now_s, world.pods[place].containers[0].load);
        let mut new = world.container("app", load, now);
        let pod = &mut world.pods[place];
        let old = &mut pod.containers[0];
        new.memory = old.memory;
        if keep_unit {
            new.id = old.id;
        }
        // The pod's counter keeps what the old one used.
        let before = pod.reading(now, 0.0).0;
        pod.containers[0] = new;
        let after = pod.reading(now, 0.0).0;
        pod.kept_usec += before - after;
    }
}

pub(crate) const FAULTS: &[Fault] = &[
    Fault { name: "nothing", must: None, may: &[], inject: |_, _, _| {}, judged: (0, 60) },
    Fault {
        name: "hostNetwork",
        must: None,
        may: &[],
        inject: |world, _, second| {
            if second == 0 {
                each(world, |pod| {
                    pod.host_network = true;
                    pod.relabel();
                })
            }
        },
        judged: (0, 60),
    },
    Fault {
        name: "load ramp",
        must: Some(Window),
        may: &[Window],
        inject: |world, _, second| {
            if second < 0 {
                each(world, |pod| pod.containers[0].load = ramp(&pod.containers[0].load))
            }
        },
        judged: (45, 120),
    },
    Fault {
        name: "burst in window",
        must: Some(Window),
        may: &[Window],
        inject: |_, _, _| {},
        judged: (0, 60),
    },
    Fault {
        name: "rounding",
        must: Some(Rounding),
        may: &[Rounding],
        inject: |world, _, second| {
            if second < 0 {
                each(world, |pod| pod.containers[0].load = Load::Burst(0.003, 1.0, 7.0))
            }
        },
        judged: (0, 60),
    },
    Fault {
        name: "pause",
        must: Some(Pause),
        may: &[Pause],
        inject: |world, _, second| {
            if second < 0 {
                each(world, |pod| pod.sandbox_memory = 6 * MIB)
            }
        },
        judged: (45, 100),
    },
    Fault {
        name: "overhead",
        must: Some(Overhead),
        may: &[Overhead],
        inject: |world, _, second| {
            if second < 0 {
                each(world, |pod| pod.own = (0.2, 120 * MIB))
            }
        },
        judged: (45, 100),
    },
    Fault {
        name: "stale kubelet",
        must: Some(Stale),
        may: &[Stale],
        inject: |world, _, second| {
            if second >= 0 {
                world.kubelet_frozen = true
            }
        },
        judged: (0, 150),
    },
    Fault {
        name: "missed sample",
        must: Some(Window),
        may: &[Window],
        inject: |world, _, second| {
            if second >= 0 {
                world.miss_samples = true
            }
        },
        judged: (40, 120),
    },
    Fault {
        name: "restart inside the window",
        must: Some(Restart),
        may: &[Restart],
        inject: |world, _, second| {
            if second == 3 {
                restart(world, false)
            }
        },
        judged: (3, 60),
    },
    Fault {
        name: "counter reset",
        must: Some(Restart),
        may: &[Restart],
        inject: |world, _, second| {
            if second == 3 {
                restart(world, true)
            }
        },
        judged: (3, 60),
    },
    Fault {
        name: "vanished container",
        must: Some(Missing),
        may: &[Missing, Restart],
        inject: |world, _, second| {
            if second == 0 {
                each(world, |pod| pod.containers[0].hidden = true)
            }
        },
        judged: (2, 90),
    },
    Fault {
        name: "container added",
        must: Some(Restart),
        may: &[Restart, Missing],
        inject: |world, _, second| {
            if second == 0 {
                for place in 0..world.pods.len() {
                    let now = world.now_s;
                    let new = world.container("late", Load::Steady(0.3), now);
                    world.pods[place].containers.push(new);
                }
            }
        },
        judged: (2, 60),
    },
    Fault {
        name: "wrong namespace",
        must: Some(Missing),
        may: &[Missing],
        inject: |world, _, second| {
            if second == 0 {
                each(world, |pod| {
                    pod.our_namespace = "other".into();
                    pod.relabel();
                })
            }
        },
        judged: (1, 60),
    },
    Fault {
        name: "static pod mislabelled",
        must: Some(Missing),
        may: &[Missing],
        inject: |world, _, second| {
            if second == 0 {
                each(world, |pod| pod.kubelet_uid = format!("f{}", &pod.uid[1..]))
            }
        },
        judged: (12, 60),
    },
    Fault {
        name: "clock skew +5 s",
        must: None,
        may: &[Stale],
        inject: |world, _, second| {
            if second >= 0 {
                world.kubelet_skew_s = 5.0
            }
        },
        judged: (60, 120),
    },
    Fault {
        name: "clock skew -5 s",
        must: None,
        may: &[Stale],
        inject: |world, _, second| {
            if second >= 0 {
                world.kubelet_skew_s = -5.0
            }
        },
        judged: (60, 120),
    },
    Fault {
        name: "half-dead metrics-server",
        must: Some(Missing),
        may: &[Missing],
        inject: |_, pages, second| {
            if second >= 0 {
                pages.metrics_half = true
            }
        },
        judged: (16, 60),
    },
    Fault {
        name: "frozen metrics-server",
        must: Some(Stale),
        may: &[Stale],
        inject: |_, pages, second| {
            if second >= 0 {
                pages.metrics_frozen = true
            }
        },
        judged: (0, 150),
    },
    Fault {
        name: "dead metrics-server",
        must: Some(Stale),
        may: &[Stale],
        inject: |_, pages, second| {
            if second >= 0 {
                pages.metrics_silent = true
            }
        },
        judged: (0, 150),
    },
    Fault {
        name: "kubelet half document",
        must: Some(Missing),
        may: &[Missing],
        inject: |world, _, second| {
            if second >= 0 {
                each(world, |pod| pod.untold = true)
            }
        },
        judged: (12, 60),
    },
    Fault {
        name: "suspended machine",
        must: Some(Window),
        may: &[Window, Stale],
        inject: |world, _, second| {
            if second == 5 {
                world.now_s += 120.0;
                world.slept_s += 120.0;
            }
        },
        judged: (5, 60),
    },
    Fault {
        name: "wall clock stepped +30 s",
        must: Some(Window),
        may: &[Window],
        inject: |world, _, second| {
            if second == 5 {
                world.wall_s += 30.0
            }
        },
        judged: (5, 60),
    },
    Fault {
        name: "own cgroup",
        must: Some(OwnCgroup),
        may: &[OwnCgroup],
        inject: |_, pages, second| {
            if second >= 0 {
                pages.siblings = true
            }
        },
        judged: (20, 80),
    },
    Fault {
        name: "pod name reused",
        must: Some(Missing),
        may: &[Missing, Restart],
        inject: |world, _, second| {
            if second == 2 {
                for place in 0..world.pods.len() {
                    let now = world.now_s;
                    let mut new = world.pod(place);
                    for container in &mut new.containers {
                        container.born_s = now;
                    }
                    new.kept_usec = 0;
                    world.pods[place] = new;
                }
            }
        },
        judged: (3, 80),
    },
    Fault {
        name: "truncated window",
        must: Some(Window),
        may: &[Window],
        inject: |_, pages, second| pages.restart_agent = second == 0,
        judged: (0, 40),
    },
    Fault {
        name: "metrics-server tells a third more",
        must: Some(Unexplained),
        may: &[Unexplained],
        inject: |_, pages, second| {
            if second >= 0 {
                pages.metrics_factor = Some(1.33)
            }
        },
        judged: (30, 80),
    },
    Fault {
        name: "kubelet tells a third more",
        must: Some(Unexplained),
        may: &[Unexplained],
        inject: |_, pages, second| {
            if second >= 0 {
                pages.kubelet_factor = Some(1.33)
            }
        },
        judged: (40, 80),
    },
];

fn ramp(load: &Load) -> Load {
    match load {
        Load::Steady(cores) | Load::Burst(cores, ..) => Load::Ramp(*cores * 0.3, *cores * 1.7),
        Load::Ramp(low, high) => Load::Ramp(*low, *high),
    }
}
