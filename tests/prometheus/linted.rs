//! promtool reads the pages of a running agent.

use crate::agent::Agent;
use crate::node::Node;
use crate::promtool;
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
        let (is_content, said) = promtool::check(&promtool, text.as_bytes());
        assert_eq!((is_content, said.as_str()), (true, ""), "{page}");
    }
}
