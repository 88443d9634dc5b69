//! Every name in every query is one that somebody exports: a metric that is renamed breaks this test.

use std::collections::{BTreeMap, BTreeSet};

use super::known::{labels, measurements, metrics};
use super::made::tables;
use super::promql;
use super::table::{Choices, Table};

/// Its fields are the kernel's own names, whatever they are: the real database shows whether they are there.
const OF_THE_KERNEL: &str = "nstat";

/// Queries of a dashboard by where they stand: source, place and query.
pub(crate) fn queries(table: &Table) -> Vec<(String, String, String)> {
    let variables = table.variables.iter().filter_map(|variable| match &variable.choices {
        Choices::Query(query) => {
            Some((table.source.clone(), format!("variable {}", variable.name), query.clone()))
        }
        Choices::Fixed(_) => None,
    });
    let annotations = table
        .annotations
        .iter()
        .map(|(name, source, query)| (source.clone(), format!("annotation {name}"), query.clone()));
    let asks = table.panels().flat_map(|panel| {
        panel.asks.iter().map(|(_, query)| (panel.source.clone(), panel.title.clone(), query.clone()))
    });
    variables.chain(annotations).chain(asks).collect()
}

#[test]
fn every_metric_of_every_dashboard_is_exported() {
    let known = metrics();
    let mut unknown = Vec::new();
    let mut count = 0;
    for (name, table) in tables() {
        for (_, place, query) in queries(&table).into_iter().filter(|(source, ..)| source == "prometheus") {
            let asked =
                query.strip_prefix("label_values(").map_or(&*query, |rest| rest.rsplit_once(',').unwrap().0);
            for metric in promql::metrics(asked) {
                count += 1;
                if !known.contains_key(&metric) {
                    unknown.push(format!("{name}: {place}: {metric}"));
                }
            }
        }
    }
    eprintln!("{count} names of metrics in the dashboards");
    assert_eq!(unknown, Vec::<String>::new());
    assert!(count > 200, "{count}");
}

/// Labels that Prometheus adds, of histograms and summaries, and the tags of a load test.
const OTHER_LABELS: [&str; 16] = [
    "code_level",
    "instance",
    "job",
    "le",
    "method",
    "name",
    "namespace",
    "outcome",
    "path",
    "pod",
    "quantile",
    "run_id",
    "scenario",
    "status",
    "test_name",
    "type",
];

/// Labels of a query that none of its metrics has.
pub(crate) fn strange(
    query: &str,
    more: Option<String>,
    known: &BTreeMap<String, BTreeSet<String>>,
) -> impl Iterator<Item = String> {
    let metrics = promql::metrics(query);
    let own: BTreeSet<&String> =
        metrics.iter().filter_map(|metric| known.get(metric.trim_end_matches("_bucket"))).flatten().collect();
    let all = promql::labels(query).into_iter().chain(more);
    let strange = all.filter(|label| !OTHER_LABELS.contains(&&**label) && !own.contains(label));
    strange.collect::<Vec<_>>().into_iter()
}

#[test]
fn every_label_of_every_dashboard_is_one_of_its_metrics() {
    let known = labels();
    let mut unknown = Vec::new();
    let mut count = 0;
    for (name, table) in tables() {
        for (_, place, query) in queries(&table).into_iter().filter(|(source, ..)| source == "prometheus") {
            let inner = query
                .strip_prefix("label_values(")
                .map(|rest| rest.trim_end_matches(')').rsplit_once(", ").unwrap());
            let (asked, chosen) =
                inner.map_or((&*query, None), |(asked, label)| (asked, Some(label.to_owned())));
            count += promql::labels(asked).len();
            unknown.extend(strange(asked, chosen, &known).map(|label| format!("{name}: {place}: {label}")));
        }
    }
    eprintln!("{count} labels in the dashboards");
    assert_eq!(unknown, Vec::<String>::new());
    assert!(count > 300, "{count}");
}

#[test]
fn every_field_and_tag_of_every_dashboard_is_written() {
    let known = measurements();
    let mut unknown = Vec::new();
    let mut count = 0;
    for (name, table) in tables() {
        for (_, place, query) in
            queries(&table).into_iter().filter(|(source, ..)| source.starts_with("influx"))
        {
            let query = query.replace("$measurement_name", "jmeter");
            let (measurement, words) = read(&query);
            if measurement == OF_THE_KERNEL {
                continue;
            }
            let Some(names) = known.get(&measurement) else {
                unknown.push(format!("{name}: {place}: measurement {measurement}"));
                continue;
            };
            for word in words {
                count += 1;
                if !names.contains(&word) {
                    unknown.push(format!("{name}: {place}: {measurement}.{word}"));
                }
            }
        }
    }
    eprintln!("{count} names of fields and tags in the dashboards");
    assert_eq!(unknown, Vec::<String>::new());
    assert!(count > 400, "{count}");
}

/// The measurement of an InfluxQL query, and the fields and tags that it names: what it calls its own columns is left
/// out.
fn read(query: &str) -> (String, Vec<String>) {
    let mut own = Vec::new();
    for part in query.split(" AS ").skip(1) {
        own.extend(part.split('"').nth(1).map(str::to_owned));
    }
    own.push("last".to_owned());
    let measurement =
        query.split("FROM \"").nth(1).and_then(|rest| rest.split('"').next()).unwrap().to_owned();
    let quoted = query.split('"').skip(1).step_by(2);
    let words = quoted.filter(|word| *word != measurement && !own.iter().any(|each| each == word));
    let words = words.map(str::to_owned).collect();
    (measurement, words)
}
