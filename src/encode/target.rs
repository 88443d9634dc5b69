//! The page of `podometer target` in Prometheus' text format 0.0.4. Its labels are words of ours, so nothing is
//! escaped.

use std::fmt::Write as _;

use super::schema::target::{DURATION, NODE_DURATION, NODE_REQUESTS, OWN};
use super::small_page::{families, head};

/// What there is to say.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub series: Vec<Series>,
    /// Upper bounds of the buckets in seconds.
    pub bounds: Vec<f64>,
    /// Quantile and seconds; `None` where nothing was asked lately.
    pub quantiles: Vec<(f64, Option<f64>)>,
    pub connections: u64,
    pub accepted: u64,
    pub cut_off: Vec<(&'static str, u64)>,
    pub faults: Vec<(&'static str, u64)>,
    pub leaked_bytes: u64,
    pub leak_limit_bytes: u64,
    pub leak_refused: u64,
    pub threads: usize,
}

/// The requests of one method, path and status.
#[derive(Clone, Debug)]
pub struct Series {
    pub method: &'static str,
    pub path: &'static str,
    pub status: &'static str,
    /// Whether it is a page of the target itself.
    pub is_own: bool,
    /// Not cumulated; one more than there are bounds.
    pub counts: Vec<u64>,
    pub sum_seconds: f64,
}

impl Series {
    fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    fn labels(&self) -> String {
        format!("method=\"{}\",path=\"{}\",status=\"{}\"", self.method, self.path, self.status)
    }
}

/// The whole page.
pub fn page(report: &Report) -> String {
    let mut out = String::new();
    // Writing to a String never fails.
    let _ = write_page(&mut out, report);
    out
}

fn write_page(out: &mut String, report: &Report) -> std::fmt::Result {
    let application: Vec<&Series> = report.series.iter().filter(|series| !series.is_own).collect();
    head(out, NODE_REQUESTS, "counter")?;
    for series in &application {
        writeln!(out, "{}{{{}}} {}", NODE_REQUESTS.0, series.labels(), series.count())?;
    }
    head(out, NODE_DURATION, "summary")?;
    for (quantile, seconds) in &report.quantiles {
        // The format's own word for a quantile of nothing.
        let seconds = seconds.unwrap_or(f64::NAN);
        writeln!(out, "{}{{quantile=\"{quantile}\"}} {seconds}", NODE_DURATION.0)?;
    }
    let sum: f64 = application.iter().map(|series| series.sum_seconds).sum();
    let count: u64 = application.iter().map(|series| series.count()).sum();
    writeln!(out, "{0}_sum {sum}\n{0}_count {count}", NODE_DURATION.0)?;
    head(out, DURATION, "histogram")?;
    for series in &report.series {
        let (name, labels) = (DURATION.0, series.labels());
        let mut below = 0;
        for (bound, count) in report.bounds.iter().zip(&series.counts) {
            below += count;
            writeln!(out, "{name}_bucket{{{labels},le=\"{bound}\"}} {below}")?;
        }
        let count = series.count();
        writeln!(out, "{name}_bucket{{{labels},le=\"+Inf\"}} {count}")?;
        writeln!(out, "{name}_sum{{{labels}}} {}\n{name}_count{{{labels}}} {count}", series.sum_seconds)?;
    }
    families(out, &OWN, report)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_the_names_that_dashboards_ask_for() {
        let series = |path, is_own, counts: [u64; 3]| Series {
            method: "GET",
            path,
            status: "200",
            is_own,
            counts: counts.to_vec(),
            sum_seconds: 0.5,
        };
        let report = Report {
            series: vec![series("status", false, [1, 2, 0]), series("metrics", true, [0, 0, 4])],
            bounds: vec![0.005, 0.01],
            quantiles: vec![(0.5, None), (0.99, Some(0.25))],
            cut_off: vec![("idle", 3)],
            ..Report::default()
        };
        let page = page(&report);
        for line in [
            "node_http_requests_total{method=\"GET\",path=\"status\",status=\"200\"} 3",
            "node_http_duration_seconds{quantile=\"0.5\"} NaN",
            "node_http_duration_seconds{quantile=\"0.99\"} 0.25",
            "node_http_duration_seconds_count 3",
            "http_request_duration_seconds_bucket{method=\"GET\",path=\"status\",status=\"200\",le=\"0.01\"} 3",
            "http_request_duration_seconds_bucket{method=\"GET\",path=\"metrics\",status=\"200\",le=\"+Inf\"} 4",
            "http_request_duration_seconds_sum{method=\"GET\",path=\"metrics\",status=\"200\"} 0.5",
            "podometer_target_cut_off_total{reason=\"idle\"} 3",
            "podometer_target_connections 0",
        ] {
            assert!(page.lines().any(|found| found == line), "{line}\n{page}");
        }
        assert!(!page.contains("node_http_requests_total{method=\"GET\",path=\"metrics\""));
    }
}
