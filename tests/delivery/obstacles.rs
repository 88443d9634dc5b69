//! What cannot work: the agent starts all the same, says once what is wrong and what mends it, and goes on with what
//! works; `podometer check` says the same.

use std::process::Command;

use crate::authority::Authority;
use crate::program::{Agent, Host, ended, podometer, shown};
use crate::relay::Relay;
use crate::servers::Server;
use crate::servers::ports::free_address;

/// A sink that cannot deliver: its settings, its state, what is wrong and what mends it.
struct Obstacle {
    name: &'static str,
    settings: String,
    state: &'static str,
    problem: &'static str,
    remedy: &'static str,
}

fn obstacles(host: &Host, (open, closed, secure): (&Server, &Server, &Relay), nobody: &str) -> Vec<Obstacle> {
    let (open, closed) = (open.url(), closed.url());
    let one = |name, state, problem, remedy, settings| Obstacle { name, settings, state, problem, remedy };
    host.write("password", "wrong\n");
    host.write("ca.pem", Authority::new().pem);
    let (password, ca) = (host.path("password"), host.path("ca.pem"));
    vec![
        one(
            "unreachable",
            "retrying",
            "Connection refused",
            "start the server",
            format!("url: \"{nobody}\", database: d"),
        ),
        one(
            "path",
            "held",
            "the server has no /write",
            "check url",
            format!("url: \"{open}/nowhere\", database: d"),
        ),
        one(
            "authority",
            "retrying",
            "certificate is not trusted",
            "set tls.ca_file to the authority that signed it",
            format!("url: \"{}\", database: d, tls: {{ca_file: {ca:?}}}", secure.url()),
        ),
        one(
            "version",
            "held",
            "the server has no /api/v2/write",
            "InfluxDB 1 wants database in place of org and bucket",
            format!("url: \"{open}\", org: o, bucket: b"),
        ),
        one(
            "credentials",
            "held",
            "the server does not accept the credentials",
            "check user and password",
            format!("url: \"{closed}\", database: d, username: agent, password_file: {password:?}"),
        ),
        one(
            "database",
            "held",
            "the database does not exist",
            "create it",
            format!("url: \"{open}\", database: absent"),
        ),
    ]
}

#[test]
fn each_obstacle_is_said_once_and_stops_nobody_else() {
    let (Some(open), Some(closed)) = (Server::influxdb(false), Server::influxdb(true)) else { return };
    open.query("", "CREATE DATABASE d");
    closed.query("", "CREATE USER root WITH PASSWORD 'x' WITH ALL PRIVILEGES");
    let secure = Relay::start(open.port, Some(Authority::new().acceptor(&["localhost"])));
    let nobody = format!("http://{}", free_address());
    let host = Host::new();
    let obstacles = obstacles(&host, (&open, &closed, &secure), &nobody);
    let mut sinks = vec![format!("{{name: good, url: \"{}\", database: d, interval: 1s}}", open.url())];
    sinks.extend(obstacles.iter().map(|it| {
        let Obstacle { name, settings, .. } = it;
        format!("{{name: {name}, {settings}, interval: 1s, http: {{backoff_min: 10ms, backoff_max: 100ms}}}}")
    }));
    let text = format!("sampler: {{cpu_budget_percent: 400}}\nsinks: {{influxdb: [{}]}}\n", sinks.join(", "));
    let file = host.write("podometer.yaml", text);
    let agent = host.agent(&["--config", shown(&file)]);
    agent.wait("many attempts of each and data of the good one", |agent| {
        let tried = |it: &Obstacle| {
            agent.metric(&format!("podometer_sink_retries_total{{kind=\"influxdb\",sink=\"{}\"}}", it.name))
                >= Some(8.0)
        };
        obstacles.iter().all(tried) && open.count("d", "internal_agent", "gather_errors") > 3
    });
    let (_, page) = agent.get("/metrics");
    let document: serde_json::Value = serde_json::from_str(&agent.get("/api/v1/delivery").1).unwrap();
    agent.signal(rustix::process::Signal::TERM);
    let lines = agent.logged_until("sink closed");
    let (_, report) =
        ended(&["check", "--config", shown(&file), "--set", &host.set("paths.cgroup", "cgroup")]);
    eprintln!("{:<12} {:<9} {}", "obstacle", "state", "the line of the log");
    for Obstacle { name, state, problem, remedy, .. } in &obstacles {
        let said: Vec<_> = lines.iter().filter(|line| line.contains(&format!("sink=\"{name}\""))).collect();
        let warned: Vec<_> = said.iter().filter(|line| line.contains(" WARN ")).collect();
        assert_eq!(warned.len(), 1, "{name} once: {said:#?}");
        eprintln!("{name:<12} {state:<9} {}", warned[0].split_once("sink waits").unwrap().1.trim());
        let of = document["sinks"].as_array().unwrap().iter().find(|sink| sink["name"] == *name).unwrap();
        let message = of["message"].as_str().unwrap();
        for text in [warned[0].as_str(), message] {
            assert!(
                text.contains("http") && text.contains(problem) && text.contains(remedy),
                "{name}: {text}"
            );
        }
        assert_eq!(of["state"], *state, "{name}");
        let sample = format!("podometer_sink_info{{kind=\"influxdb\",sink=\"{name}\",state=\"{state}\"}} 1");
        assert!(page.contains(&sample), "{sample}");
        let at = report.find(&format!("influxdb {name}")).unwrap_or_else(|| panic!("{name}: {report}"));
        let finding: String = report[at..].lines().take(2).collect();
        assert!(finding.contains(problem) && finding.contains(remedy), "{name}: {finding}");
    }
    assert!(report.contains("takes data"), "{report}");
}

/// The agent with a spool where none can be. It delivers from memory.
fn without_spool(agent: Agent, server: &Server, says: &[&str]) {
    let line = agent.logged("spool fails");
    for part in says {
        assert!(line.contains(part), "no {part:?} in {line}");
    }
    agent.wait("data all the same", |_| server.count("d", "internal_agent", "gather_errors") > 2);
    let document: serde_json::Value = serde_json::from_str(&agent.get("/api/v1/delivery").1).unwrap();
    let sink = &document["sinks"][0];
    assert_eq!((&sink["spool"]["is_open"], &sink["state"]), (&false.into(), &"working".into()), "{sink}");
    let message = sink["spool"]["message"].as_str().unwrap();
    assert!(says.iter().all(|part| message.contains(part)), "{message}");
    assert_eq!(agent.metric("podometer_spool_up{kind=\"influxdb\",sink=\"influxdb\"}"), Some(0.0));
    assert_eq!(agent.end(), 0);
}

fn spooling(host: &Host, server: &Server) -> String {
    server.query("", "CREATE DATABASE d");
    let text = format!(
        "sampler: {{cpu_budget_percent: 400}}\nspool: {{directory: {:?}}}\n\
         sinks: {{influxdb: [{{url: \"{}\", database: d, interval: 1s}}]}}\n",
        host.path("spool"),
        server.url()
    );
    shown(&host.write("podometer.yaml", text)).to_owned()
}

#[test]
fn a_file_in_place_of_the_spool_leaves_the_queue_in_memory() {
    let Some(server) = Server::influxdb(false) else { return };
    let host = Host::new();
    let file = spooling(&host, &server);
    let spool = host.write("spool", "not a directory");
    let says = [shown(&spool), "make spool.directory writable"];
    without_spool(host.agent(&["--config", &file]), &server, &says);
    let cgroup = host.set("paths.cgroup", "cgroup");
    let (_, report) = ended(&["check", "--config", &file, "--set", &cgroup]);
    assert!(says.iter().all(|part| report.contains(part)), "{report}");
}

#[test]
fn a_read_only_spool_leaves_the_queue_in_memory() {
    let Some(server) = Server::influxdb(false) else { return };
    let host = Host::new();
    let file = spooling(&host, &server);
    let spool = host.path("spool");
    std::fs::create_dir(&spool).unwrap();
    let mounted = |arguments: &[&str]| {
        let program = podometer(arguments);
        let mut command = Command::new("unshare");
        command.args(["-m", "sh", "-c", "mount -t tmpfs -o ro none \"$0\" && exec \"$@\"", shown(&spool)]);
        command.arg(program.get_program()).args(program.get_args());
        command
    };
    let probe = Command::new("unshare")
        .args(["-m", "mount", "-t", "tmpfs", "-o", "ro", "none", shown(&spool)])
        .status();
    if !probe.is_ok_and(|status| status.success()) {
        eprintln!("!!! SKIPPED: no mount can be made here (not root?), nothing was tested");
        return;
    }
    let cgroup = host.set("paths.cgroup", "cgroup");
    let settings = ["--config", file.as_str(), "--set", cgroup.as_str()];
    let agent = mounted(&[&["agent", "--set", "server.listen=127.0.0.1:0"], &settings[..]].concat());
    let says = [shown(&spool), "Read-only file system", "make spool.directory writable"];
    without_spool(Agent::launch_by(agent), &server, &says);
    let output = mounted(&[&["check"], &settings[..]].concat()).output().unwrap();
    let report = String::from_utf8(output.stdout).unwrap();
    assert!(says.iter().all(|part| report.contains(part)), "{report}");
}
