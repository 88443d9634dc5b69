//! What can be typed of outputs.

use std::path::PathBuf;

use clap::Args;

use crate::load::span::Span;

/// How long outputs may go on sending when the run is over.
const GRACE: Span = Span::from_secs(10);

#[derive(Args, Debug)]
#[command(next_help_heading = "Live outputs")]
pub(in crate::cli::load) struct OutputFlags {
    /// Sends what happens while it happens; may be repeated. Kinds and their targets:
    ///
    /// influxdb=http://host:8086/db (k6's schema, K6_INFLUXDB_* say more),
    /// jmeter=http://host:8086/db (JMeter's schema),
    /// prometheus=[ADDRESS]:PORT (a page at /metrics during the run, :9102 unless said otherwise),
    /// experimental-prometheus-rw=URL or remote-write=URL (k6's remote write, K6_PROMETHEUS_RW_* say more),
    /// pushgateway=http://host:9091 (at the end).
    /// Users and passwords come from the environment or files alone. K6_OUT says the same, with commas.
    #[arg(short = 'o', long, value_name = "KIND=TARGET")]
    pub(super) out: Vec<String>,
    /// How long outputs may go on sending when the run is over (default 10s).
    #[arg(long, value_name = "DURATION")]
    pub(super) out_grace: Option<String>,
    /// Where what a server does not take waits on disk; what is left there is sent by the next run with the same
    /// output. Without it that is a temporary directory, which is named if something is left in it.
    #[arg(long, value_name = "DIRECTORY")]
    pub(super) out_spool: Option<PathBuf>,
    /// A tag of everything that is measured; may be repeated.
    #[arg(long, value_name = "NAME=VALUE")]
    pub(super) tag: Vec<String>,
}

/// k6's own tags, the run's id, and those of JMeter's schema.
const RESERVED: [&str; 22] = [
    "application",
    "check",
    "error",
    "error_code",
    "expected_response",
    "group",
    "iter",
    "method",
    "name",
    "proto",
    "responseCode",
    "responseMessage",
    "run_id",
    "scenario",
    "stage",
    "status",
    "statut",
    "title",
    "tls_version",
    "transaction",
    "url",
    "vu",
];

impl OutputFlags {
    pub(super) fn grace(&self) -> Result<Span, String> {
        let parse = |text: &String| Span::parse(text).map_err(|error| format!("--out-grace: {error}"));
        self.out_grace.as_ref().map_or(Ok(GRACE), parse)
    }

    /// The tags of the run.
    pub(in crate::cli::load) fn tags(&self) -> Result<Vec<(String, String)>, Vec<String>> {
        let mut problems = Vec::new();
        let mut tags = Vec::new();
        for text in &self.tag {
            match text.split_once('=') {
                Some((name, _)) if RESERVED.contains(&name) => {
                    problems.push(format!("--tag: \"{name}\" is a tag that outputs have of their own"));
                }
                Some((name, _)) if tags.iter().any(|(known, _)| known == name) => {
                    problems.push(format!("--tag: \"{name}\" is given twice"));
                }
                Some((name, value)) if !name.is_empty() => tags.push((name.to_owned(), value.to_owned())),
                _ => problems.push(format!("--tag: \"{text}\" is no tag; allowed: NAME=VALUE")),
            }
        }
        if problems.is_empty() { Ok(tags) } else { Err(problems) }
    }
}
