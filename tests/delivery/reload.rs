//! Settings of sinks that change under a running agent: every snapshot arrives once.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine;
use rustix::process::Signal;

use crate::authority::Authority;
use crate::program::{Agent, Host, get, shown};
use crate::relay::Relay;
use crate::servers::{Server, program};
use crate::writes::{doubled, points, snapshots};

const ROOT: &str = "all-mine";

fn login(user: &str, password: &str) -> String {
    base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"))
}

/// Two real servers, the ways to them, and the agent's files.
struct Scene {
    first: Server,
    second: Server,
    plain: Relay,
    secure: Relay,
    other: Relay,
    authority: Authority,
    host: Host,
}

impl Scene {
    fn new() -> Option<Scene> {
        let (first, second) = (Server::influxdb(true)?, Server::influxdb(false)?);
        first.query("", &format!("CREATE USER root WITH PASSWORD '{ROOT}' WITH ALL PRIVILEGES"));
        second.query("", "CREATE DATABASE d");
        let authority = Authority::new();
        let scene = Scene {
            plain: Relay::start(first.port, None),
            secure: Relay::start(first.port, Some(authority.acceptor(&["localhost"]))),
            other: Relay::start(second.port, None),
            first,
            second,
            authority,
            host: Host::new(),
        };
        for statement in [
            "CREATE DATABASE d",
            "CREATE RETENTION POLICY short ON d DURATION 2d REPLICATION 1",
            "CREATE USER agent WITH PASSWORD 'p-one'",
            "GRANT WRITE ON d TO agent",
        ] {
            scene.ask(statement);
        }
        scene.replace("password", "p-one\n");
        scene.replace("ca.pem", &scene.authority.pem);
        Some(scene)
    }

    fn ask(&self, statement: &str) -> serde_json::Value {
        self.first.query_as(Some(&login("root", ROOT)), "d", statement)
    }

    /// As Kubernetes does it: a new file takes the old one's place.
    fn replace(&self, name: &str, text: &str) -> PathBuf {
        let new = self.host.write("new", text);
        let path = self.host.path(name);
        std::fs::rename(new, &path).unwrap();
        path
    }

    fn relays(&self) -> [&Relay; 3] {
        [&self.plain, &self.secure, &self.other]
    }

    /// The sink that changes, by its name and what is special of it.
    fn sink(&self, name: &str, url: &str, more: &str) -> String {
        format!(
            "{{name: {name}, url: \"{url}\", database: d, username: agent, password_file: {:?}, interval: 1s, \
             http: {{backoff_max: 1s}}, tags: {{sink: {name}}}{more}}}",
            self.host.path("password")
        )
    }

    /// Writes the file: that sink, and one that never changes.
    fn configure(&self, sink: &str, more: &str) {
        let witness = self.sink("witness", &self.other.url(), "");
        self.replace(
            "podometer.yaml",
            &format!(
                "agent: {{node_name: n1}}\nsampler: {{cpu_budget_percent: 400}}\n{more}\
                 sinks: {{influxdb: [{witness}, {sink}]}}\n"
            ),
        );
    }

    /// Waits until this sink has brought two snapshots that nobody knew yet.
    fn goes_on(&self, agent: &Agent, name: &str) {
        let tag = format!("sink={name}");
        let seen = snapshots(&points(&self.relays()), &tag);
        agent.wait(&format!("two more snapshots of {name}"), |_| {
            snapshots(&points(&self.relays()), &tag).difference(&seen).count() >= 2
        });
    }

    /// What the servers hold of a sink's snapshots, wherever they are.
    fn stored(&self, name: &str) -> u64 {
        let count = |answer: &serde_json::Value| {
            answer["results"][0]["series"][0]["values"][0][1].as_u64().unwrap_or_default()
        };
        let ask = |policy: &str| {
            format!("SELECT count(gather_errors) FROM d.{policy}.internal_agent WHERE sink = '{name}'")
        };
        ["autogen", "short"].iter().map(|policy| count(&self.ask(&ask(policy)))).sum::<u64>()
            + count(&self.second.query("d", &ask("autogen")))
    }
}

/// Every account balances, and nothing was dropped or rejected.
fn audit(address: &str) {
    let (status, text) = get(address, "/api/v1/delivery", "");
    assert_eq!(status, 200);
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    for sink in document["sinks"].as_array().unwrap() {
        let points = &sink["points"];
        let number = |key: &str| points[key].as_u64().unwrap();
        assert_eq!(number("produced"), number("acknowledged") + number("queued"), "{text}");
        assert_eq!(sink["balances"], true, "{text}");
        assert!(points["dropped"].as_object().unwrap().is_empty(), "{text}");
        assert!(points["rejected"].as_object().unwrap().is_empty(), "{text}");
    }
}

#[test]
fn every_snapshot_arrives_once_whatever_is_changed_meanwhile() {
    let Some(scene) = Scene::new() else { return };
    let plain = scene.plain.url();
    scene.configure(&scene.sink("a", &plain, ""), "");
    let file = scene.host.path("podometer.yaml");
    let agent = scene.host.agent(&["--config", shown(&file)]);
    scene.goes_on(&agent, "a");
    let (is_over, audits) = (AtomicBool::new(false), std::sync::atomic::AtomicU64::new(0));
    let address = agent.address.clone();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                audit(&address);
                audits.fetch_add(1, Ordering::Relaxed);
            }
        });
        // A failure must end the auditor, too, or nobody learns of it.
        let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| changes(&scene, &agent)));
        is_over.store(true, Ordering::Relaxed);
        if let Err(panic) = ended {
            std::panic::resume_unwind(panic);
        }
    });
    agent.wait("the end of all queues", |agent| {
        let (_, text) = agent.get("/api/v1/delivery");
        text.matches("\"queued\":0").count() >= 2
    });
    let missed = agent.metric("podometer_sampler_missed_ticks_total");
    assert_eq!(agent.end(), 0);

    let all = points(&scene.relays());
    assert_eq!(doubled(&all), [""; 0]);
    let witness = snapshots(&all, "sink=witness");
    for name in ["a", "b"] {
        let own = snapshots(&all, &format!("sink={name}"));
        let (first, last) = (*own.first().unwrap(), *own.last().unwrap());
        let due: BTreeSet<i64> = witness.range(first..=last).copied().collect();
        let lost: Vec<_> = due.difference(&own).collect();
        let unseen: Vec<_> = own.difference(&due).collect();
        eprintln!(
            "{name}: {} snapshots, {} due, {lost:?} lost; on the servers {}",
            own.len(),
            due.len(),
            scene.stored(name)
        );
        assert!(lost.is_empty() && unseen.is_empty(), "{name}: lost {lost:?}, never due {unseen:?}");
        assert_eq!(scene.stored(name), own.len() as u64, "{name}");
    }
    let times: Vec<i64> = witness.into_iter().collect();
    let longest = times.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap();
    eprintln!(
        "{} snapshots, longest gap {longest} ms, {} audits, {missed:?} missed",
        times.len(),
        audits.into_inner()
    );
    assert!(longest < 1_700, "a gap of {longest} ms");
}

/// One change after the other; after each the sink goes on.
fn changes(scene: &Scene, agent: &Agent) {
    let (plain, secure, other) = (scene.plain.url(), scene.secure.url(), scene.other.url());
    let trusted = format!(", tls: {{ca_file: {:?}}}", scene.host.path("ca.pem"));
    let changed = |sink: &str, more: &str, is_told: bool| {
        scene.configure(sink, more);
        if is_told {
            agent.signal(Signal::HUP);
        }
        agent.logged("configuration reloaded");
        scene.goes_on(agent, "a");
    };
    changed(&scene.sink("a", &plain, ", gzip: false"), "", true);
    changed(&scene.sink("a", &plain, ", precision: ms"), "", false);
    changed(&scene.sink("a", &plain, ", batch_points: 20"), "", true);
    changed(&scene.sink("a", &plain, ", retention_policy: short"), "", true);
    changed(&scene.sink("a", &other, ""), "", true);

    scene.replace("podometer.yaml", "sinks: {influxdb: [{name: a, url: ftp://nowhere, database: d}]}\n");
    agent.signal(Signal::HUP);
    let line = agent.logged("the running one stays");
    assert!(line.contains("ftp://nowhere") && line.contains("not an http:// or https:// address"), "{line}");
    scene.goes_on(agent, "a");

    changed(&scene.sink("a", &secure, &trusted), "", true);
    // A new authority and a new certificate; that the file changed is enough.
    let authority = Authority::new();
    scene.secure.renew(authority.acceptor(&["localhost"]));
    scene.replace("ca.pem", &authority.pem);
    let connections = |scene: &Scene| scene.secure.passed().last().unwrap().connection;
    let before = connections(scene);
    scene.goes_on(agent, "a");
    assert!(connections(scene) > before, "the connection under the old certificate is not used any more");

    // The server has the new password before the file does.
    scene.ask("SET PASSWORD FOR agent = 'p-two'");
    let line = agent.logged("sink waits");
    assert!(line.contains("check user and password") && !line.contains("p-one"), "{line}");
    scene.replace("password", "p-two\n");
    scene.goes_on(agent, "a");

    let spool = format!("spool: {{directory: {:?}}}\n", scene.host.path("spool"));
    changed(&scene.sink("a", &secure, &trusted), &spool, true);
    // Gone, and another one instead.
    scene.configure(&scene.sink("b", &plain, ""), &spool);
    agent.signal(Signal::HUP);
    agent.logged("configuration reloaded");
    scene.goes_on(agent, "b");
}

/// The group of another job is another group: the old one would be served for ever.
#[test]
fn a_group_that_is_left_is_deleted() {
    let Some(program) = program("prometheus-pushgateway") else { return };
    let (server, host) = (Server::pushgateway(program), Host::new());
    let configure = |job: &str| {
        let url = format!("http://127.0.0.1:{}", server.port);
        host.write(
            "podometer.yaml",
            format!(
                "agent: {{node_name: n1}}\nsinks: {{pushgateway: [{{url: \"{url}\", job: {job}, interval: 1s, \
                 delete_at_end: true}}]}}\n"
            ),
        )
    };
    let agent = host.agent(&["--config", shown(&configure("before"))]);
    let jobs = || {
        let (_, body) = server.request("GET", "/api/v1/metrics", None, "");
        let groups: serde_json::Value = serde_json::from_str(&body).unwrap();
        let groups = groups["data"].as_array().unwrap().iter();
        groups.map(|group| group["labels"]["job"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    agent.wait("the first push", |_| jobs() == ["before"]);
    configure("after");
    agent.signal(Signal::HUP);
    agent.wait("the new group alone", |_| jobs() == ["after"]);
    assert_eq!(agent.end(), 0);
    assert_eq!(jobs(), [""; 0]);
}

/// A spool in another directory brings what waits.
#[test]
fn a_spool_that_moves_loses_nothing() {
    let Some(mut server) = Server::influxdb(false) else { return };
    server.query("d", "CREATE DATABASE d");
    server.kill();
    let host = Host::new();
    let configure = |spool: &str| {
        let directory = host.path(spool);
        let url = server.url();
        host.write(
            "podometer.yaml",
            format!(
                "agent: {{node_name: n1}}\nspool: {{directory: {directory:?}}}\n\
                 sinks: {{influxdb: [{{url: \"{url}\", database: d, interval: 1s}}]}}\n"
            ),
        )
    };
    let file = configure("one");
    let agent = host.agent(&["--config", shown(&file)]);
    let number = |agent: &Agent, pointer: &str| {
        let document: serde_json::Value = serde_json::from_str(&agent.get("/api/v1/delivery").1).unwrap();
        document.pointer(pointer).and_then(serde_json::Value::as_u64).unwrap_or_default()
    };
    agent.wait("a backlog on disk", |agent| number(agent, "/sinks/0/spool/points") > 50);
    let waits = number(&agent, "/sinks/0/points/queued");
    configure("two");
    agent.signal(Signal::HUP);
    agent.logged("configuration reloaded");
    // A thread opens the new one and takes over what is in the old.
    agent.wait("the backlog in its new place", |agent| number(agent, "/sinks/0/points/queued") >= waits);
    server.start();
    agent.wait("the end of the backlog", |agent| {
        number(agent, "/sinks/0/points/acknowledged") >= waits && number(agent, "/sinks/0/points/queued") == 0
    });
    assert_eq!(number(&agent, "/sinks/0/points/dropped"), 0);
    assert_eq!(agent.end(), 0);
}
