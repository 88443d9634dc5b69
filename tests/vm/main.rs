//! Truth on a real kernel: the agent in a virtual machine, its words beside the kernel's own.
//!
//! `.ci/run lab` prepares static binaries and two kernels and runs this; see CONTRIBUTING.md. Each number
//! that the agent serves is compared with the kernel's files read directly before and after, in cgroups that
//! are at rest, so that equal means equal.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the table of differences is for people")]
#![allow(clippy::expect_used, reason = "a test may fail")]

mod guest;
mod load;
mod samples;
mod sidecar;

use guest::{Lab, Range, Told};
use samples::Samples;

/// One CPU; accounts CPU in ticks of 10 ms, so a step of 100 ms is uncertain by one tick in ten.
#[test]
fn user_mode_linux_cgroupfs_driver() {
    if let Some(lab) = Lab::from_environment() {
        let told = lab.run("uml", "cgroupfs");
        compare(&told, 0.85);
        doctor(&told, "degraded");
    }
}

/// Two CPUs, exact accounting, pressure.
#[test]
fn distribution_kernel_systemd_driver() {
    if let Some(lab) = Lab::from_environment() {
        let told = lab.run("qemu", "systemd");
        let compared = compare(&told, 0.95);
        assert!(compared.pressure > 0, "no pressure was compared");
        doctor(&told, "ok");
    }
}

/// `podometer check` in the guest tells what the guest has; User Mode Linux has no pressure.
fn doctor(told: &Told, pressure: &str) {
    let report = &told.documents["check"];
    println!("{report}");
    let state_of = |name: &str| {
        let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let mut lines = report.lines().map(words);
        let found = lines.find(|words| words.get(1).is_some_and(|word| word == name));
        found.unwrap_or_else(|| panic!("no word on {name} in\n{report}"))[0].clone()
    };
    for controller in ["hierarchy", "scope", "cpu", "memory", "io", "pids", "cpu.stat"] {
        assert_eq!(state_of(controller), "ok", "{controller} in\n{report}");
    }
    assert_eq!(state_of("pressure"), pressure, "in\n{report}");
    assert!(report.contains(": 6 pods"), "{report}");
}

/// How many numbers of which kind were compared.
#[derive(Default)]
struct Compared {
    rows: usize,
    pressure: usize,
    wrong: Vec<String>,
}

impl Compared {
    fn row(&mut self, what: &str, whose: &str, kernel: Range, agent: Option<u64>) {
        let (low, high) = (kernel.before.min(kernel.after), kernel.before.max(kernel.after));
        let right = agent.is_some_and(|agent| (low..=high).contains(&agent));
        let shown = agent.map_or("absent".to_owned(), |agent| agent.to_string());
        let line = format!("{what:<46} {whose:<12} {low:>12} {high:>12} {shown:>12}");
        println!("{line} {}", if right { "" } else { "WRONG" });
        self.rows += 1;
        if !right {
            self.wrong.push(line);
        }
    }
}

fn compare(told: &Told, burst_share: f64) -> Compared {
    println!("{}", told.documents["agent-log"]);
    let samples = Samples::parse(&told.documents["metrics"]);
    let mut compared = Compared::default();
    println!("{:<46} {:<12} {:>12} {:>12} {:>12}", "series", "of", "kernel from", "to", "agent");
    for (cgroup, files) in &told.kernel {
        let Some((kind, name)) = name_of(cgroup) else { continue };
        let short = &name[..12];
        let usec =
            |series: String| samples.get(&series, &[&name]).map(|seconds| (seconds * 1e6).round() as u64);
        let bytes = |series: String| samples.get(&series, &[&name]).map(|bytes| bytes as u64);

        let cpu = files["cpu.stat usage_usec"];
        assert_eq!(cpu.before, cpu.after, "{cgroup} was not at rest");
        let series = format!("{kind}_cpu_usage_seconds_total");
        compared.row(&series, short, cpu, usec(series.clone()));

        let (current, inactive) = (files["memory.current -"], files["memory.stat inactive_file"]);
        let working_set = Range {
            before: current.before.saturating_sub(inactive.before),
            after: current.after.saturating_sub(inactive.after),
        };
        let series = format!("{kind}_memory_working_set_bytes");
        compared.row(&series, short, working_set, bytes(series.clone()));

        if let Some(&waiting) = files.get("cpu.pressure some") {
            let series = format!("{kind}_pressure_cpu_waiting_seconds_total");
            compared.row(&series, short, waiting, usec(series.clone()));
            compared.pressure += 1;
        }
    }
    assert!(compared.rows >= 30, "only {} numbers compared: where are the pods?", compared.rows);

    for (id, _) in told.injected("quota") {
        let throttled = told.kernel_of(id)["cpu.stat nr_throttled"];
        assert!(throttled.after > 0, "the quota never bit");
        let series = "container_cpu_cfs_throttled_periods_total";
        compared.row(series, &id[..12], throttled, samples.get(series, &[id]).map(|periods| periods as u64));
    }
    for (uid, deaths) in told.injected("oom") {
        let deaths = Range { before: deaths as u64, after: deaths as u64 };
        let series = "podometer_pod_oom_kills_total";
        compared.row(series, &uid[..12], deaths, samples.get(series, &[uid]).map(|kills| kills as u64));
    }
    dead_containers_are_in_their_pod(told);
    burst(told, &samples, burst_share);
    assert!(compared.wrong.is_empty(), "the agent is wrong on\n{}", compared.wrong.join("\n"));
    compared
}

/// The pod's own file keeps what containers used that are gone; the agent's equals it to the microsecond (above).
fn dead_containers_are_in_their_pod(told: &Told) {
    for what in ["short", "restart"] {
        let injected = told.injected(what);
        let (uid, _) = injected[0];
        let dead: f64 = injected.iter().map(|(_, usec)| usec).sum();
        let pod = told.kernel_of(uid)["cpu.stat usage_usec"].after;
        let alive: u64 = told
            .kernel
            .iter()
            .filter(|(cgroup, _)| cgroup.contains(&*mark(uid, cgroup)) && is_container(cgroup))
            .map(|(_, files)| files["cpu.stat usage_usec"].after)
            .sum();
        println!("{what}: pod {pod} us = {alive} us of the living + at least {dead} us of the dead");
        assert!(dead > 0.0, "{what}: the dead used nothing");
        assert!(pod >= alive + dead as u64, "{what}: the pod lost what its dead used");
    }
}

/// 200 ms of one core in an idle container, seen in full by the maximum of 15 s and by the histogram. Its height
/// is what the kernel counted while it lasted, over the time it took.
fn burst(told: &Told, samples: &Samples<'_>, share: f64) {
    for (id, cores) in told.injected("burst") {
        assert!(cores > 0.8, "the guest had no core to burst on: {cores}");
        let of_window = |series: &str| {
            samples.get(series, &[id, "window=\"15s\""]).unwrap_or_else(|| panic!("no {series} of {id}"))
        };
        let max = of_window("podometer_container_cpu_usage_max_cores");
        let mean = of_window("podometer_container_cpu_usage_mean_cores");
        println!("burst of {cores} cores: max {max:.3}, mean {mean:.3} in 15 s");
        assert!(max >= share * cores, "the burst of {cores} was flattened to {max}");
        assert!(mean < 0.1, "nothing to hide the burst in: mean {mean}");

        let (cgroup, _) = told.find(id);
        let uid = pod_uid(cgroup);
        let histogram = "podometer_pod_cpu_cores";
        let total = samples.get(&format!("{histogram}_count"), &[&uid]).expect("the histogram's count");
        let low =
            samples.get(&format!("{histogram}_bucket"), &[&uid, "le=\"0.5\""]).expect("a bucket at 0.5");
        println!("histogram: {} of {total} steps above half a core", total - low);
        assert!(total - low >= 1.0, "the histogram does not hold the burst");
    }
}

impl Told {
    /// The cgroup that mentions a container ID or, in its own name, a pod UID.
    fn find(&self, name: &str) -> (&String, &std::collections::BTreeMap<String, Range>) {
        let own = |cgroup: &String| {
            let last = cgroup.rsplit('/').next().unwrap_or_default();
            last.contains(name) || last.contains(&name.replace('-', "_"))
        };
        self.kernel.iter().find(|(cgroup, _)| own(cgroup)).unwrap_or_else(|| panic!("no cgroup of {name}"))
    }

    fn kernel_of(&self, name: &str) -> &std::collections::BTreeMap<String, Range> {
        self.find(name).1
    }
}

/// Pod or container, and the UID or ID; `None` for the classes above.
fn name_of(cgroup: &str) -> Option<(&'static str, String)> {
    if is_container(cgroup) {
        let last = cgroup.rsplit('/').next()?;
        let id = last.trim_start_matches("cri-containerd-").trim_end_matches(".scope");
        return Some(("container", id.to_owned()));
    }
    cgroup.rsplit('/').next()?.contains("pod").then_some(())?;
    let uid = pod_uid(cgroup);
    (uid.len() == 36).then_some(("pod", uid))
}

fn is_container(cgroup: &str) -> bool {
    let last = cgroup.rsplit('/').next().unwrap_or_default();
    last.starts_with("cri-containerd-")
        || (last.len() == 64 && last.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// The UID in a path of either driver, with dashes; empty above the pods.
fn pod_uid(cgroup: &str) -> String {
    let Some((_, uid)) = cgroup.rsplit_once("pod") else { return String::new() };
    let end = uid.find(['/', '.']).unwrap_or(uid.len());
    uid[..end].replace('_', "-")
}

/// The UID as this path spells it.
fn mark(uid: &str, cgroup: &str) -> String {
    if cgroup.contains(".slice") { uid.replace('-', "_") } else { uid.to_owned() }
}
