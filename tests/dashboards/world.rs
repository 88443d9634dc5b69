//! What the dashboards look at, all of it real: InfluxDB, Prometheus and a Pushgateway, an agent of a node with pods, an
//! agent of this machine beside a JVM and the target, and a load test that goes on.
//!
//! What only felix tells is pushed as its suite pushes it, with its names and labels.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use podometer::target::Target;
use serde_json::{Value, json};

use super::cgroups::Cgroups;
use super::jvm::{Jvm, USER};
use super::kubelet::Kubelet;
use super::kubelet_server::recorded;
use super::kubepods::Kubepods;
use super::load::{Load, target};
use super::program::{Agent, Host, shown};
use super::servers::{Server, ports, program};
use super::truth;

const FELIX: &str = "felix_cluster_num_workload_endpoints 120\n\
    felix_iptables_perf{quantile=\"0.5\"} 0.02\n\
    k8sfv_occupancy_mean_bytes{process=\"felix\",test_name=\"leak\",code_level=\"v1\"} 31457280\n\
    k8sfv_occupancy_increase_percent{process=\"felix\",test_name=\"leak\",code_level=\"v1\"} 0.4\n";

/// Whose cgroups the first agent reads.
pub(crate) enum Node {
    Recorded,
    /// This kernel's, filled by that program.
    Real(PathBuf),
}

/// How often all is done: a virtual machine has one slow processor.
struct Pace {
    /// All that is read, written and scraped.
    every: &'static str,
    /// The agents' readings of CPU.
    tick: &'static str,
    /// Requests of the load test.
    rate: &'static str,
}

impl Node {
    fn pace(&self) -> Pace {
        match self {
            Node::Recorded => Pace { every: "1s", tick: "100ms", rate: "40/s" },
            Node::Real(_) => Pace { every: "4s", tick: "500ms", rate: "10/s" },
        }
    }
}

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
    pub(crate) cgroups: Cgroups,
    _node: Host,
    _here: Host,
    turns: u64,
}

impl World {
    /// `None` with a message where something is not installed; on CI that is a failure.
    pub(crate) fn start(node: Node) -> Option<World> {
        let folder = truth::recording("systemd")?;
        let pace = node.pace();
        let every = pace.every;
        let (gateway, prometheus) = (program("prometheus-pushgateway")?, program("prometheus")?);
        let (influxdb, jvm) = (Server::influxdb(false)?, Jvm::start()?);
        // They are asked before there is anything in them.
        for database in ["telegraf", "k6"] {
            influxdb.query("", &format!("CREATE DATABASE {database}"));
        }
        let (pushgateway, target) = (Server::pushgateway(gateway), target());
        let host = Host::new();
        let cgroups = cgroups(node, &folder, &host);
        let (kubelet, first) = node_agent(&folder, &host, cgroups.root(), &sinks(&influxdb, every), &pace);
        let here = Host::new();
        let file =
            here.write("podometer.yaml", this_machine(&jvm, &target, &pace) + &sinks(&influxdb, every));
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
        let mut flags = vec!["--rate", pace.rate, "--vus", "5", "--duration", "10m", "--tag", "type=service"];
        flags.extend(["--check-status", "200"]);
        for out in &outs {
            flags.extend(["-o", out]);
        }
        let load = Load::start(&url, &flags, &[], directory.path());

        let of_load = ", labels: {namespace: load, pod: k6-1}";
        let own = |address: &str| format!("'{address}'");
        let mut config =
            format!("global: {{scrape_interval: {every}, scrape_timeout: {every}}}\nscrape_configs:\n");
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
            cgroups,
            _node: host,
            _here: here,
            turns: 0,
        })
    }

    /// What does not go on by itself goes on, so that there are rates.
    pub(crate) fn turn(&mut self) {
        self.turns += 1;
        self.kubelet.turn(self.turns);
        self.cgroups.turn(self.turns);
    }
}

/// The sink as `deploy/` has it, so that what is deployed answers the dashboards: only where it writes to, as whom and how
/// often is the test's.
fn sinks(influxdb: &Server, every: &str) -> String {
    let deployed =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/agent/components/influxdb/podometer.yaml");
    let text = std::fs::read_to_string(deployed).unwrap();
    let settings: Value = serde_saphyr::from_str(&text).unwrap();
    let mut sink = settings["sinks"]["influxdb"][0].as_object().unwrap().clone();
    for login in ["username", "password_file"] {
        assert!(sink.remove(login).is_some(), "{login}");
    }
    sink.insert("url".to_owned(), influxdb.url().into());
    sink.insert("interval".to_owned(), every.into());
    format!("sinks: {}\n", json!({"influxdb": [sink]}))
}

fn cgroups(node: Node, folder: &Path, host: &Host) -> Cgroups {
    match node {
        Node::Recorded => {
            std::fs::create_dir(host.path("node")).unwrap();
            Cgroups::recorded(folder, &host.path("node"))
        }
        Node::Real(workload) => Cgroups::Real(Kubepods::start(folder, workload)),
    }
}

/// An agent of the node's cgroups, and the recorded kubelet for names, networks and volumes.
fn node_agent(folder: &Path, host: &Host, cgroup: &Path, sinks: &str, pace: &Pace) -> (Kubelet, Agent) {
    let Pace { every, tick, .. } = pace;
    let (kubelet, authority) = recorded(folder);
    let pods = host.write("pods.json", owned(folder));
    host.write("token", "good\n");
    host.write("ca.crt", &authority.pem);
    let file = host.write(
        "podometer.yaml",
        format!(
            "agent: {{node_name: vm, mode: node}}\npaths: {{cgroup: {cgroup:?}}}\n\
             identity: {{pods_file: {pods:?}}}\nkubelet: {{url: \"{}\", token_file: {:?}, ca_file: {:?}, \
             resource_interval: {every}, summary_interval: {every}}}\nserver: {{short_names: true, \
             kube_state_metrics_names: true}}\nspool: {{directory: {:?}, keep: always}}\n\
             sampler: {{fast_interval: {tick}, slow_interval: {every}, cpu_budget_percent: 400}}\n{sinks}",
            kubelet.url(),
            host.path("token"),
            host.path("ca.crt"),
            host.path("spool"),
        ),
    );
    let agent = Agent::start(&["--config", shown(&file)]);
    (Kubelet::new(kubelet, folder), agent)
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
fn this_machine(jvm: &Jvm, target: &Target, pace: &Pace) -> String {
    let Pace { every, tick, .. } = pace;
    format!(
        "agent: {{node_name: n1}}\nsidecar: {{pod_name: web-0}}\n\
         sampler: {{fast_interval: {tick}, slow_interval: {every}, cpu_budget_percent: 400}}\n\
         scrape: {{targets: [{{name: app, kind: jolokia, url: \"{}\", interval: {every}, username: {USER}, \
         password_file: {:?}}}, {{name: front, kind: nginx, url: \"http://{}/stub_status\", interval: {every}}}]}}\n",
        jvm.url,
        jvm.password_file,
        target.address()
    )
}
