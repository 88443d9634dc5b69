//! Plain HTTP to a real server that speaks HTTPS: every kind of sink keeps what it has and says what to mend.

use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::child::{Running, program};
use crate::program::{Host, ended, shown};
use crate::servers::ports::free_address;

const PATIENCE: Duration = Duration::from_mins(1);

/// InfluxDB behind HTTPS on a free port.
fn influxdb(host: &Host) -> Option<(Running, String)> {
    let influxd = program("influxd")?;
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = host.write("influxdb/cert.pem", made.cert.pem());
    let key = host.write("influxdb/key.pem", made.signing_key.serialize_pem());
    let (address, rpc) = (free_address(), free_address());
    let [meta, data, wal] = ["meta", "data", "wal"].map(|name| host.path("influxdb").join(name));
    let text = format!(
        "reporting-disabled = true\nbind-address = \"{rpc}\"\n[meta]\ndir = {meta:?}\n[data]\ndir = {data:?}\n\
         wal-dir = {wal:?}\n[monitor]\nstore-enabled = false\n[http]\nbind-address = \"{address}\"\n\
         https-enabled = true\nhttps-certificate = {certificate:?}\nhttps-private-key = {key:?}\n"
    );
    let file = host.write("influxdb/influxdb.conf", text);
    let mut command = Command::new(influxd);
    command.arg("-config").arg(file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let running = Running(command.spawn().unwrap());
    let since = Instant::now();
    while TcpStream::connect(address).is_err() {
        assert!(since.elapsed() < PATIENCE, "influxd never listened");
        std::thread::park_timeout(Duration::from_millis(20));
    }
    Some((running, format!("http://{address}")))
}

#[test]
fn plain_http_to_a_port_of_https_loses_nothing_and_is_said() {
    const KINDS: [&str; 4] = ["influxdb", "remote_write", "otlp", "pushgateway"];
    let host = Host::new();
    let Some((_running, url)) = influxdb(&host) else { return };
    let quick = "interval: 1s, http: {backoff_min: 10ms, backoff_max: 100ms}";
    let file = host.write(
        "podometer.yaml",
        format!(
            "sampler: {{cpu_budget_percent: 400}}\nsinks:\n  influxdb: [{{url: \"{url}\", database: d, {quick}}}]\n  \
             remote_write: [{{url: \"{url}/api/v1/write\", {quick}}}]\n  otlp: [{{url: \"{url}\", {quick}}}]\n  \
             pushgateway: [{{url: \"{url}\", job: j, {quick}}}]\n"
        ),
    );
    let agent = host.agent(&["--config", shown(&file)]);
    let of = |kind: &str, name: &str| {
        agent.metric(&format!("podometer_sink_{name}{{kind=\"{kind}\",sink=\"{kind}\"}}"))
    };
    agent.wait("some attempts of each", |_| KINDS.iter().all(|kind| of(kind, "retries_total") >= Some(3.0)));
    let document: serde_json::Value = serde_json::from_str(&agent.get("/api/v1/delivery").1).unwrap();
    let cgroup = host.set("paths.cgroup", "cgroup");
    let (_, report) = ended(&["check", "--config", shown(&file), "--set", &cgroup]);
    assert!(!report.contains("takes data"), "{report}");
    for kind in KINDS {
        let sink = document["sinks"].as_array().unwrap().iter().find(|sink| sink["kind"] == kind).unwrap();
        assert_eq!(sink["state"], "held", "{sink}");
        let message = sink["message"].as_str().unwrap();
        assert!(message.contains("the server speaks https there: correct url"), "{message}");
        let at = report.find(&format!("{kind} {kind}")).unwrap_or_else(|| panic!("{kind}: {report}"));
        let finding: String = report[at..].lines().take(2).collect();
        assert!(finding.contains("speaks https there") && finding.contains("correct url"), "{finding}");
    }
    let (_, page) = agent.get("/metrics");
    let rejected =
        page.lines().filter(|line| line.starts_with("podometer_sink_") && line.contains("rejected"));
    let lost: Vec<_> = rejected.filter(|line| !line.ends_with(" 0")).collect();
    assert_eq!(lost, [""; 0]);
}
