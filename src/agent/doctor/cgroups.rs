//! What `check` says of the cgroup hierarchy: where it is, what is in it, which value each file serves, and what
//! is missing with the exact remedy.

use super::scope;
use crate::agent::sampling::open_tree;
use crate::cli::check::{Finding, Group, State};
use crate::config::Config;
use crate::model::field::File;
use crate::model::identity::UnitKind;
use crate::model::scope::Scope;
use crate::source::cgroup::mounts::{Layout, Mounts};
use crate::source::cgroup::{Entry, Tree};

/// A controller, the file that shows it is there, and what it serves.
const CONTROLLERS: [(&str, File, &str); 6] = [
    ("cpu", File::CpuMax, "quotas, throttling"),
    ("memory", File::MemoryCurrent, "memory, working set, OOM kills"),
    ("io", File::IoStat, "disk traffic"),
    ("pids", File::PidsCurrent, "process counts"),
    ("pressure", File::CpuPressure, "pressure stall (PSI)"),
    ("cpu.stat", File::CpuStat, "CPU time"),
];

pub(super) fn examine(config: &Config) -> Vec<Group> {
    let cgroups = |findings| Group { source: "cgroups", essential: true, findings };
    match open_tree(config) {
        Ok(sight) => {
            let found = cgroups(findings(&sight.tree, &sight.mounts, config));
            std::iter::once(found).chain(scope::examine(config, &sight)).collect()
        }
        Err(error) => {
            let text = format!("{error:#}");
            // Each refusal ends with what to do, after its last colon or semicolon.
            let (detail, remedy) = match text.rsplit_once([';', ':']) {
                Some((detail, remedy)) if remedy.len() > 12 => (detail.to_owned(), remedy.trim().to_owned()),
                _ => (text, "mount the host's cgroup2 hierarchy and set paths.cgroup".to_owned()),
            };
            vec![cgroups(vec![Finding::new("hierarchy", State::Missing, detail).remedy(remedy)])]
        }
    }
}

fn findings(tree: &Tree, mounts: &Mounts, config: &Config) -> Vec<Finding> {
    let entries: Vec<&Entry> = tree.order().iter().filter_map(|&slot| tree.entry(slot)).collect();
    let count = |is: fn(&UnitKind) -> bool| entries.iter().filter(|entry| is(&entry.cgroup.kind)).count();
    let pods = count(|kind| matches!(kind, UnitKind::Pod { .. }));
    let containers = count(|kind| matches!(kind, UnitKind::Container { .. }));
    let root = match (&config.paths.cgroup, &mounts.unified) {
        (Some(path), _) | (None, Some(path)) => path.display().to_string(),
        (None, None) => "?".to_owned(),
    };
    let mut found = vec![match mounts.layout {
        Layout::Hybrid => {
            let held = mounts.legacy_controllers.join(", ");
            Finding::new(
                "hierarchy",
                State::Degraded,
                format!("{root}: cgroup v2 beside v1, which holds {held}"),
            )
            .remedy("boot with cgroup_no_v1=all to give these controllers to v2")
        }
        _ => Finding::new("hierarchy", State::Ok, format!("{root}: cgroup v2")),
    }];
    let units = entries.len();
    let detail = format!("{units} cgroups: {pods} pods, {containers} containers");
    let scope = match tree.scope() {
        Scope::Node if pods > 0 => "pods of this node",
        Scope::Node => "units of this machine; no kubepods here",
        Scope::Pod(_) => "the one pod that this is a sidecar of",
        Scope::Siblings(_) => "the containers that share this process namespace, and this one",
        Scope::OwnContainer => "this container alone, under a name that is no pod's",
        Scope::Remote => "what other sources tell",
    };
    found.push(Finding::new("scope", State::Ok, format!("{detail}; serves {scope}")));
    if tree.order().is_empty() {
        return found;
    }
    // The root has few of the files; what any other cgroup has counts.
    let has_root = entries.first().is_some_and(|entry| entry.cgroup.kind == UnitKind::Root);
    let below_root = || tree.order().iter().copied().skip(usize::from(has_root));
    for (name, file, serves) in CONTROLLERS {
        let having = below_root().filter(|&slot| tree.has(slot, file)).count();
        let below = entries.len() - usize::from(has_root);
        let at_root = tree.order().first().is_some_and(|&root| tree.has(root, file));
        found.push(if having > 0 && having == below {
            let below_what = if has_root { " below the root" } else { "" };
            Finding::new(name, State::Ok, format!("{serves}: in all {below} cgroups{below_what}"))
        } else if having > 0 {
            Finding::new(name, State::Ok, format!("{serves}: in {having} of {below} cgroups, as delegated"))
        } else if below == 0 && at_root {
            Finding::new(name, State::Ok, format!("{serves}: of the root, the only cgroup"))
        } else {
            let held = mounts
                .legacy_controllers
                .iter()
                .any(|held| held == name || (name == "io" && held == "blkio"));
            let remedy = if name == "pressure" {
                "boot with psi=1 (CONFIG_PSI)".to_owned()
            } else if held {
                "held by cgroup v1: boot with cgroup_no_v1=all".to_owned()
            } else {
                format!("enable it: echo +{name} > {root}/cgroup.subtree_control, at each level")
            };
            Finding::new(name, State::Degraded, format!("{serves}: absent, so not served")).remedy(remedy)
        });
    }
    if tree.watches_exhausted() {
        let finding =
            Finding::new("notifications", State::Degraded, "inotify watches ran out; rescanning each second");
        found.push(finding.remedy("raise fs.inotify.max_user_watches"));
    } else {
        found.push(Finding::new("notifications", State::Ok, format!("{} inotify watches", tree.watches())));
    }
    found
}
