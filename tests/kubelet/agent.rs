//! The agent and its doctor against a recorded kubelet.

use std::fs;

use crate::kubelet_server::{Answer, KubeletServer, recorded};
use crate::program::{Agent, Host, ended, shown};
use crate::truth;

/// A host whose files hold the token and the authority, and the settings that name them.
fn settings(host: &Host, server: &KubeletServer, pem: &str) -> Vec<String> {
    host.write("token", "good\n");
    host.write("ca.crt", pem);
    let mut settings = vec![
        format!("kubelet.url={}", server.url()),
        host.set("kubelet.token_file", "token"),
        host.set("kubelet.ca_file", "ca.crt"),
        "kubelet.resource_interval=1s".to_owned(),
        "kubelet.summary_interval=1s".to_owned(),
        "kubelet.backoff_max=1s".to_owned(),
    ];
    settings.extend([host.set("paths.cgroup", "cgroup"), host.set("paths.procfs", "proc")]);
    settings.into_iter().flat_map(|setting| ["--set".to_owned(), setting]).collect()
}

fn borrowed(arguments: &[String]) -> Vec<&str> {
    arguments.iter().map(String::as_str).collect()
}

fn up(agent: &Agent) -> Option<f64> {
    agent.metric("podometer_source_up{source=\"kubelet\"}")
}

fn info(agent: &Agent, state: &str, reason: &str) -> bool {
    let (_, page) = agent.get("/metrics");
    page.lines().any(|line| {
        line.starts_with("podometer_source_info{")
            && ["source=\"kubelet\"".to_owned(), format!("state=\"{state}\""), format!("reason=\"{reason}\"")]
                .iter()
                .all(|label| line.contains(label))
            && line.ends_with(" 1")
    })
}

#[tokio::test]
async fn the_agent_is_up_with_the_kubelet_and_says_why_it_is_not() {
    let Some(folder) = truth::recording("systemd") else { return };
    let (server, authority) = recorded(&folder);
    let host = Host::new();
    let agent = Agent::start(&borrowed(&settings(&host, &server, &authority.pem)));
    agent.wait("both documents", |agent| info(agent, "ok", ""));
    assert_eq!(up(&agent), Some(1.0));
    // One right less: the other document keeps it up.
    server.grant("good", "system:serviceaccount:m:podometer", &["nodes/metrics"]);
    agent.wait("half of the kubelet", |agent| info(agent, "degraded", "forbidden"));
    assert_eq!(up(&agent), Some(1.0));
    let line = agent.logged("403 Forbidden");
    assert!(line.contains("lacks the verb get on nodes/stats"), "{line}");
    server.stop().await;
    agent.wait("its absence", |agent| up(agent) == Some(0.0));
    agent.wait("the reason", |agent| info(agent, "down", "refused"));
    agent.logged("connection refused");
    server.grant("good", "system:serviceaccount:m:podometer", &crate::ALL);
    server.start_again().await;
    agent.wait("its return", |agent| info(agent, "ok", ""));
    let lines = agent.logged_until("the kubelet answers");
    let news = lines.iter().filter(|line| line.contains("kubelet")).count();
    assert!(news <= 3, "a line for each change, not for each poll: {lines:#?}");
    let (code, said) = (agent.end(), server.seen());
    assert_eq!(code, 0);
    assert!(said.iter().all(|seen| seen.at_once == 1), "{said:?}");
}

#[tokio::test]
async fn while_the_kubelet_thinks_it_is_not_asked_again() {
    let Some(folder) = truth::recording("cgroupfs") else { return };
    let (server, authority) = recorded(&folder);
    let host = Host::new();
    let agent = Agent::start(&borrowed(&settings(&host, &server, &authority.pem)));
    agent.wait("both documents", |agent| info(agent, "ok", ""));
    server.set_answer("/metrics/resource", Answer::Held);
    let of = |path: &str| server.seen().iter().filter(|seen| seen.path == path).count();
    while !server.seen().iter().any(|seen| seen.is_held) {
        server.has_seen(server.seen().len() + 1).await;
    }
    let first = of("/metrics/resource");
    // The other document has the same interval: it comes four times while this one waits for its answer.
    let other = of("/stats/summary") + 4;
    while of("/stats/summary") < other {
        server.has_seen(server.seen().len() + 1).await;
    }
    assert_eq!(of("/metrics/resource"), first, "no poll in a line behind the one that waits");
    assert!(info(&agent, "ok", ""), "a late answer is no failure");
    server.set_answer("/metrics/resource", Answer::Whole);
    server.release();
    while of("/metrics/resource") < first + 2 {
        server.has_seen(server.seen().len() + 1).await;
    }
    assert!(server.seen().iter().all(|seen| seen.at_once == 1), "none had waited in a line");
}

#[tokio::test]
async fn the_doctor_names_each_document_and_the_right_it_lacks() {
    let Some(folder) = truth::recording("cgroupfs") else { return };
    let (server, authority) = recorded(&folder);
    let host = Host::new();
    let mut arguments = vec!["check".to_owned()];
    arguments.extend(settings(&host, &server, &authority.pem));
    let (_, said) = ended(&borrowed(&arguments));
    for words in
        ["named by kubelet.url", "authorities of ", "19 containers; serves CPU", "10 pods, 18 containers"]
    {
        assert!(said.contains(words), "{words}: {said}");
    }
    server.grant("good", "system:serviceaccount:m:podometer", &["nodes/stats"]);
    let (_, said) = ended(&borrowed(&arguments));
    for right in ["nodes/metrics", "nodes/pods"] {
        let words = format!("system:serviceaccount:m:podometer lacks the verb get on {right}");
        assert!(said.contains(&words), "{said}");
        let remedy = format!(
            "-> add to its ClusterRole: apiGroups: [\"\"], resources: [\"{right}\"], verbs: [\"get\"]"
        );
        assert!(said.contains(&remedy), "{said}");
    }
    assert!(said.contains("/stats/summary") && said.contains("10 pods"), "{said}");
    fs::remove_file(host.path("ca.crt")).unwrap();
    let (_, said) = ended(&borrowed(&arguments));
    assert!(said.contains("ca_file") && said.contains("No such file"), "{said}");
    assert_eq!(said.matches("ca_file /").count(), 1, "one line is enough: {said}");
    assert!(!said.contains("good\n"), "{said}");
}

#[test]
fn without_a_cluster_the_doctor_says_so_quietly() {
    let host = Host::new();
    let cgroup = host.set("paths.cgroup", "cgroup");
    let (code, said) = ended(&["check", "--set", &cgroup]);
    assert!(said.contains("not asked: no service account's token is mounted"), "{said}");
    assert_eq!(code, 0, "{said}");
}

#[test]
fn each_mistake_in_the_settings_is_one_line() {
    let host = Host::new();
    for (setting, words) in [
        ("url: \"\"", "kubelet.url: \"\" is empty"),
        ("url: 10.0.0.5:10250", "does not begin with http:// or https://"),
        ("url: https://user:hunter2@node:10250", "holds a user or password"),
        ("url: https://$NODE_IP:10250", "holds a variable that nothing replaces"),
        ("timeout: 0s", "kubelet.timeout: \"0s\" is below 100ms"),
        ("insecure_skip_verify: perhaps", "kubelet.insecure_skip_verify"),
        ("token_fil: abc", "unknown key kubelet.token_fil; did you mean kubelet.token_file?"),
    ] {
        let file = host.write("podometer.yaml", format!("kubelet:\n  {setting}\n"));
        let (code, said) = ended(&["config", "check", shown(&file)]);
        assert_eq!(code, 64, "{setting}: {said}");
        assert!(said.contains(words) && !said.contains("hunter2"), "{setting}: {said}");
        assert_eq!(said.trim().lines().count(), 1, "{said}");
    }
}
