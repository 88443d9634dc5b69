//! A DNS server that takes every question and answers none.

use std::io::{Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::process::Command;
use std::time::Duration;

use crate::program::{Agent, Host, podometer, shown};

/// Far less than a lookup takes that nobody answers, which is minutes here, and far more than anything else.
const PATIENCE: Duration = Duration::from_secs(20);
/// An address of loopback that nobody else uses.
const SILENT: &str = "127.53.53.53";

#[test]
fn a_silent_dns_server_holds_up_neither_compressed_pages_nor_the_end() {
    let host = Host::new();
    let resolv = host.write("resolv.conf", format!("nameserver {SILENT}\noptions timeout:30 attempts:5\n"));
    let in_its_place = "mount --bind \"$0\" /etc/resolv.conf && exec \"$@\"";
    let mounted = |arguments: &[&str]| {
        let mut command = Command::new("unshare");
        command.args(["-m", "sh", "-c", in_its_place, shown(&resolv)]).args(arguments);
        command
    };
    let can_mount = mounted(&["true"]).output().is_ok_and(|output| output.status.success());
    let Some(_silent) = UdpSocket::bind((SILENT, 53)).ok().filter(|_| can_mount) else {
        let message = "no DNS server can be put in place here (root is needed), nothing was tested";
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{message}");
        eprintln!("!!! SKIPPED: {message}");
        return;
    };
    let sink = |n: usize| {
        format!(
            "{{name: s{n}, url: \"http://s{n}.example\", database: d, interval: 1s, \
             http: {{timeout: 100ms, backoff_min: 10ms, backoff_max: 100ms}}}}"
        )
    };
    let sinks: Vec<String> = (0..5).map(sink).collect();
    let text = format!("sampler: {{cpu_budget_percent: 400}}\nsinks: {{influxdb: [{}]}}\n", sinks.join(", "));
    let (file, cgroup) = (host.write("podometer.yaml", text), host.set("paths.cgroup", "cgroup"));
    let program = podometer(&["agent", "--set", "server.listen=127.0.0.1:0", "--config", shown(&file)]);
    let mut command = mounted(&[shown(program.get_program().as_ref())]);
    command.args(program.get_args()).args(["--set", &cgroup]);
    let agent = Agent::launch_by(command);
    agent.wait("readiness", |agent| agent.get("/-/ready").0 == 200);
    agent.wait("two attempts of each", |agent| {
        (0..5).all(|n| {
            agent.metric(&format!("podometer_sink_retries_total{{kind=\"influxdb\",sink=\"s{n}\"}}"))
                >= Some(2.0)
        })
    });
    let mut stream = TcpStream::connect(&agent.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(b"GET /metrics HTTP/1.0\r\nhost: localhost\r\naccept-encoding: gzip\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("the compressed page waits for the DNS server");
    let head = String::from_utf8_lossy(&answer).to_lowercase();
    assert!(head.contains("content-encoding: gzip"), "{head}");
    assert_eq!(agent.end(), 0);
}
