//! Where passwords, tokens and keys may stand: with whom they are for, and nowhere else.

use std::fs;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustix::process::{Pid, Signal, kill_process};

use crate::authority::Authority;
use crate::kubelet_server::KubeletServer;
use crate::program::{Host, get, podometer, shown};
use crate::relay::Relay;
use crate::servers::Server;

const TOKEN_VARIABLE: &str = "PODOMETER_TEST_TOKEN";
/// By what each is: the user where one goes with it, and the secret.
const PLANTED: [(&str, &str, &str); 7] = [
    ("InfluxDB 1 password", "writer", "planted-v1-Password"),
    ("InfluxDB 2 token", "", "planted-v2-Token=="),
    ("proxy password", "passer", "planted-proxy-Password"),
    ("token of a target", "", "planted-target-Token"),
    ("password of a target", "reader", "planted-target-Password"),
    ("kubelet token", "", "planted-kubelet-Token"),
    ("server token", "", "planted-server-Token"),
];
const SECRET: fn(usize) -> &'static str = |at| PLANTED[at].2;

/// All forms in which a secret could show.
fn forms(user: &str, secret: &str) -> Vec<String> {
    let mut forms = vec![secret.to_owned(), STANDARD.encode(secret)];
    if !user.is_empty() {
        forms.push(STANDARD.encode(format!("{user}:{secret}")));
    }
    forms.iter().map(|form| form.trim_end_matches('=').to_owned()).collect()
}

/// The planted secrets, and a line out of the middle of the client's key.
fn needles(key: &str) -> Vec<(String, String)> {
    let all = PLANTED.iter().flat_map(|(what, user, secret)| {
        forms(user, secret).into_iter().map(|form| ((*what).to_owned(), form))
    });
    let line = key.lines().nth(1).unwrap().to_owned();
    all.chain([("client key".to_owned(), line)]).collect()
}

#[track_caller]
fn holds_none(place: &str, bytes: &[u8], needles: &[(String, String)]) {
    for (what, form) in needles {
        let is_there = bytes.windows(form.len()).any(|window| window == form.as_bytes());
        assert!(!is_there, "{place} holds the {what} as {form}:\n{}", String::from_utf8_lossy(bytes));
    }
    eprintln!("  {:>8} bytes of {place}: none", bytes.len());
}

fn files(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push((entry.path().display().to_string(), fs::read(entry.path()).unwrap()));
        }
    }
    found
}

/// The agent with its outputs in files.
struct Quiet<'a> {
    child: Child,
    host: &'a Host,
}

impl Quiet<'_> {
    fn output(&self) -> String {
        ["out", "err"].map(|name| fs::read_to_string(self.host.path(name)).unwrap()).concat()
    }

    fn wait(&self, what: &str, holds: impl Fn(&str) -> bool) -> String {
        let begun = Instant::now();
        loop {
            let output = self.output();
            if holds(&output) {
                return output;
            }
            assert!(begun.elapsed() < Duration::from_mins(1), "{what}: never came: {output}");
            // Another process cannot be awaited.
            std::thread::park_timeout(Duration::from_millis(50));
        }
    }
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        // After its end there is nothing left to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whoever is asked, and refuses.
struct Others {
    first: Server,
    first_relay: Relay,
    second: Relay,
    proxy: Relay,
    target: Relay,
    kubelet: KubeletServer,
}

/// Everything that carries a secret, each with somebody who refuses it.
fn configuration(
    host: &Host,
    others: &Others,
    authority: &Authority,
    key: &str,
    certificate: &str,
) -> String {
    let secret = |name: &str, text: &str| format!("{:?}", host.write(name, text));
    let kept = |at: usize, name: &str| secret(name, &format!("{}\n", SECRET(at)));
    let (v1, proxy) = (kept(0, "v1"), kept(2, "proxy"));
    let (target, password) = (kept(3, "target"), kept(4, "target-password"));
    let (kubelet, server) = (kept(5, "kubelet"), kept(6, "server"));
    let (ca, key, certificate) =
        (secret("ca.pem", &authority.pem), secret("key.pem", key), secret("cert.pem", certificate));
    // Plain, so that what is on disk can be read.
    let fast = "interval: 1s, gzip: false, database: d";
    let by_proxy = format!(
        "http: {{proxy: \"{}\", proxy_username: passer, proxy_password_file: {proxy}}}",
        others.proxy.url()
    );
    let (v1_url, v2_url) = (others.first_relay.url(), others.second.url());
    let targets = format!(
        "{{name: page, url: \"{0}/page\", interval: 1s, token_file: {target}}}, \
         {{name: other, url: \"{0}/other\", interval: 1s, username: reader, password_file: {password}}}",
        others.target.url()
    );
    format!(
        "agent: {{log: {{level: trace}}}}\nsampler: {{cpu_budget_percent: 400}}\n\
         server: {{bearer_token_file: {server}}}\nspool: {{directory: {:?}}}\n\
         kubelet: {{url: \"{}\", token_file: {kubelet}, ca_file: {ca}, resource_interval: 1s, summary_interval: 1s}}\n\
         scrape: {{targets: [{targets}]}}\nsinks:\n  influxdb:\n\
         \x20 - {{name: v1, url: \"{v1_url}\", {fast}, username: writer, password_file: {v1}}}\n\
         \x20 - {{name: v2, url: \"{v2_url}\", interval: 1s, gzip: false, org: o, bucket: b, token_env: {TOKEN_VARIABLE}, tls: {{ca_file: {ca}, cert_file: {certificate}, key_file: {key}}}}}\n\
         \x20 - {{name: proxied, url: \"http://db.test\", {fast}, username: writer, password_file: {v1}, {by_proxy}}}\n\
         \x20 - {{name: tunnelled, url: \"https://db.test\", {fast}, username: writer, password_file: {v1}, {by_proxy}}}\n\
         \x20 - {{name: nobody, url: \"http://127.0.0.1:1\", {fast}, username: writer, password_file: {v1}}}\n",
        host.path("spool"),
        others.kubelet.url(),
    )
}

fn others(authority: &Authority) -> Option<Others> {
    let first = Server::influxdb(true)?;
    first.query("", "CREATE USER root WITH PASSWORD 'x' WITH ALL PRIVILEGES");
    let second = Relay::start(first.port, Some(authority.acceptor(&["localhost"])));
    // Some servers show what they were sent: that is ECHO.
    second.refuse("401 Unauthorized", "unauthorized: ECHO");
    let proxy = Relay::start(first.port, None);
    proxy.refuse("407 Proxy Authentication Required", "not with: ECHO");
    let target = Relay::start(first.port, None);
    target.refuse("401 Unauthorized", "not with: ECHO");
    let kubelet = KubeletServer::start(authority.acceptor(&["127.0.0.1"]));
    Some(Others { first_relay: Relay::start(first.port, None), first, second, proxy, target, kubelet })
}

#[test]
fn no_secret_is_in_outputs_pages_reports_arguments_or_the_spool() {
    let authority = Authority::new();
    let Some(others) = others(&authority) else { return };
    let host = Host::new();
    let pair = rcgen::generate_simple_self_signed(["agent".to_owned()]).unwrap();
    let key = pair.signing_key.serialize_pem();
    let needles = needles(&key);
    let text = configuration(&host, &others, &authority, &key, &pair.cert.pem());
    let file = host.write("podometer.yaml", text);
    let file = shown(&file);
    let cgroup = host.set("paths.cgroup", "cgroup");
    let settings = ["--config", file, "--set", cgroup.as_str()];
    let with_token = |mut command: Command| {
        command.env(TOKEN_VARIABLE, SECRET(1));
        command
    };
    let outputs = ["out", "err"].map(|name| fs::File::create(host.path(name)).unwrap());
    let [out, err] = outputs;
    let arguments = [&["agent", "--set", "server.listen=127.0.0.1:0"], &settings[..]].concat();
    let mut command = with_token(podometer(&arguments));
    let agent = Quiet { child: command.stdout(out).stderr(err).spawn().unwrap(), host: &host };
    let output = agent.wait("every refusal", |output| {
        let waits = |sink: &str| {
            output
                .lines()
                .any(|line| line.contains("sink waits") && line.contains(&format!("sink=\"{sink}\"")))
        };
        ["v1", "v2", "proxied", "tunnelled", "nobody"].into_iter().all(waits)
            && output.matches("the target cannot be read").count() >= 2
            && output.contains("401 Unauthorized")
            && others.kubelet.seen().iter().any(|seen| seen.status == 401)
    });
    let address = output.lines().find(|line| line.contains("serving /metrics")).unwrap();
    let address = address.split("address=").nth(1).unwrap().trim().to_owned();

    // They were used: whom they are for has seen them.
    let heads = |relay: &Relay| relay.passed().iter().map(|passed| passed.head.clone()).collect::<String>();
    for (relay, at) in [
        (&others.first_relay, 0),
        (&others.second, 1),
        (&others.proxy, 2),
        (&others.target, 3),
        (&others.target, 4),
    ] {
        let (what, user, secret) = PLANTED[at];
        let seen = heads(relay);
        assert!(forms(user, secret).iter().any(|form| seen.contains(form)), "{what} was never sent: {seen}");
    }
    assert!(!heads(&others.second).contains(SECRET(0)) && !heads(&others.first_relay).contains(SECRET(1)));

    eprintln!("where secrets are looked for:");
    let header = format!("authorization: Bearer {}\r\n", SECRET(6));
    for page in [
        "/",
        "/metrics",
        "/metrics/cadvisor",
        "/metrics/resource",
        "/metrics/node",
        "/api/v1/pods",
        "/api/v1/drift",
        "/api/v1/delivery",
        "/-/ready",
    ] {
        assert_eq!(get(&address, page, "").0 == 401, !page.starts_with("/-/"), "{page} wants the token");
        let (_, body) = get(&address, page, &header);
        holds_none(page, body.as_bytes(), &needles);
    }
    let process = format!("/proc/{}", agent.child.id());
    holds_none("cmdline", &fs::read(format!("{process}/cmdline")).unwrap(), &needles);
    let environment = fs::read(format!("{process}/environ")).unwrap();
    let environment = String::from_utf8(environment).unwrap();
    // But for what the agent tells the C library of its heap, and that cuts at each colon.
    let given: Vec<&str> = environment
        .split_terminator('\0')
        .filter(|entry| !entry.contains("glibc.malloc.") && *entry != "PODOMETER_HEAP=set")
        .collect();
    assert_eq!(given, [format!("{TOKEN_VARIABLE}={}", SECRET(1))]);
    // A mistake in the settings is told on with its value, but not with what a file holds.
    fs::write(file, fs::read_to_string(file).unwrap().replace("org: o,", "org: o, orgg: o,")).unwrap();
    kill_process(Pid::from_raw(agent.child.id() as i32).unwrap(), Signal::HUP).unwrap();
    agent.wait("the refusal of a bad file", |output| output.contains("the running one stays"));
    let check = |arguments: &[&str]| {
        let output = with_token(podometer(arguments)).output().unwrap();
        [output.stdout, output.stderr].concat()
    };
    holds_none("config check, refused", &check(&["config", "check", file]), &needles);
    fs::write(file, fs::read_to_string(file).unwrap().replace(", orgg: o,", ",")).unwrap();
    holds_none("config check", &check(&["config", "check", file]), &needles);
    for more in [&[][..], &["--json"]] {
        let report = check(&[&["check"], &settings[..], more].concat());
        assert!(String::from_utf8_lossy(&report).contains("v1"), "it tells of the sinks");
        holds_none("check", &report, &needles);
    }
    agent.wait("a spool", |_| files(&host.path("spool")).iter().any(|(_, bytes)| bytes.len() > 1000));
    let mut agent = agent;
    kill_process(Pid::from_raw(agent.child.id() as i32).unwrap(), Signal::TERM).unwrap();
    assert_eq!(agent.child.wait().unwrap().code(), Some(0));
    holds_none("stdout and stderr at level trace", agent.output().as_bytes(), &needles);
    for (path, bytes) in files(&host.path("spool")) {
        holds_none(path.rsplit_once("spool/").unwrap().1, &bytes, &needles);
    }
    drop(others.first);
}
