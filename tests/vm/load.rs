//! The load generator where its resources are taken away, and the demo where its target has a cgroup with a limit: both
//! need a kernel of their own.

use crate::guest::{Lab, Told};

/// Each run says how it ended.
const SCRIPT: &str = r#"
b=/bin/busybox
podometer target --listen 127.0.0.1:9759 2>/dev/null &
until podometer load run http://127.0.0.1:9759/healthz --quiet >/dev/null 2>&1; do $b sleep 0.2; done
told() { # NAME COMMAND...: what it prints, and its exit code
  name=$1; shift
  echo "BEGIN $name"; "$@" 2>&1; echo "exit code $?"; echo "END $name"
}
url=http://127.0.0.1:9759/healthz

# A quota of a tenth of a core.
$b mkdir /sys/fs/cgroup/starved
echo "10000 100000" >/sys/fs/cgroup/starved/cpu.max
told starved $b sh -c "echo \$\$ >/sys/fs/cgroup/starved/cgroup.procs; exec podometer load run $url --rate 200/s --duration 4s --vus 20 --quiet"
told starved-users $b sh -c "echo \$\$ >/sys/fs/cgroup/starved/cgroup.procs; exec podometer load run $url --vus 20 --duration 4s --quiet"

# Ten local ports for fifty users that reuse no connection.
range=$($b cat /proc/sys/net/ipv4/ip_local_port_range)
echo "40000 40009" >/proc/sys/net/ipv4/ip_local_port_range
told ports podometer load run "$url?delay=20ms" --vus 50 --iterations 200 --no-connection-reuse --quiet
echo "$range" >/proc/sys/net/ipv4/ip_local_port_range

told files $b sh -c "ulimit -n 40; exec podometer load run $url --vus 64 --iterations 200 --quiet"

# The same with what it needs.
told healthy podometer load run $url --rate 50/s --duration 4s --vus 20 --quiet

told demo podometer demo --duration 10s --rate 100 --cpu-limit 0.1
echo "BEGIN left"; $b ls -d /sys/fs/cgroup/podometer-* 2>/dev/null; echo "END left"
"#;

fn compare(told: &Told) {
    let said = |name: &str| {
        let said = &told.documents[name];
        println!("== {name}\n{said}");
        said.as_str()
    };
    for (name, reason) in [
        ("starved", "was throttled for"),
        ("starved-users", "was throttled for"),
        ("ports", "for lack of local ports"),
        ("files", "for lack of file descriptors"),
    ] {
        let said = said(name);
        assert!(said.contains("exit code 120"), "{name}: not flagged");
        assert!(said.contains("INVALID") && said.contains(reason), "{name}: without \"{reason}\"");
    }
    // An emulated processor on a busy machine may be late, and says so; of nothing else was there too little.
    let healthy = said("healthy");
    assert!(["exit code 0", "exit code 120"].iter().any(|code| healthy.contains(code)), "it failed");
    for reason in ["throttled", "local ports", "file descriptors"] {
        assert!(!healthy.contains(reason), "{reason}");
    }

    let demo = said("demo");
    // 100 requests a second of 2 ms each are twice what it may use.
    assert!(demo.contains("limit 0.1 cores"), "no cgroup with a limit");
    assert!(demo.contains("took all of its 0.10 cores"), "the limit was not seen");
    let throttled = demo.lines().find(|line| line.starts_with("throttled")).expect("a row of throttling");
    let spike =
        throttled.split_whitespace().nth(2).and_then(|share| share.strip_suffix('%')?.parse::<u32>().ok());
    assert!(spike.is_some_and(|share| share > 50), "{throttled}");
    assert_eq!(told.documents["left"], "", "the cgroup was left behind");
}

#[test]
fn user_mode_linux_load_without_resources() {
    if let Some(lab) = Lab::from_environment() {
        compare(&lab.run_script(SCRIPT, "uml"));
    }
}
