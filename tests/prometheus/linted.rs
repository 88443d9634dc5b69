//! promtool reads the pages of a running agent.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::agent::Agent;
use crate::node::Node;
use crate::server::program;
use crate::workload::Workload;

#[test]
fn promtool_is_silent_about_a_running_agent() {
    let Some(promtool) = program("promtool") else { return };
    let node = Node::new();
    let _workload = Workload::start(&node, 250);
    let agent = Agent::start(&node, &[]);
    for page in ["/metrics", "/metrics/cadvisor", "/metrics/resource"] {
        let text = agent.get(page);
        assert!(text.contains("container=\"app\""), "{page}: {text}");
        let mut child = Command::new(&promtool)
            .args(["check", "metrics"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert_eq!((output.status.code(), said.as_str()), (Some(0), ""), "{page}");
    }
}
