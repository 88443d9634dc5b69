//! A Kubernetes node as plain files: one pod of the cgroupfs driver with one listed container and its sandbox.

use std::fs;
use std::path::PathBuf;

pub(crate) const POD_UID: &str = "5f2d6c1e-8a41-4b7e-9d03-1c6f0a2b3d4e";
pub(crate) const CONTAINER: &str = "a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90";
pub(crate) const SANDBOX: &str = "0f9e8d7c6b5a493827160f5e4d3c2b1a0f9e8d7c6b5a493827160f5e4d3c2b1a";

/// What `memory.current` and `inactive_file` of each cgroup say.
pub(crate) const CONTAINER_MEMORY: (u64, u64) = (50_331_648, 8_388_608);
pub(crate) const SANDBOX_MEMORY: (u64, u64) = (1_048_576, 4096);
pub(crate) const POD_MEMORY: (u64, u64) = (51_380_224, 8_392_704);

/// `usage_usec` at the start. All of the same number of digits as they ever become, so that a file can be written
/// in place and is whole at every instant.
pub(crate) const CONTAINER_USEC: u64 = 4_000_000_000;
pub(crate) const POD_USEC: u64 = 4_060_000_000;
const SYSTEM_USEC: u64 = 1_000_000_000;

/// Working set as the kubelet defines it.
pub(crate) const fn working_set(memory: (u64, u64)) -> u64 {
    memory.0 - memory.1
}

/// The text of a cpu.stat.
pub(crate) fn cpu_stat(usage_usec: u64) -> String {
    let user_usec = usage_usec - SYSTEM_USEC;
    format!(
        "usage_usec {usage_usec}\nuser_usec {user_usec}\nsystem_usec {SYSTEM_USEC}\nnr_periods 1200\n\
         nr_throttled 30\nthrottled_usec 1500000\nnr_bursts 0\nburst_usec 0\n"
    )
}

/// The files, deleted with the value.
pub(crate) struct Node {
    directory: tempfile::TempDir,
}

impl Node {
    pub(crate) fn new() -> Node {
        let node = Node { directory: tempfile::tempdir().unwrap() };
        node.write("cgroup/cgroup.controllers", "cpuset cpu io memory hugetlb pids\n");
        node.write(
            "cgroup/cpu.stat",
            "usage_usec 9000000000\nuser_usec 6000000000\nsystem_usec 3000000000\n",
        );
        node.write("cgroup/memory.stat", "anon 900000000\nfile 400000000\ninactive_file 100000000\n");
        for above in ["kubepods", "kubepods/burstable"] {
            node.cgroup(above, 5_000_000_000, (80_000_000, 9_000_000));
        }
        let pod = format!("kubepods/burstable/pod{POD_UID}");
        node.cgroup(&pod, POD_USEC, POD_MEMORY);
        node.cgroup(&format!("{pod}/{CONTAINER}"), CONTAINER_USEC, CONTAINER_MEMORY);
        node.cgroup(&format!("{pod}/{SANDBOX}"), POD_USEC - CONTAINER_USEC + SYSTEM_USEC, SANDBOX_MEMORY);
        node.write("pods.json", &pods_document());
        node
    }

    pub(crate) fn path(&self, place: &str) -> PathBuf {
        self.directory.path().join(place)
    }

    /// The pod's cpu.stat and its container's.
    pub(crate) fn cpu_files(&self) -> [PathBuf; 2] {
        let pod = self.path(&format!("cgroup/kubepods/burstable/pod{POD_UID}"));
        [pod.join("cpu.stat"), pod.join(CONTAINER).join("cpu.stat")]
    }

    fn cgroup(&self, path: &str, usage_usec: u64, (current, inactive_file): (u64, u64)) {
        let pressure = |some: u64, full: u64| {
            let line =
                |kind: &str, total| format!("{kind} avg10=0.50 avg60=0.25 avg300=0.10 total={total}\n");
            line("some", some) + &line("full", full)
        };
        let (anon, file) = (current / 2, current / 4);
        for (name, text) in [
            ("cgroup.controllers", "cpu io memory pids\n".to_owned()),
            ("cgroup.events", "populated 1\nfrozen 0\n".to_owned()),
            ("cpu.stat", cpu_stat(usage_usec)),
            ("cpu.max", "200000 100000\n".to_owned()),
            ("cpu.weight", "39\n".to_owned()),
            ("cpu.pressure", pressure(3_000_000, 1_000_000)),
            ("memory.current", format!("{current}\n")),
            ("memory.max", "134217728\n".to_owned()),
            (
                "memory.stat",
                format!(
                    "anon {anon}\nfile {file}\ninactive_file {inactive_file}\npgfault 9000\npgmajfault 12\n"
                ),
            ),
            ("memory.events", "low 0\nhigh 0\nmax 4\noom 1\noom_kill 1\noom_group_kill 0\n".to_owned()),
            ("memory.pressure", pressure(2_000, 1_000)),
            ("io.stat", "254:0 rbytes=409600 wbytes=8192 rios=100 wios=2 dbytes=0 dios=0\n".to_owned()),
            ("io.pressure", pressure(70_000, 60_000)),
            ("pids.current", "7\n".to_owned()),
            ("pids.max", "max\n".to_owned()),
        ] {
            self.write(&format!("cgroup/{path}/{name}"), &text);
        }
    }

    fn write(&self, place: &str, text: &str) {
        let path = self.path(place);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// What the kubelet answers on `/pods`. The sandbox is in no list.
fn pods_document() -> String {
    serde_json::json!({
        "kind": "PodList",
        "apiVersion": "v1",
        "items": [{
            "metadata": {"name": "web-0", "namespace": "shop", "uid": POD_UID},
            "spec": {"nodeName": "node-1", "containers": [{"name": "app"}]},
            "status": {
                "startTime": "2026-01-02T03:04:05Z",
                "containerStatuses": [{
                    "name": "app",
                    "image": "registry.example/app:1",
                    "containerID": format!("containerd://{CONTAINER}"),
                    "restartCount": 0,
                }],
            },
        }],
    })
    .to_string()
}
