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

mod compare_top;
mod fake_kubectl;
mod get_report;
mod shell;
mod start_test;
mod stop_test;
