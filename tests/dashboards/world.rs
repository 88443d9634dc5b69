//! What the dashboards look at, all of it real: InfluxDB, Prometheus and a Pushgateway, an agent of a recorded node, an
//! agent of this machine beside a JVM and the target, and a load test that goes on.
//!
//! What only felix tells is pushed as its suite pushes it, with its names and labels.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use podometer::target::Target;
use serde_json::{Value, json};

use super::jvm::{Jvm, USER};
use super::kubelet::{Kubelet, STEP_USEC};
use super::kubelet_server::recorded;
use super::load::{Load, target};
use super::program::{Agent, Host, shown};
use super::servers::{Server, ports, program};
use super::truth;

const FELIX: &str = "felix_cluster_num_workload_endpoints 120\n\
    felix_iptables_perf{quantile=\"0.5\"} 0.02\n\
    k8sfv_occupancy_mean_bytes{process=\"felix\",test_name=\"leak\",code_level=\"v1\"} 31457280\n\
    k8sfv_occupancy_increase_percent{process=\"felix\",test_name=\"leak\",code_level=\"v1\"} 0.4\n";

pub(crate) struct World {
    pub(crate) influxdb: Server,
    pub(crate) prometheus: Server,
    /// The load goes on as long as this is held.
    _load: Load,
    _agents: [Agent; 2],
    _pushgateway: Server,
    _target: Target,
    _jvm: Jvm,
    kubelet: Kubelet,
    _directory: tempfile::TempDir,
    recorded: Host,
    _here: Host,
    turns: u64,
}

impl World {
    /// `None` with a message where something is not installed; on CI that is a failure.
    pub(crate) fn start() -> Option<World> {
        let folder = truth::recording("systemd")?;
        let (gateway, prometheus) = (program("prometheus-pushgateway")?, program("prometheus")?);
        let (influxdb, jvm) = (Server::influxdb(false)?, Jvm::start()?);
        let (pushgateway, target) = (Server::pushgateway(gateway), target());
        let (recorded, kubelet, first) = recorded_node(&folder, &influxdb);
        let here = Host::new();
        let file = here.write("podometer.yaml", this_machine(&influxdb, &jvm, &target));
        let second = here.agent(&["--config", shown(&file)]);
        let (status, said) = pushgateway.request("POST", "/metrics/job/felix", None, FELIX);
        assert_eq!(status, 200, "{said}");

        let directory = tempfile::tempdir().unwrap();
        let url = format!("http://{}/status/200?error_share=0.2", target.address());
        let out = format!("pushgateway={}?test_name=spike", pushgateway.url());
        let ended =
            Load::start(&url, &["--iterations", "3", "-o", &out], &[("CODE_LEVEL", "v1")], directory.path())
                .end(directory.path());
        assert!([0, 120].contains(&ended.code), "{:#?}", ended.said);

        let page = ports::free_address();
        let outs = [
            format!("prometheus={page}"),
            format!("influxdb={}/k6?trendPoints=20", influxdb.url()),
            format!("jmeter={}/telegraf?application=shop", influxdb.url()),
        ];
        let mut flags = vec!["--rate", "40/s", "--vus", "5", "--duration", "10m", "--tag", "type=service"];
        flags.extend(["--check-status", "200"]);
        for out in &outs {
            flags.extend(["-o", out]);
        }
        let load = Load::start(&url, &flags, &[], directory.path());

        let of_load = ", labels: {namespace: load, pod: k6-1}";
        let own = |address: &str| format!("'{address}'");
        let mut config = "global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n".to_owned();
        for (job, addresses, path, labels) in [
            ("podometer", [own(&first.address), own(&second.address)].join(", "), "/metrics", ""),
            ("podometer-node", own(&first.address), "/metrics/node", ""),
            ("load", own(&page.to_string()), "/metrics", of_load),
            ("target", own(&target.address().to_string()), "/metrics", of_load),
            // Its own page is of a Go program, as felix's is.
            ("pushgateway", own(&format!("127.0.0.1:{}", pushgateway.port)), "/metrics", ""),
        ] {
            _ = writeln!(
                config,
                "- {{job_name: {job}, honor_labels: true, metrics_path: {path}, \
                 static_configs: [{{targets: [{addresses}]{labels}}}]}}"
            );
        }
        let prometheus = Server::prometheus_of(prometheus, config);
        Some(World {
            influxdb,
            prometheus,
            _load: load,
            _agents: [first, second],
            _pushgateway: pushgateway,
            _target: target,
            _jvm: jvm,
            kubelet,
            _directory: directory,
            recorded,
            _here: here,
            turns: 0,
        })
    }

    /// The recorded node's counters go on, so that there are rates: as many digits as before or more, written over what
    /// is there, so that no reader finds half a file.
    pub(crate) fn turn(&mut self) {
        self.turns += 1;
        self.kubelet.turn(self.turns);
        let mut files = Vec::new();
        find(&self.recorded.path("node/sys/fs/cgroup"), "cpu.stat", &mut files);
        for path in files {
            let text = std::fs::read_to_string(&path).unwrap();
            let mut out = String::new();
            for line in text.lines() {
                let (name, value) = line.split_once(' ').unwrap();
                let step = match name {
                    "usage_usec" | "user_usec" | "throttled_usec" => STEP_USEC,
                    "nr_periods" => 10,
                    "nr_throttled" => 2,
                    _ => 0,
                };
                _ = writeln!(out, "{name} {}", value.parse::<u64>().unwrap() + step);
            }
            OpenOptions::new().write(true).open(&path).unwrap().write_all(out.as_bytes()).unwrap();
        }
    }
}

fn find(folder: &Path, name: &str, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            find(&entry.path(), name, found);
        } else if entry.file_name() == name {
            found.push(entry.path());
        }
    }
}

/// The sink as `deploy/` has it, so that what is deployed answers the dashboards: only where it writes to, as whom and how
/// often is the test's.
fn sinks(influxdb: &Server) -> String {
    let deployed =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/agent/components/influxdb/podometer.yaml");
    let text = std::fs::read_to_string(deployed).unwrap();
    let settings: Value = serde_saphyr::from_str(&text).unwrap();
    let mut sink = settings["sinks"]["influxdb"][0].as_object().unwrap().clone();
    for login in ["username", "password_file"] {
        assert!(sink.remove(login).is_some(), "{login}");
    }
    sink.insert("url".to_owned(), influxdb.url().into());
    sink.insert("create_database".to_owned(), true.into());
    sink.insert("interval".to_owned(), "1s".into());
    format!("sinks: {}\n", json!({"influxdb": [sink]}))
}

/// A recorded hierarchy, and its kubelet for names, networks and volumes.
fn recorded_node(folder: &Path, influxdb: &Server) -> (Host, Kubelet, Agent) {
    let (kubelet, authority) = recorded(folder);
    let host = Host::new();
    std::fs::create_dir(host.path("node")).unwrap();
    truth::unpack(folder, &["sys/fs/cgroup"], &host.path("node"));
    let pods = host.write("pods.json", owned(folder));
    host.write("token", "good\n");
    host.write("ca.crt", &authority.pem);
    let file = host.write(
        "podometer.yaml",
        format!(
            "agent: {{node_name: vm, mode: node}}\npaths: {{cgroup: {:?}}}\n\
             identity: {{pods_file: {:?}}}\nkubelet: {{url: \"{}\", token_file: {:?}, ca_file: {:?}, \
             resource_interval: 1s, summary_interval: 1s}}\nserver: {{short_names: true, \
             kube_state_metrics_names: true}}\nspool: {{directory: {:?}, keep: always}}\n\
             sampler: {{slow_interval: 1s, cpu_budget_percent: 400}}\n{}",
            host.path("node/sys/fs/cgroup"),
            pods,
            kubelet.url(),
            host.path("token"),
            host.path("ca.crt"),
            host.path("spool"),
            sinks(influxdb)
        ),
    );
    let agent = Agent::start(&["--config", shown(&file)]);
    (host, Kubelet::new(kubelet, folder), agent)
}

/// The recorded pods stand alone; here one workload owns them, as most are owned in a cluster.
fn owned(folder: &Path) -> String {
    let text = std::fs::read(folder.join("pods.json")).unwrap();
    let mut list: Value = serde_json::from_slice(&text).unwrap();
    for pod in list["items"].as_array_mut().unwrap() {
        pod["metadata"]["ownerReferences"] = json!([
            {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "recorded", "uid": "o", "controller": true}
        ]);
    }
    list.to_string()
}

/// The settings of an agent that reads this machine's /proc, a JVM and the target's page of connections.
fn this_machine(influxdb: &Server, jvm: &Jvm, target: &Target) -> String {
    format!(
        "agent: {{node_name: n1}}\nsidecar: {{pod_name: web-0}}\n\
         sampler: {{slow_interval: 1s, cpu_budget_percent: 400}}\n\
         scrape: {{targets: [{{name: app, kind: jolokia, url: \"{}\", interval: 1s, username: {USER}, \
         password_file: {:?}}}, {{name: front, kind: nginx, url: \"http://{}/stub_status\", interval: 1s}}]}}\n{}",
        jvm.url,
        jvm.password_file,
        target.address(),
        sinks(influxdb)
    )
}
