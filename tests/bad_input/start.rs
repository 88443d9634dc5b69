//! What stands in the way of a start.

use std::fs;
use std::net::TcpListener;

use crate::program::{Host, ended, shown};

/// The agent must end with 1 and say all of these; so must `top`, where it reads the same thing.
#[track_caller]
fn refused(arguments: &[&str], says: &[&str]) {
    let mut all = vec!["agent", "--set", "server.listen=127.0.0.1:0"];
    all.extend(arguments);
    let (code, said) = ended(&all);
    assert_eq!(code, 1, "{said}");
    for part in says {
        assert!(said.contains(part), "no {part:?} in: {said}");
    }
    assert!(!said.contains("panicked"), "{said}");
}

#[test]
fn a_host_with_cgroup_v1_only_is_told_how_to_boot() {
    let host = Host::new();
    host.write(
        "proc/self/mountinfo",
        "30 22 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
         31 22 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n",
    );
    let procfs = host.set("paths.procfs", "proc");
    let says =
        ["cgroup v1 only", "cpu, cpuacct, memory", "systemd.unified_cgroup_hierarchy=1", "cgroup_no_v1=all"];
    refused(&["--set", &procfs], &says);
    let (code, report) = ended(&["check", "--set", &procfs]);
    assert_eq!(code, 1, "{report}");
    assert!(report.contains("cgroup v1 only") && report.contains("cgroup_no_v1=all"), "{report}");
}

#[test]
fn a_host_without_a_cgroup_mount_is_told_to_mount_one() {
    let host = Host::new();
    let mountinfo = host.path("proc/self/mountinfo");
    let says = [shown(&mountinfo), "no cgroup2 file system", "mount -t cgroup2", "paths.cgroup"];
    refused(&["--set", &host.set("paths.procfs", "proc")], &says);
    fs::remove_file(&mountinfo).unwrap();
    let says = [shown(&mountinfo), "cannot be read", "set paths.procfs"];
    refused(&["--set", &host.set("paths.procfs", "proc")], &says);
}

#[test]
fn a_wrong_cgroup_path_is_named() {
    let host = Host::new();
    host.write("plain/file", "");
    for (place, says) in [
        ("absent", "mount the host's cgroup2 hierarchy there"),
        ("plain", "is not a cgroup v2 directory"),
        ("plain/file", "is not a cgroup v2 directory"),
    ] {
        refused(&["--set", &host.set("paths.cgroup", place)], &[shown(&host.path(place)), says]);
    }
    // A container's own cgroup is a sidecar's, and no node's.
    let leaf = host.set("paths.cgroup", "cgroup/system.slice/a.service");
    let says = "mount the host's /sys/fs/cgroup read-only";
    refused(
        &["--set", "agent.mode=node", "--set", &leaf],
        &[shown(&host.path("cgroup/system.slice/a.service")), says],
    );
}

#[test]
fn a_taken_port_is_named_with_the_way_out() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let host = Host::new();
    let listen = format!("server.listen={address}");
    let cgroup = host.set("paths.cgroup", "cgroup");
    refused(
        &["--set", &cgroup, "--set", &listen],
        &[&address, "cannot be listened on", "--set server.listen="],
    );
}

#[test]
fn unreadable_secrets_end_the_start() {
    let host = Host::new();
    let cgroup = host.set("paths.cgroup", "cgroup");
    let token = host.path("token");
    let key = host.set("server.bearer_token_file", "token");
    let arguments = ["--set", cgroup.as_str(), "--set", key.as_str()];
    refused(&arguments, &["server.bearer_token_file", shown(&token), "readable by this user"]);
    host.write("token", " \n");
    refused(&arguments, &["server.bearer_token_file", shown(&token), "the token is empty"]);

    let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let cert_path = host.write("tls.crt", pair.cert.pem());
    let (cert, key) =
        (host.set("server.tls.cert_file", "tls.crt"), host.set("server.tls.key_file", "tls.key"));
    let arguments = ["--set", cgroup.as_str(), "--set", cert.as_str(), "--set", key.as_str()];
    refused(&arguments, &["server.tls.key_file", shown(&host.path("tls.key")), "PEM key"]);
    let key_path = host.write("tls.key", "hunter2 is no key");
    let (_, said) = ended(&[&["agent", "--set", "server.listen=127.0.0.1:0"], &arguments[..]].concat());
    assert!(said.contains(shown(&key_path)) && !said.contains("hunter2"), "{said}");
    fs::write(cert_path, "no certificate").unwrap();
    refused(&arguments, &["server.tls.cert_file", shown(&host.path("tls.crt")), "PEM certificate"]);
}

#[test]
fn a_bad_configuration_is_64_before_anything_starts() {
    let host = Host::new();
    let file = host.write("podometer.yaml", "sampler:\n  fast_intervall: 1s\n");
    let (code, said) = ended(&["agent", "--config", shown(&file)]);
    assert_eq!(code, 64, "{said}");
    assert!(said.contains(shown(&file)) && said.contains("did you mean sampler.fast_interval?"), "{said}");
}

/// Names are an extra: the agent serves without, and says so; a person who asks for them with `top` is told.
#[test]
fn missing_or_garbled_names_stop_top_and_not_the_agent() {
    let host = Host::new();
    let names = host.set("identity.pods_file", "pods.json");
    for text in [None, Some("{\"items\": [garbage")] {
        if let Some(text) = text {
            host.write("pods.json", text);
        }
        let agent = host.agent(&["--set", &names]);
        let line = agent.logged("names cannot be read");
        assert!(line.contains(shown(&host.path("pods.json"))), "{line}");
        assert_eq!(agent.get("/metrics").0, 200);
        assert_eq!(agent.end(), 0);
        // No agent answers on port 1, so that top reads the tree itself.
        let cgroup = host.set("paths.cgroup", "cgroup");
        let (code, said) = ended(&[
            "top",
            "--once",
            "--set",
            "server.listen=127.0.0.1:1",
            "--set",
            &cgroup,
            "--set",
            &names,
        ]);
        assert_eq!(code, 1, "{said}");
        assert!(said.contains(shown(&host.path("pods.json"))), "{said}");
    }
}
