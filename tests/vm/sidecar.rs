//! A sidecar in each of its set-ups, with real namespaces around it.

use crate::guest::{Lab, Told};
use crate::samples::Samples;

#[test]
fn a_sidecar_never_calls_its_own_cgroup_the_pod_user_mode_linux() {
    if let Some(lab) = Lab::from_environment() {
        judge(&lab.play("sidecar", "uml", "cgroupfs"));
    }
}

#[test]
fn a_sidecar_never_calls_its_own_cgroup_the_pod_distribution_kernel() {
    if let Some(lab) = Lab::from_environment() {
        judge(&lab.play("sidecar", "qemu", "systemd"));
    }
}

fn judge(told: &Told) {
    let all = |name: &'static str| {
        let set_up = SetUp::of(told, name);
        println!(
            "--- {name}\n{}\n{}",
            told.documents[&format!("log-{name}")],
            told.documents[&format!("check-{name}")]
        );
        set_up
    };
    println!("{:<22} {:<14} {:>10} {:>10} {:>12}", "set-up", "of", "kernel", "to", "agent");

    let blind = all("blind");
    blind.is("own_container");
    blind.own_container_alone();
    blind.founding_bug();
    blind.checked("missing", "the cgroup of this container alone");

    for name in ["host-mount", "host-mount-by-inode"] {
        let mounted = all(name);
        mounted.is("pod");
        let series = "pod_cpu_usage_seconds_total";
        mounted.within("pod", mounted.usec(series, &[&mounted.pod]));
        mounted.within("app", mounted.usec("container_cpu_usage_seconds_total", &[&mounted.app]));
        mounted.within("other", mounted.usec("container_cpu_usage_seconds_total", &[&mounted.other]));
        assert!(
            !mounted.page("/metrics").contains("podometer_own_container_"),
            "its own container is the pod's"
        );
        let foreign = mounted.page("/metrics").matches("99999999-9999").count();
        assert_eq!(foreign, 0, "{name}: a neighbour's series");
        mounted.checked("ok", "as from the node");
    }

    let same = all("same-user");
    same.is("siblings");
    same.within("app", same.usec("container_cpu_usage_seconds_total", &[&same.app]));
    assert_eq!(same.usec("container_cpu_usage_seconds_total", &[&same.other]), None, "another user's");
    assert_eq!(same.samples().get("podometer_sampler_denied_siblings", &[]), Some(1.0));
    same.within("own", same.usec("podometer_own_container_cpu_usage_seconds_total", &[]));
    same.no_pod_row();
    same.checked("degraded", "the others of the pod are read one by one");

    let other = all("other-user");
    other.is("own_container");
    assert_eq!(other.samples().get("podometer_sampler_denied_siblings", &[]), Some(2.0));
    other.own_container_alone();
    other.checked("degraded", "2 run as another user");
}

/// What one set-up said.
struct SetUp<'a> {
    told: &'a Told,
    name: &'a str,
    app: String,
    other: String,
    pod: String,
}

impl<'a> SetUp<'a> {
    fn of(told: &'a Told, name: &'a str) -> SetUp<'a> {
        let ids = told.side.iter().find(|words| words[0] == "ids").expect("who is who");
        let [_, app, other, pod] = ids.as_slice() else { panic!("{ids:?}") };
        SetUp { told, name, app: app.clone(), other: other.clone(), pod: pod.clone() }
    }

    fn page(&self, path: &str) -> &'a str {
        &self.told.documents[&format!("{}{path}", self.name).replace('/', "-")]
    }

    fn samples(&self) -> Samples<'a> {
        Samples::parse(self.page("/metrics"))
    }

    fn usec(&self, series: &str, marks: &[&str]) -> Option<u64> {
        self.samples().get(series, marks).map(|seconds| (seconds * 1e6).round() as u64)
    }

    fn kernel(&self, of: &str) -> (u64, u64) {
        let at = |when: &str| {
            let row = self.told.side.iter().find(|words| words[..3] == [self.name, when, of]);
            row.unwrap_or_else(|| panic!("{}: no {of} {when}", self.name))[3]
                .parse::<u64>()
                .expect("a number")
        };
        (at("before"), at("after"))
    }

    /// The agent's number lies between the kernel's before and after.
    fn within(&self, of: &str, agent: Option<u64>) {
        let (before, after) = self.kernel(of);
        let shown = agent.map_or("absent".to_owned(), |agent| agent.to_string());
        println!("{:<22} {of:<14} {before:>10} {after:>10} {shown:>12}", self.name);
        assert!(agent.is_some_and(|agent| (before..=after).contains(&agent)), "{}: {of}: {shown}", self.name);
    }

    fn is(&self, scope: &str) {
        let label = format!("scope=\"{scope}\"");
        assert_eq!(
            self.samples().get("podometer_scope_info", &[&label]),
            Some(1.0),
            "{}",
            self.page("/metrics")
        );
        assert!(self.page("/api/v1/pods").contains(&format!("\"scope\":\"{scope}\"")));
    }

    /// No series and no row stands for the pod as a whole.
    fn no_pod_row(&self) {
        for path in ["/metrics", "/metrics/cadvisor", "/metrics/resource"] {
            let of_pod = |line: &&str| line.starts_with("pod_") || line.starts_with("podometer_pod_");
            assert_eq!(self.page(path).lines().find(of_pod), None, "{}{path}", self.name);
        }
        assert!(self.page("/api/v1/pods").contains("\"pods\":[]"), "{}", self.page("/api/v1/pods"));
    }

    /// Beyond that: nothing carries the name or the UID of a pod, and no container has a row.
    fn own_container_alone(&self) {
        self.no_pod_row();
        for path in ["/metrics", "/metrics/cadvisor", "/metrics/resource"] {
            for line in self.page(path).lines().filter(|line| !line.starts_with('#')) {
                let named = ["pod=\"", "namespace=\"", "uid=\"", "container=\""]
                    .iter()
                    .any(|label| line.split(label).skip(1).any(|rest| !rest.starts_with('"')));
                assert!(!named && !line.starts_with("container_"), "{}{path}: {line}", self.name);
            }
        }
        self.within("own", self.usec("podometer_own_container_cpu_usage_seconds_total", &[]));
    }

    /// Ten years of dashboards: the sidecar's own cgroup, taken for the pod's, makes it many times too small.
    fn founding_bug(&self) {
        let (pod, _) = self.kernel("pod");
        let own = self.usec("podometer_own_container_cpu_usage_seconds_total", &[]).expect("its own");
        println!(
            "{}: pod {pod} us, own container {own} us: {:.1} times too small",
            self.name,
            pod as f64 / own as f64
        );
        assert!(pod > 2 * own, "nothing to mistake here");
        assert!(
            self.told.documents[&format!("log-{}", self.name)].contains("OWN CGROUP"),
            "it was not said loudly"
        );
    }

    fn checked(&self, state: &str, words: &str) {
        let report = &self.told.documents[&format!("check-{}", self.name)];
        let line =
            report.lines().find(|line| line.contains(words)).unwrap_or_else(|| panic!("{words}: {report}"));
        assert!(line.trim_start().starts_with(state), "{line}");
    }
}
