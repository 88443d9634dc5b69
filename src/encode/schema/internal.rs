//! Telegraf's measurements about itself, filled with our own figures: internal_agent, internal_gather, internal_write.
//!
//! The dashboards group by the tags `input` and `output` without asking for certain values (Grafana 928: "Gather
//! time" by `input`, "Delivery time" by `output`), so a name may be ours. Where one of our sources plays the part of
//! an input of Telegraf, it has that input's name and its own in `alias`, as several instances of one plugin have
//! there: so two sources never share a series. Source: Telegraf `models/running_input.go`, `models/running_output.go`.
//!
//! What nobody counts is left out: `gather_timeouts`, which are among the errors, and the points that came of one
//! source, since a point holds values of several.

use super::host::point::{Integer, Points, integers};
use crate::encode::influx::LineWriter;
use crate::model::report::{AgentReport, SinkReport, SourceReport};

/// Our source and the input of Telegraf whose part it plays. Any other source goes by its own name.
const INPUTS: [(&str, &str); 4] = [
    ("cgroup", "kubernetes"),
    ("inventory", "kube_inventory"),
    ("kubelet", "kubernetes"),
    ("procfs", "system"),
];

/// Each sink makes points at its own pace, so that those gathered and those written are sums over all sinks.
const AGENT: &[Integer<AgentReport>] = &[
    ("gather_errors", |report| Some(report.sources.iter().map(|source| source.faults).sum())),
    ("metrics_dropped", |report| sum(report, dropped)),
    ("metrics_gathered", |report| sum(report, |sink| sink.ledger.produced + sink.filtered)),
    ("metrics_rejected", |report| sum(report, rejected)),
    ("metrics_written", |report| sum(report, |sink| sink.ledger.acknowledged)),
];

const GATHER: &[Integer<SourceReport>] = &[
    ("errors", |source| Some(source.faults)),
    ("gather_time_ns", |source| source.duration_seconds.map(|seconds| (seconds * 1e9) as u64)),
];

const WRITE: &[Integer<SinkReport>] = &[
    ("buffer_limit", |sink| Some(sink.buffer_points_limit)),
    ("buffer_size", |sink| Some(sink.ledger.queued)),
    ("errors", |sink| Some(sink.errors)),
    ("metrics_added", |sink| Some(sink.ledger.produced)),
    ("metrics_dropped", |sink| Some(dropped(sink))),
    ("metrics_filtered", |sink| Some(sink.filtered)),
    ("metrics_rejected", |sink| Some(rejected(sink))),
    ("metrics_written", |sink| Some(sink.ledger.acknowledged)),
    ("write_time_ns", |sink| sink.write_time_ns),
];

/// Writes one report. `tags` are those of every point besides `host`; a point's own win over them.
pub fn write(
    report: &AgentReport,
    host: &str,
    tags: &[(String, String)],
    wall_ns: i64,
    out: &mut LineWriter<'_>,
) {
    let mut points = Points::new(out, host, tags, wall_ns);
    let version = ("version", report.version);
    points.point("internal_agent", &[version], |out| integers(out, AGENT, report));
    for source in &report.sources {
        let (input, alias) = input(source.name);
        let own = [("alias", alias), ("input", input), version];
        points.point("internal_gather", &own, |out| integers(out, GATHER, source));
    }
    for sink in &report.sinks {
        let own = [("alias", &*sink.name), ("output", sink.kind), version];
        points.point("internal_write", &own, |out| integers(out, WRITE, sink));
    }
}

/// Telegraf's name of the source, and our own where that is another. An empty tag is left out.
fn input(source: &'static str) -> (&'static str, &'static str) {
    let known = INPUTS.iter().find(|(own, _)| *own == source);
    known.map_or((source, ""), |(own, input)| (*input, *own))
}

/// Absent where there is no sink: nothing was counted then.
fn sum(report: &AgentReport, value: fn(&SinkReport) -> u64) -> Option<u64> {
    (!report.sinks.is_empty()).then(|| report.sinks.iter().map(value).sum())
}

fn dropped(sink: &SinkReport) -> u64 {
    sink.ledger.dropped.iter().map(|(_, points)| points).sum()
}

fn rejected(sink: &SinkReport) -> u64 {
    sink.ledger.rejected.iter().map(|(_, points)| points).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ledger::Ledger;

    fn written(report: &AgentReport, tags: &[(String, String)]) -> String {
        let mut lines = Vec::new();
        write(report, "n1", tags, 5, &mut LineWriter::new(&mut lines));
        String::from_utf8(lines).unwrap()
    }

    fn source(name: &'static str, duration_seconds: Option<f64>, faults: u64) -> SourceReport {
        SourceReport { name, duration_seconds, faults, ..SourceReport::default() }
    }

    fn sinks() -> Vec<SinkReport> {
        let main = SinkReport {
            kind: "influxdb",
            name: "main db".to_owned(),
            ledger: Ledger {
                produced: 100,
                acknowledged: 60,
                rejected: vec![("field_type_conflict", 3), ("too_old", 2)],
                queued: 25,
                dropped: vec![("queue_full", 10)],
            },
            filtered: 7,
            buffer_points_limit: 100_000,
            write_time_ns: Some(1_500_000),
            errors: 4,
            ..SinkReport::default()
        };
        let unused = SinkReport {
            kind: "remote_write",
            name: "r".to_owned(),
            buffer_points_limit: 10,
            ..SinkReport::default()
        };
        vec![main, unused]
    }

    #[test]
    fn a_report_in_full() {
        let report = AgentReport {
            version: "0.1.0",
            sources: vec![
                source("cgroup", Some(0.004), 0),
                source("kubelet", None, 2),
                source("procfs", Some(0.25), 1),
                source("metrics_api", Some(1.5), 0),
            ],
            sinks: sinks(),
            ..AgentReport::default()
        };
        let tags = [("env", "lab"), ("host", "other"), ("input", "other")];
        let tags = tags.map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(
            written(&report, &tags),
            "internal_agent,host=n1,env=lab,input=other,version=0.1.0 gather_errors=3i,metrics_dropped=10i,\
             metrics_gathered=107i,metrics_rejected=5i,metrics_written=60i 5\n\
             internal_gather,host=n1,env=lab,alias=cgroup,input=kubernetes,version=0.1.0 errors=0i,\
             gather_time_ns=4000000i 5\n\
             internal_gather,host=n1,env=lab,alias=kubelet,input=kubernetes,version=0.1.0 errors=2i 5\n\
             internal_gather,host=n1,env=lab,alias=procfs,input=system,version=0.1.0 errors=1i,\
             gather_time_ns=250000000i 5\n\
             internal_gather,host=n1,env=lab,input=metrics_api,version=0.1.0 errors=0i,\
             gather_time_ns=1500000000i 5\n\
             internal_write,host=n1,env=lab,input=other,alias=main\\ db,output=influxdb,version=0.1.0 \
             buffer_limit=100000i,buffer_size=25i,errors=4i,metrics_added=100i,metrics_dropped=10i,\
             metrics_filtered=7i,metrics_rejected=5i,metrics_written=60i,write_time_ns=1500000i 5\n\
             internal_write,host=n1,env=lab,input=other,alias=r,output=remote_write,version=0.1.0 \
             buffer_limit=10i,buffer_size=0i,errors=0i,metrics_added=0i,metrics_dropped=0i,\
             metrics_filtered=0i,metrics_rejected=0i,metrics_written=0i 5\n"
        );
    }

    #[test]
    fn without_sinks_nothing_is_said_of_points() {
        let report = AgentReport { version: "0.1.0", ..AgentReport::default() };
        assert_eq!(written(&report, &[]), "internal_agent,host=n1,version=0.1.0 gather_errors=0i 5\n");
    }

    /// The panels of Grafana 928 that read these measurements, by its fields.
    #[test]
    fn every_field_of_the_dashboard_is_written() {
        let panels = include_str!("../../../tests/fixtures/grafana_928.txt").lines();
        let report = AgentReport {
            version: "0.1.0",
            sources: vec![source("cgroup", Some(0.1), 0)],
            sinks: sinks(),
            ..AgentReport::default()
        };
        let lines = written(&report, &[]);
        let mut seen = 0;
        for panel in panels.filter(|panel| panel.contains("| internal_")) {
            let cells: Vec<&str> = panel.split('|').map(str::trim).collect();
            for field in cells[2].split(' ') {
                let mut of_panel = lines.lines().filter(|line| line.starts_with(cells[1]));
                assert!(of_panel.any(|line| line.contains(&format!("{field}="))), "{panel}: {field}");
                seen += 1;
            }
        }
        assert_eq!(seen, 5);
    }
}
