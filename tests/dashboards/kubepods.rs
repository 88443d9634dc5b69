//! The recorded node's cgroups made anew in this kernel, with processes in them: they burn, are throttled, hold memory,
//! and one dies of its limit. Needs a kernel to itself.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::child::Running;
use super::truth;

pub(crate) const MOUNT: &str = "/sys/fs/cgroup";

/// Pod and container, and what `guest_workload` does there. In all others a process sleeps.
const WORK: &[(&str, &str, &str)] = &[
    // Wants a whole core: throttled in each period.
    ("guar", "throttle", "burn --for-ms 3600000"),
    ("guar", "mix", "anon --mb 24 --linger"),
    ("best", "mem", "anon --mb 12 --linger"),
    ("burst", "io", "pagecache --mb 24 --file /run/disk --linger"),
    ("burst", "work", "burn --for-ms 300 --linger"),
];

/// Dies of its limit, and is started again as its kubelet would after a while.
const HOG: (&str, &str, &str) = ("oom", "hog", "oom --mb 64");

/// The one processor is shared with all servers, and on a busy machine it is not whole: limits of CPU are a part of what
/// they are in the recording.
const SLOWER: u64 = 3;

/// So many turns lie between two deaths; the first is waited for until all counters have been read.
const TURNS: u64 = 10;

pub(crate) struct Kubepods {
    workload: PathBuf,
    hog: PathBuf,
    dying: Option<Child>,
    _processes: Vec<Running>,
}

impl Kubepods {
    pub(crate) fn start(recording: &Path, workload: PathBuf) -> Kubepods {
        let containers = containers(recording);
        for directory in truth::directories(recording, "sys/fs/cgroup") {
            create(&Path::new(MOUNT).join(directory));
        }
        let kubepods = Path::new(MOUNT).join("kubepods.slice");
        // Before the servers that look at them: who waits for its turn behind them does not use up its quota.
        std::fs::write(kubepods.join("cpu.weight"), "10000").unwrap();
        let mut leaves = Vec::new();
        find_scopes(&kubepods, &mut leaves);
        let mut processes = Vec::new();
        for leaf in &leaves {
            let id = leaf.file_stem().unwrap().to_str().unwrap().trim_start_matches("cri-containerd-");
            let mut work = "sleep --linger";
            // A sandbox is no container.
            if let Some(container) = containers.get(id) {
                container.limit(leaf);
                let found = WORK.iter().find(|(pod, name, _)| container.is(pod, name));
                work = found.map_or(work, |(.., work)| work);
            }
            processes.push(Running(start(&workload, leaf, work)));
        }
        let (id, dead) = containers.iter().find(|(_, each)| each.is(HOG.0, HOG.1)).unwrap();
        let pod = leaves.iter().find_map(|leaf| leaf.parent().filter(|pod| dead.owns(pod))).unwrap();
        let hog = pod.join(format!("cri-containerd-{id}.scope"));
        create(&hog);
        dead.limit(&hog);
        Kubepods { workload, hog, dying: None, _processes: processes }
    }

    pub(crate) fn turn(&mut self, turns: u64) {
        if turns % TURNS == 2 {
            if let Some(mut last) = self.dying.take() {
                let status = last.wait().unwrap();
                assert_eq!(status.code(), None, "the hog was not killed: {status}");
            }
            self.dying = Some(start(&self.workload, &self.hog, HOG.2));
        }
    }
}

impl Drop for Kubepods {
    fn drop(&mut self) {
        drop(self.dying.take().map(Running));
    }
}

/// What the recorded kubelet knows of a container.
struct Container {
    pod: String,
    uid: String,
    name: String,
    limits: Value,
}

impl Container {
    fn is(&self, pod: &str, name: &str) -> bool {
        self.pod == pod && self.name == name
    }

    /// Whether that cgroup is its pod's.
    fn owns(&self, directory: &Path) -> bool {
        directory.to_str().unwrap().ends_with(&format!("pod{}.slice", self.uid.replace('-', "_")))
    }

    /// As a kubelet sets them.
    fn limit(&self, directory: &Path) {
        let number = |name: &str, unit: &str| -> Option<u64> {
            Some(self.limits[name].as_str()?.strip_suffix(unit).unwrap().parse().unwrap())
        };
        if let Some(millicores) = number("cpu", "m") {
            let quota = millicores * 100 / SLOWER;
            std::fs::write(directory.join("cpu.max"), format!("{quota} 100000")).unwrap();
        }
        if let Some(mebibytes) = number("memory", "Mi") {
            std::fs::write(directory.join("memory.max"), (mebibytes << 20).to_string()).unwrap();
        }
    }
}

/// By their IDs: those that are there, and the last one of those that died.
fn containers(recording: &Path) -> BTreeMap<String, Container> {
    let list: Value = serde_json::from_slice(&std::fs::read(recording.join("pods.json")).unwrap()).unwrap();
    let mut found = BTreeMap::new();
    for pod in list["items"].as_array().unwrap() {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        for status in pod["status"]["containerStatuses"].as_array().unwrap() {
            let id = text(&status["containerID"]).trim_start_matches("containerd://").to_owned();
            let specs = pod["spec"]["containers"].as_array().unwrap();
            let spec = specs.iter().find(|spec| spec["name"] == status["name"]);
            let container = Container {
                pod: text(&pod["metadata"]["name"]),
                uid: text(&pod["metadata"]["uid"]),
                name: text(&status["name"]),
                limits: spec.map(|spec| spec["resources"]["limits"].clone()).unwrap_or_default(),
            };
            found.insert(id, container);
        }
    }
    found
}

/// Makes a cgroup whose parent passes its controllers on.
fn create(directory: &Path) {
    let parent = directory.parent().unwrap();
    if directory != Path::new(MOUNT) {
        for controller in ["cpu", "io", "memory", "pids"] {
            std::fs::write(parent.join("cgroup.subtree_control"), format!("+{controller}"))
                .unwrap_or_else(|error| panic!("{}: {controller}: {error}", parent.display()));
        }
        _ = std::fs::create_dir(directory);
    }
}

fn find_scopes(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == "scope") {
            found.push(path);
        } else if entry.file_type().unwrap().is_dir() {
            find_scopes(&path, found);
        }
    }
}

fn start(workload: &Path, cgroup: &Path, work: &str) -> Child {
    let mut command = Command::new(workload);
    command.args(work.split(' ')).arg("--cgroup").arg(cgroup).stdin(Stdio::null());
    command.spawn().unwrap_or_else(|error| panic!("{}: {error}", workload.display()))
}
