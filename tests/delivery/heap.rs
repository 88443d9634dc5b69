//! What the agent asks of the C library's heap.

use crate::program::{Agent, Host, podometer};

/// As root sees it: nobody else may look.
fn environment(agent: &Agent) -> String {
    let bytes = std::fs::read(format!("/proc/{}/environ", agent.id())).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn what_is_free_is_given_back_unless_the_user_said_otherwise() {
    let host = Host::new();
    let cgroup = host.set("paths.cgroup", "cgroup");
    let arguments = ["agent", "--set", "server.listen=127.0.0.1:0", "--set", cgroup.as_str()];
    let agent = Agent::launch_by(podometer(&arguments));
    let said = environment(&agent);
    assert!(said.contains("GLIBC_TUNABLES=glibc.malloc.mmap_threshold=131072"), "{said}");
    // It is the process that was started, under its own name, with its own arguments.
    let name = std::fs::read_to_string(format!("/proc/{}/comm", agent.id())).unwrap();
    assert_eq!(name.trim_end(), "podometer");
    let shown = std::fs::read_to_string(format!("/proc/{}/cmdline", agent.id())).unwrap();
    assert!(shown.ends_with(&format!("{}\0", arguments.join("\0"))), "{shown}");

    for (name, value) in [("GLIBC_TUNABLES", "glibc.malloc.check=0"), ("PODOMETER_HEAP", "set")] {
        let mut command = podometer(&arguments);
        command.env(name, value);
        let said = environment(&Agent::launch_by(command));
        assert!(said.contains(&format!("{name}={value}\0")), "{said}");
        assert!(!said.contains("mmap_threshold"), "{said}");
    }
}
