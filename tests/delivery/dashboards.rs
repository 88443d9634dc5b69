//! The starter kit's dashboards that concern the agent, answered by what a real agent wrote into a real InfluxDB.
//! `--nocapture` prints them panel by panel.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::dashboard::{Answer, Dashboard, table, unanswered};
use crate::jvm::{Jvm, USER};
use crate::kubelet_server::recorded;
use crate::program::{Agent, Host, shown};
use crate::servers::Server;
use crate::truth;

/// What a kernel without a feature has nothing to tell of: the file that is then missing, and whose queries.
const FEATURES: [(&str, &str); 2] =
    [("/proc/sys/net/netfilter", ": conntrack."), ("/proc/net/snmp6", ": nstat.Ip6")];

fn database(server: &Server) -> String {
    format!(
        "influxdb: [{{url: \"{}\", database: telegraf, create_database: true, interval: 1s, net_protocol_row: true}}]",
        server.url()
    )
}

/// Asks until no answer but those that `may_be_empty` is empty, and prints what there is then.
fn answered(
    title: &str,
    text: &str,
    (server, values): (&Server, &[(&str, &str)]),
    may_be_empty: impl Fn(&str) -> bool,
) -> Vec<Answer> {
    let dashboard = Dashboard::parse(text);
    let begun = Instant::now();
    loop {
        let exists = server.query("", "SHOW DATABASES").to_string().contains("telegraf");
        let answers = if exists { dashboard.ask(server, "telegraf", values) } else { Vec::new() };
        let mut empty = unanswered(&answers);
        empty.retain(|query| !may_be_empty(query));
        if exists && empty.is_empty() {
            eprintln!("{}", table(title, &answers));
            return answers;
        }
        let is_late = begun.elapsed() > Duration::from_mins(1);
        assert!(!is_late, "{}\nEMPTY: {empty:#?}", table(title, &answers));
        // The agent writes once a second.
        std::thread::park_timeout(Duration::from_millis(250));
    }
}

fn lacks(query: &str) -> bool {
    FEATURES.iter().any(|(path, part)| query.contains(part) && !Path::new(path).exists())
}

#[test]
fn dashboard_928_is_answered_of_this_machine_and_the_agent_itself() {
    let Some(server) = Server::influxdb(false) else { return };
    let host = Host::new();
    let file = host.write(
        "podometer.yaml",
        format!(
            "agent: {{node_name: n1}}\nsampler: {{slow_interval: 1s, cpu_budget_percent: 400}}\nsinks: {{{}}}\n",
            database(&server)
        ),
    );
    let agent = host.agent(&["--config", shown(&file)]);
    let text = include_str!("../fixtures/grafana_928.txt");
    let answers = answered("928 Telegraf: system dashboard", text, (&server, &[("$server", "n1")]), lacks);
    for (path, part) in FEATURES {
        let empty = unanswered(&answers).into_iter().filter(|query| query.contains(part)).count();
        if empty > 0 {
            eprintln!("  {empty} of these are empty because this kernel has no {path}");
        }
    }
    assert_eq!(agent.end(), 0);
}

/// A recorded node: its hierarchy, and its kubelet for names, networks and volumes.
#[tokio::test]
async fn dashboard_9111_is_answered_of_a_recorded_node() {
    let Some(folder) = truth::recording("systemd") else { return };
    let Some(server) = Server::influxdb(false) else { return };
    let (kubelet, authority) = recorded(&folder);
    let host = Host::new();
    std::fs::create_dir(host.path("node")).unwrap();
    truth::unpack(&folder, &["sys/fs/cgroup"], &host.path("node"));
    host.write("token", "good\n");
    host.write("ca.crt", &authority.pem);
    let file = host.write(
        "podometer.yaml",
        format!(
            "agent: {{node_name: vm, mode: node}}\npaths: {{cgroup: {:?}, procfs: {:?}}}\n\
             identity: {{pods_file: {:?}}}\nkubelet: {{url: \"{}\", token_file: {:?}, ca_file: {:?}, \
             resource_interval: 1s, summary_interval: 1s}}\n\
             sampler: {{slow_interval: 1s, cpu_budget_percent: 400}}\nsinks: {{{}}}\n",
            host.path("node/sys/fs/cgroup"),
            host.path("proc"),
            folder.join("pods.json"),
            kubelet.url(),
            host.path("token"),
            host.path("ca.crt"),
            database(&server)
        ),
    );
    let agent = Agent::start(&["--config", shown(&file)]);
    let text = include_str!("../fixtures/grafana_9111.txt");
    let all = [("$ns", ".*"), ("$name", ".*")];
    answered("9111 Kubernetes Aggregated Container Stats ($name: all)", text, (&server, &all), |_| false);

    // One container whose pod has another name, as the dashboard's own list offers it.
    let one = [("$ns", ".*"), ("$name", "eye")];
    let is_by_pod =
        |query: &str| !query.starts_with("variable") && !query.contains("CPU -") && !query.contains("Total");
    let answers = answered("9111 ($name: eye, in pods see-*)", text, (&server, &one), is_by_pod);
    let empty = unanswered(&answers);
    assert_eq!(empty.len(), 8, "the dashboard compares pod_name with a container's name: {empty:#?}");
    for query in empty {
        eprintln!("  needs a correction of the dashboard (pod_name =~ a container's name): {query}");
    }
    assert_eq!(agent.end(), 0);
}

#[test]
fn dashboard_8991_is_answered_of_a_real_jvm() {
    let (Some(jvm), Some(server)) = (Jvm::start(), Server::influxdb(false)) else { return };
    let host = Host::new();
    let file = host.write(
        "podometer.yaml",
        format!(
            "agent: {{node_name: n1}}\nsidecar: {{pod_name: web-0}}\n\
             sampler: {{slow_interval: 1s, cpu_budget_percent: 400}}\n\
             scrape: {{targets: [{{name: app, kind: jolokia, url: \"{}\", interval: 1s, username: {USER}, \
             password_file: {:?}}}]}}\nsinks: {{{}}}\n",
            jvm.url,
            jvm.password_file,
            database(&server)
        ),
    );
    let agent = host.agent(&["--config", shown(&file)]);
    let text = include_str!("../fixtures/grafana_8991.txt");
    let values = [("$podname", "web-0"), ("$nodename", "n1")];
    answered("8991 JVM Metrics - Jolokia 2", text, (&server, &values), |_| false);
    assert_eq!(agent.end(), 0);
}
