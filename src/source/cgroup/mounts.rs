//! Finds the cgroup2 mount in `/proc/self/mountinfo` and says what it can and cannot serve.

use std::path::{Path, PathBuf};

use super::error::CgroupError;
use super::grammar::pod_uid;
use super::kubepods::has_kubepods;
use crate::model::identity::PodUid;

/// One line of mountinfo, as far as cgroups are concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// The directory of the hierarchy that is mounted (`/` for the whole of it, as this namespace sees it).
    pub root: String,
    pub mount_point: PathBuf,
    /// `cgroup` (v1) or `cgroup2`.
    pub fs_type: String,
    /// Per-superblock options; for v1 these name the controllers.
    pub super_options: String,
}

/// Which hierarchies a host has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// cgroup v2 alone.
    Unified,
    /// cgroup v2 beside v1 controllers: v2 serves only what v1 has not taken.
    Hybrid,
    /// v1 alone.
    Legacy,
    /// No cgroup mount is visible.
    #[default]
    None,
}

/// What mountinfo says about cgroups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mounts {
    pub layout: Layout,
    /// Where the v2 hierarchy is, when there is one.
    pub unified: Option<PathBuf>,
    /// Where the root of our own cgroup namespace is: in a private one our container's own cgroup.
    pub own: Option<PathBuf>,
    /// Controllers that v1 holds, sorted.
    pub legacy_controllers: Vec<String>,
}

/// The v1 controllers that podometer would have read from v2.
const WANTED: [&str; 6] = ["blkio", "cpu", "cpuacct", "hugetlb", "memory", "pids"];

/// Reads cgroup mounts from the text of mountinfo. Lines of other file systems and malformed lines are passed
/// over. Format: proc(5), `/proc/pid/mountinfo`.
pub fn parse_mountinfo(text: &str) -> Vec<Mount> {
    text.lines().filter_map(parse_line).collect()
}

fn parse_line(line: &str) -> Option<Mount> {
    let (left, right) = line.split_once(" - ")?;
    let mut right = right.split(' ');
    let fs_type = right.next()?;
    if fs_type != "cgroup" && fs_type != "cgroup2" {
        return None;
    }
    let super_options = right.nth(1).unwrap_or_default();
    let mut left = left.split(' ').skip(3);
    let root = unescape(left.next()?);
    let mount_point = unescape(left.next()?);
    Some(Mount {
        root,
        mount_point: PathBuf::from(mount_point),
        fs_type: fs_type.to_owned(),
        super_options: super_options.to_owned(),
    })
}

/// The pod whose files the kubelet mounted into this container: `/etc/hosts` and the termination log stand below
/// the pod's own directory on the node.
pub fn pod_in_mountinfo(text: &str) -> Option<PodUid> {
    text.lines().find_map(|line| {
        let mut fields = line.split(' ').skip(3);
        let (root, mount_point) = (fields.next()?, fields.next()?);
        let is_kubelets = matches!(mount_point, "/etc/hosts" | "/dev/termination-log");
        let (_, below) = root.split_once("/pods/").filter(|_| is_kubelets)?;
        pod_uid(below.split('/').next()?)
    })
}

/// mountinfo writes space, tab, newline and backslash as `\ooo`.
fn unescape(field: &str) -> String {
    let mut out = Vec::with_capacity(field.len());
    let bytes = field.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let octal = bytes
            .get(at + 1..at + 4)
            .filter(|digits| bytes[at] == b'\\' && digits.iter().all(|digit| (b'0'..=b'7').contains(digit)));
        if let Some(digits) = octal {
            let value = digits.iter().fold(0u32, |value, digit| value * 8 + u32::from(digit - b'0'));
            out.push(value as u8);
            at += 4;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Picks the v2 mount that shows the most, then the shortest path.
pub fn survey(mounts: &[Mount]) -> Mounts {
    let of_version_2 = || mounts.iter().filter(|mount| mount.fs_type == "cgroup2");
    let unified =
        of_version_2().min_by_key(|mount| (level(&mount.root), mount.mount_point.as_os_str().len()));
    let own = of_version_2().find(|mount| mount.root == "/");
    let mut legacy_controllers: Vec<String> = mounts
        .iter()
        .filter(|mount| mount.fs_type == "cgroup")
        .flat_map(|mount| mount.super_options.split(','))
        .filter(|option| WANTED.contains(option))
        .map(str::to_owned)
        .collect();
    legacy_controllers.sort();
    legacy_controllers.dedup();
    let legacy = mounts.iter().any(|mount| mount.fs_type == "cgroup");
    let layout = match (unified, legacy) {
        (Some(_), _) if !legacy_controllers.is_empty() => Layout::Hybrid,
        (Some(_), _) => Layout::Unified,
        (None, true) => Layout::Legacy,
        (None, false) => Layout::None,
    };
    Mounts {
        layout,
        unified: unified.map(|mount| mount.mount_point.clone()),
        own: own.map(|mount| mount.mount_point.clone()),
        legacy_controllers,
    }
}

/// How much a mount shows. In a private cgroup namespace `/` is the container's own cgroup, and each `/..` is a
/// step up from there: the host's hierarchy is mounted as `/../../../..`. Without one `/` is all there is.
/// Source: recorded in containers of both cgroup drivers.
fn level(root: &str) -> isize {
    let steps = root.split('/').filter(|name| *name == "..").count();
    match (steps, root) {
        (0, "/") => 0,
        (0, _) => 1,
        (steps, _) => -(steps as isize),
    }
}

/// True if the directory looks like a cgroup v2 directory: it has `cgroup.controllers`.
pub fn is_cgroup2_dir(path: &Path) -> bool {
    path.join("cgroup.controllers").exists()
}

/// A v2 hierarchy, and what can be seen of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub root: PathBuf,
    pub mounts: Mounts,
    /// True when this is no root but the cgroup of the container that we run in.
    pub is_own_leaf: bool,
}

/// Where the v2 hierarchy is: `given`, or what `PROCFS/self/mountinfo` names; and what the host has besides.
pub fn find(procfs: &Path, given: Option<&Path>) -> Result<Place, CgroupError> {
    let path = procfs.join("self/mountinfo");
    let survey = std::fs::read_to_string(&path).map(|text| survey(&parse_mountinfo(&text)));
    let (root, mounts) = match (given, survey) {
        (Some(given), Ok(mounts)) => (given.to_owned(), mounts),
        // A given path needs no mountinfo; what v1 holds is then unknown.
        (Some(given), Err(_)) => (given.to_owned(), Mounts::default()),
        (None, Err(error)) => return Err(CgroupError::Mountinfo { path, error }),
        (None, Ok(mounts)) => match &mounts.unified {
            Some(root) => (root.clone(), mounts),
            None if mounts.layout == Layout::Legacy => {
                return Err(CgroupError::LegacyOnly { controllers: mounts.legacy_controllers.join(", ") });
            }
            None => return Err(CgroupError::NoMount { path }),
        },
    };
    if !root.exists() {
        let error = std::io::Error::from(std::io::ErrorKind::NotFound);
        return Err(CgroupError::Root { path: root, error });
    }
    if !is_cgroup2_dir(&root) {
        return Err(CgroupError::NotCgroup2 { path: root });
    }
    let is_own_leaf = is_leaf(&root);
    Ok(Place { root, mounts, is_own_leaf })
}

/// As [`find`], but refuses what would show less than the whole machine.
pub fn locate(procfs: &Path, given: Option<&Path>) -> Result<(PathBuf, Mounts), CgroupError> {
    let place = find(procfs, given)?;
    if place.is_own_leaf {
        return Err(CgroupError::OwnLeaf { path: place.root });
    }
    Ok((place.root, place.mounts))
}

/// A real root has no `cgroup.events`. A node that is itself a container (kind, minikube) has; its kubelet's pods
/// tell it from a container that is none.
pub fn is_leaf(root: &Path) -> bool {
    root.join("cgroup.events").exists() && !has_kubepods(root)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PLAIN: &str = "31 23 0:26 / /sys/fs/cgroup rw,nosuid shared:8 - cgroup2 cgroup2 rw,nsdelegate";
    const HYBRID: &str = "\
30 23 0:25 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu
31 23 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
32 23 0:27 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd
33 23 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw";

    #[test]
    fn layouts() {
        let cases = [
            ("plain v2", PLAIN, Layout::Unified, Some("/sys/fs/cgroup")),
            ("hybrid", HYBRID, Layout::Hybrid, Some("/sys/fs/cgroup/unified")),
            ("v1 only", "30 23 0:25 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu", Layout::Legacy, None),
            ("nothing", "1 1 8:1 / / rw - ext4 /dev/sda1 rw", Layout::None, None),
            (
                "v1 systemd tree beside v2 has no controller",
                concat!(
                    "32 23 0:27 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n",
                    "33 23 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw"
                ),
                Layout::Unified,
                Some("/sys/fs/cgroup/unified"),
            ),
        ];
        for (name, text, layout, unified) in cases {
            let found = survey(&parse_mountinfo(text));
            assert_eq!(found.layout, layout, "{name}");
            assert_eq!(found.unified.as_deref(), unified.map(Path::new), "{name}");
        }
        assert_eq!(survey(&parse_mountinfo(HYBRID)).legacy_controllers, ["cpu", "memory"]);
    }

    #[test]
    fn a_whole_host_mount_wins_over_a_leaf() {
        // As recorded in a container with the host's hierarchy mounted: its own cgroup is `/`.
        let text = "1160 1159 0:26 / /sys/fs/cgroup ro,nosuid - cgroup2 cgroup rw,nsdelegate\n\
                    1188 1151 0:26 /../../../.. /host/sys/fs/cgroup ro - cgroup2 cgroup2 rw,nsdelegate\n\
                    1189 1151 0:26 /.. /pod ro - cgroup2 cgroup2 rw";
        let found = survey(&parse_mountinfo(text));
        assert_eq!(found.unified.as_deref(), Some(Path::new("/host/sys/fs/cgroup")));
        assert_eq!(found.own.as_deref(), Some(Path::new("/sys/fs/cgroup")));
    }

    /// Lines as recorded in a container, its other mounts left out.
    #[test]
    fn the_kubelets_own_mounts_name_the_pod() {
        let line =
            |root: &str, at: &str| format!("694 1022 254:0 {root} {at} rw,noatime - ext4 /dev/vda rw\n");
        let pod = "/var/lib/kubelet/pods/18451618-ada8-4b1c-a71e-5d336ca178d6";
        let uid = PodUid("18451618-ada8-4b1c-a71e-5d336ca178d6".into());
        for (root, at, found) in [
            (format!("{pod}/etc-hosts"), "/etc/hosts", true),
            (format!("{pod}/containers/eye/96430e67"), "/dev/termination-log", true),
            (format!("{pod}/volumes/kubernetes.io~empty-dir/x"), "/data", false),
            (
                "/var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/4d42/hostname".to_owned(),
                "/etc/hosts",
                false,
            ),
            ("/pods/nonsense/etc-hosts".to_owned(), "/etc/hosts", false),
        ] {
            let text = [PLAIN, "\n", &line(&root, at)].concat();
            assert_eq!(pod_in_mountinfo(&text), found.then(|| uid.clone()), "{root}");
        }
    }

    #[test]
    fn octal_escapes() {
        let text = r"31 23 0:26 / /mnt/a\040b\134 rw - cgroup2 cgroup2 rw";
        assert_eq!(parse_mountinfo(text)[0].mount_point, Path::new("/mnt/a b\\"));
    }

    fn host(mountinfo: &str) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("proc/self")).unwrap();
        std::fs::create_dir_all(dir.path().join("cgroup")).unwrap();
        std::fs::write(dir.path().join("proc/self/mountinfo"), mountinfo).unwrap();
        dir
    }

    fn located(dir: &tempfile::TempDir, given: bool) -> Result<PathBuf, String> {
        let given = given.then(|| dir.path().join("cgroup"));
        let found = locate(&dir.path().join("proc"), given.as_deref());
        found.map(|(root, _)| root).map_err(|error| error.to_string())
    }

    #[test]
    fn what_cannot_be_served_is_refused_with_its_remedy() {
        let legacy = host("30 23 0:25 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n");
        let error = located(&legacy, false).unwrap_err();
        assert!(
            error.contains("cgroup v1 only (mounted controllers: cpu)") && error.contains("unified"),
            "{error}"
        );
        let error = located(&host("1 1 8:1 / / rw - ext4 /dev/sda1 rw\n"), false).unwrap_err();
        assert!(error.contains("no cgroup2 file system") && error.contains("paths.cgroup"), "{error}");
        let given = host(PLAIN);
        let error = located(&given, true).unwrap_err();
        assert!(error.contains("not a cgroup v2 directory"), "{error}");
        std::fs::write(given.path().join("cgroup/cgroup.controllers"), "cpu").unwrap();
        assert_eq!(located(&given, true).unwrap(), given.path().join("cgroup"));
    }

    /// The founding bug: a private cgroup namespace shows the container's own leaf at the mount's root.
    #[test]
    fn cgroupns_root_only() {
        let dir = host(PLAIN);
        for file in ["cgroup.controllers", "cgroup.events", "cpu.stat"] {
            std::fs::write(dir.path().join("cgroup").join(file), "").unwrap();
        }
        let error = located(&dir, true).unwrap_err();
        assert!(error.contains("only this container's own cgroup"), "{error}");
        let place = find(&dir.path().join("proc"), Some(&dir.path().join("cgroup"))).unwrap();
        assert!(place.is_own_leaf);
    }

    /// A kind node is a container: its root is a leaf of the machine around it, and holds the pods.
    #[test]
    fn a_node_that_is_a_container_is_a_node() {
        let dir = host(PLAIN);
        for file in ["cgroup.controllers", "cgroup.events"] {
            std::fs::write(dir.path().join("cgroup").join(file), "").unwrap();
        }
        std::fs::create_dir_all(dir.path().join("cgroup/kubelet.slice/kubelet-kubepods.slice")).unwrap();
        assert_eq!(located(&dir, true).unwrap(), dir.path().join("cgroup"));
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in ".*") {
            survey(&parse_mountinfo(&text));
        }
    }
}
