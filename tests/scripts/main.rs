//! The scripts of deploy/scripts. Most tests drive them against a FAKE kubectl, a shell script that records what it is
//! asked and answers what the test says: they show what the scripts do, not that a cluster would take it. What can be
//! real is: the Job is read by kubectl itself and as Kubernetes' own type, and compare-top has podometer in the place of
//! the agent's pod.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tests fail by panicking and say what they skip"
)]

#[path = "../support/api_double.rs"]
mod api_double;
mod compare_top;
mod documents;
mod fake_kubectl;
mod get_report;
#[path = "../kubectl/api.rs"]
mod kubectl_api;
mod live;
#[path = "../support/metrics_server.rs"]
mod metrics_server;
#[path = "../bad_input/program.rs"]
#[allow(dead_code, reason = "one agent that starts and ends is all that is asked for here")]
mod program;
mod shell;
mod start_test;
mod stop_test;
