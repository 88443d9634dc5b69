//! Every query again where the pods' cgroups are real: in a virtual machine whose kernel is ours alone.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::asked::{Bound, answer_all};
use super::guest::Guest;
use super::tell;
use super::truth;
use super::world::{Node, World};

/// On one processor that many share.
const PATIENCE: Duration = Duration::from_mins(5);

/// What the kernel itself makes of the processes of `kubepods`: only there a wrong file or a wrong unit of it would show.
const REAL: &[Bound] = &[
    // Throttled at 0.05 cores; what others use is small beside it.
    ("podometer-pods", "CPU, live", 0.02, 0.5),
    ("podometer-pods", "Throttled share of periods", 0.3, 1.0),
    ("podometer-load", "Throttled time in a second", 0.02, 1.1),
    // 24 and 12 MiB that are held, and as much of a file.
    ("podometer-pods", "Working set", 36e6, 300e6),
    ("podometer-pods", "OOM deaths, last hour", 0.9, 40.0),
];

/// Not a test: what the guest of the next one runs.
#[test]
#[ignore = "only in a virtual machine"]
fn inside_the_guest() {
    let workload = PathBuf::from(std::env::var_os("PODOMETER_LAB_BIN").unwrap()).join("guest_workload");
    let mut world = World::start(Node::Real(workload)).unwrap();
    answer_all(&mut world, REAL, PATIENCE);
}

#[test]
fn user_mode_linux_no_query_is_empty() {
    let Some(recording) = truth::recording("systemd") else { return };
    let Some(binaries) = std::env::var_os("PODOMETER_LAB_BIN").map(PathBuf::from) else {
        let message = "PODOMETER_LAB_BIN is not set: see `.ci/run lab`";
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{message}");
        tell(&format!("!!! SKIPPED: {message}"));
        return;
    };
    let binaries = binaries.canonicalize().unwrap();
    let truth = recording.parent().unwrap().canonicalize().unwrap();
    let variables = BTreeMap::from([
        // Nothing that is missing may be skipped in there.
        ("CI", "true".to_owned()),
        ("PODOMETER_LAB_BIN", binaries.display().to_string()),
        ("PODOMETER_TRUTH", truth.display().to_string()),
        // Code is compiled once and quickly: there is one processor for all.
        ("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1".to_owned()),
    ]);
    let guest = Guest {
        memory: "1G",
        modules: &[
            "drivers/net/dummy.ko",
            "net/ipv4/netfilter/nf_defrag_ipv4.ko",
            "net/ipv6/netfilter/nf_defrag_ipv6.ko",
            "net/netfilter/nf_conntrack.ko",
        ],
        shown: vec![binaries, truth],
        variables,
        // An interface beside the loopback, which no panel shows.
        before: "ip link set dummy0 up\n",
    };
    let Some(console) = guest.run("machine::inside_the_guest") else { return };
    tell(&console);
    assert!(console.lines().any(|line| line == "RESULT rc=0"), "it failed in the guest");
}
