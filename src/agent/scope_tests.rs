use std::fs;
use std::path::Path;

use super::*;
use crate::source::cgroup::mounts::Mounts;

const UID: &str = "18451618-ada8-4b1c-a71e-5d336ca178d6";

/// A hierarchy with or without pods, an own leaf, and a /proc with or without a sibling.
struct Machine(tempfile::TempDir);

impl Machine {
    fn new(directories: &[&str]) -> Machine {
        let machine = Machine(tempfile::tempdir().unwrap());
        for directory in ["tree", "leaf", "proc/1"].iter().chain(directories) {
            fs::create_dir_all(machine.at(directory)).unwrap();
        }
        for file in ["tree/cgroup.controllers", "leaf/cgroup.controllers", "leaf/cgroup.events"] {
            fs::write(machine.at(file), "").unwrap();
        }
        fs::write(machine.at("proc/1/cgroup"), "0::/\n").unwrap();
        machine
    }

    fn with_sibling(self) -> Machine {
        fs::create_dir(self.at("proc/7")).unwrap();
        fs::write(self.at("proc/7/cgroup"), format!("0::/../{}\n", "a".repeat(64))).unwrap();
        self
    }

    fn at(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn chosen(&self, mode: Mode, root: &str, uid: Option<&str>) -> Result<(&'static str, Mode), String> {
        let mut config = Config::default();
        config.agent.mode = mode;
        config.paths.procfs = self.at("proc");
        let mounts = Mounts { own: Some(self.at("leaf")), ..Mounts::default() };
        let place = Place { root: self.at(root), mounts, is_own_leaf: mounts::is_leaf(&self.at(root)) };
        let own = OwnPod { uid: uid.map(|uid| PodUid(uid.into())), ..OwnPod::default() };
        let choice = choose(&config, Ok(place), &own, false).map_err(|error| error.to_string())?;
        let view = match choice.view {
            View::Node(_) => "node",
            View::Pod(..) => "pod",
            View::Siblings(_) => "siblings",
            View::OwnContainer(root) if root == self.at("leaf") => "own",
            View::OwnContainer(_) | View::Remote => "wrong",
        };
        Ok((view, choice.mode))
    }
}

#[test]
fn a_whole_hierarchy_is_the_nodes_unless_a_sidecar_is_asked_for() {
    let node = Machine::new(&["tree/kubepods/burstable"]);
    let host = Machine::new(&["tree/system.slice"]);
    assert_eq!(node.chosen(Mode::Auto, "tree", None), Ok(("node", Mode::Node)));
    // A DaemonSet, too, may be told its UID.
    assert_eq!(node.chosen(Mode::Auto, "tree", Some(UID)), Ok(("node", Mode::Node)));
    assert_eq!(host.chosen(Mode::Auto, "tree", None), Ok(("node", Mode::Host)));
    assert_eq!(node.chosen(Mode::Host, "tree", None), Ok(("node", Mode::Host)));
    assert_eq!(host.chosen(Mode::Node, "tree", None), Ok(("node", Mode::Node)));
    assert_eq!(node.chosen(Mode::Sidecar, "tree", Some(UID)), Ok(("pod", Mode::Sidecar)));
}

#[test]
fn an_own_leaf_is_a_sidecars_and_nobody_elses() {
    let alone = Machine::new(&[]);
    assert_eq!(alone.chosen(Mode::Auto, "leaf", Some(UID)), Ok(("own", Mode::Sidecar)));
    assert_eq!(alone.chosen(Mode::Sidecar, "leaf", None), Ok(("own", Mode::Sidecar)));
    for mode in [Mode::Node, Mode::Host] {
        let error = alone.chosen(mode, "leaf", None).unwrap_err();
        assert!(error.contains("only this container's own cgroup"), "{error}");
        assert!(error.contains("mount the host's /sys/fs/cgroup"), "{error}");
    }
    let shared = Machine::new(&[]).with_sibling();
    assert_eq!(shared.chosen(Mode::Auto, "leaf", None), Ok(("siblings", Mode::Sidecar)));
    // The host's mount without a UID: the next best.
    assert_eq!(shared.chosen(Mode::Sidecar, "tree", None), Ok(("siblings", Mode::Sidecar)));
}

#[test]
fn a_node_without_version_2_is_served_by_others_or_not_at_all() {
    let chosen = |mode, has_others| {
        let mut config = Config::default();
        config.agent.mode = mode;
        let none = Err(CgroupError::LegacyOnly { controllers: "cpu".to_owned() });
        choose(&config, none, &OwnPod::default(), has_others).map(|choice| choice.view)
    };
    assert_eq!(chosen(Mode::Auto, true).unwrap(), View::Remote);
    assert_eq!(chosen(Mode::Node, true).unwrap(), View::Remote);
    for (mode, has_others) in [(Mode::Auto, false), (Mode::Sidecar, false), (Mode::Host, true)] {
        let error = chosen(mode, has_others).unwrap_err().to_string();
        assert!(error.contains("cgroup v1 only"), "{error}");
    }
    let given = Path::new("/nowhere");
    let error =
        choose(&Config::default(), mounts::find(Path::new("/proc"), Some(given)), &OwnPod::default(), true);
    assert!(error.unwrap_err().to_string().contains("/nowhere"), "a wrong path is never passed over");
}
