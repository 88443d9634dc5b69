//! A configuration that changes under a running agent.

use rustix::process::Signal;

use crate::program::{Host, shown};

const FAST: &str = "podometer_sampler_interval_seconds{pace=\"fast\"}";

#[test]
fn a_broken_file_is_refused_and_a_good_one_is_taken() {
    let host = Host::new();
    let file = host.write("podometer.yaml", "sampler: {fast_interval: 200ms, cpu_budget_percent: 400}\n");
    let agent = host.agent(&["--config", shown(&file)]);
    assert_eq!(agent.metric(FAST), Some(0.2));

    host.write("podometer.yaml", "sampler: {fast_intervall: 1s}\n");
    agent.signal(Signal::HUP);
    let line = agent.logged("did you mean sampler.fast_interval?");
    assert!(line.contains(shown(&file)) && line.contains("the running one stays"), "{line}");
    assert_eq!(agent.metric(FAST), Some(0.2));

    // Right in itself, but its token cannot be read: nothing of it may come into force.
    let token = host.set("bearer_token_file", "absent").replace('=', ": ");
    host.write("podometer.yaml", format!("sampler: {{fast_interval: 300ms}}\nserver:\n  {token}\n"));
    agent.signal(Signal::HUP);
    let line = agent.logged(shown(&host.path("absent")));
    assert!(line.contains("the running one stays"), "{line}");
    assert_eq!(agent.metric(FAST), Some(0.2));

    let good = "sampler: {fast_interval: 500ms, cpu_budget_percent: 400}\nagent: {log: {level: debug}}\n";
    host.write("podometer.yaml", good);
    agent.signal(Signal::HUP);
    agent.logged("configuration reloaded");
    agent.wait("the new interval", |agent| agent.metric(FAST) == Some(0.5));
    assert_eq!(agent.end(), 0);
}

#[test]
fn the_level_of_the_log_changes_while_it_runs() {
    let host = Host::new();
    let file = host.write("podometer.yaml", "agent: {log: {level: info}}\n");
    let agent = host.agent(&["--config", shown(&file)]);
    let quiet = "agent: {log: {level: error}}\nsampler: {fast_interval: 500ms, cpu_budget_percent: 400}\n";
    host.write("podometer.yaml", quiet);
    agent.signal(Signal::HUP);
    agent.wait("the new interval", |agent| agent.metric(FAST) == Some(0.5));
    host.write("podometer.yaml", "agent: [\n");
    agent.signal(Signal::HUP);
    // That the quiet one was taken is information, and so unsaid.
    let lines = agent.logged_until("the running one stays");
    assert!(lines.last().unwrap().contains("ERROR"), "{lines:#?}");
    assert!(!lines.iter().any(|line| line.contains("configuration reloaded")), "{lines:#?}");
    assert_eq!(agent.end(), 0);
}
