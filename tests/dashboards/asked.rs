//! Every query of every dashboard, asked of real servers: none may come back empty.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::{Duration, Instant};

use super::ask::{Answer, asked};
use super::known::{Owner, metrics};
use super::made::tables;
use super::promql;
use super::record::record;
use super::tell;
use super::world::{Node, World};

/// Within this all have been scraped, written and pushed, on a machine that does other things as well.
const PATIENCE: Duration = Duration::from_mins(3);

/// What a kernel without a feature has nothing to tell of: the file that is then missing, of the machine or of the
/// pods' cgroups, and whose queries.
const FEATURES: [(&str, &str); 4] = [
    ("/proc/sys/net/netfilter", "\"conntrack\""),
    ("/proc/net/snmp6", "Ip6"),
    ("/proc/pressure/cpu", "(node_pressure_"),
    ("kubepods.slice/cpu.pressure", "(pod_pressure_"),
];

/// A dashboard's panel, and what its largest number must lie between.
pub(crate) type Bound = (&'static str, &'static str, f64, f64);

/// Where a wrong unit would show: panels whose largest number lies within these bounds in this world, in which a
/// container uses some hundredths of a core and a few megabytes. A factor of 1000 does not. A machine that stands still
/// makes up for it: throughput has room above.
const WITHIN: &[Bound] = &[
    ("kubernetes-pods", "CPU - Millicores", 1.0, 999.0),
    ("social-network-nautilus", "CPU Usage (millicores)", 1.0, 999.0),
    ("social-network-nautilus", "Memory Usage (MiB)", 1.0, 999.0),
    ("social-network-complete", "CPU Over Time", 0.001, 0.999),
    ("social-network-complete", "Memory Over Time", 1e6, 999e6),
    ("social-network-complete", "System Load Indicator", 0.0001, 1.0),
    ("crocodile-metrics", "Response Time - 0.99", 0.05, 2_000.0),
    ("crocodile-metrics", "Requests per Second", 4.0, 4_000.0),
    ("jmeter", "Total Throughput", 4.0, 4_000.0),
    ("jmeter", "Error Rate %", 0.02, 0.6),
    ("continuous-load", "Success Rate", 0.4, 0.98),
    ("continuous-load", "Latency P99", 0.0001, 5.0),
    ("k6-load-testing", "p95", 0.1, 5_000.0),
    ("podometer-pods", "Throttled share of periods", 0.05, 1.0),
    ("podometer-pods", "CPU, last second", 0.0, 0.999),
    ("podometer-node", "CPU in use", 0.0, 1.0),
    ("podometer-node", "Memory in use", 0.001, 1.0),
    ("podometer-load", "Failed", 0.02, 0.6),
    ("telegraf-system", "CPU usage", 0.0, 100.0),
    ("telegraf-system", "RAM usage", 0.1, 100.0),
    ("jvm-jolokia", "Heap", 1e6, 999e6),
];

#[test]
fn no_query_of_any_dashboard_is_empty() {
    let Some(mut world) = World::start(Node::Recorded) else { return };
    answer_all(&mut world, &[], PATIENCE);
    if let Some(file) = std::env::var_os("PODOMETER_RECORD_ANSWERS") {
        std::fs::write(file, record(&mut world, &tables())).unwrap();
    }
}

/// Asks each dashboard until all of it is answered and its numbers are within bounds, and prints what came of it.
pub(crate) fn answer_all(world: &mut World, more: &[Bound], patience: Duration) {
    let begun = Instant::now();
    let tables = tables();
    for (of, ..) in WITHIN.iter().chain(more) {
        assert!(tables.iter().any(|(name, _)| name == of), "bounds of {of}, which is no dashboard");
    }
    let (mut answers, mut last) = (Vec::<(&str, Vec<Answer>)>::new(), String::new());
    loop {
        world.turn();
        // What is whole is not asked again: who asks takes the processor from who answers.
        answers.retain(|(name, of)| is_whole(world, name, of, more));
        for (name, table) in &tables {
            if answers.iter().all(|(done, _)| done != name) {
                answers.push((name, asked(world, name, table)));
            }
        }
        let of_dashboards = answers.iter().filter(|(name, of)| !is_whole(world, name, of, more));
        let incomplete = of_dashboards.map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        if incomplete.is_empty() || begun.elapsed() > patience {
            break;
        }
        if incomplete != last {
            tell(&format!("after {:.0} s not whole: {incomplete}", begun.elapsed().as_secs_f64()));
            last = incomplete;
        }
        // The servers read and are written to once in some seconds.
        std::thread::park_timeout(Duration::from_millis(500));
    }
    answers.sort_by_key(|(name, _)| *name);
    let mut bounds = "the largest number of a panel, and its bounds\n".to_owned();
    let (mut empty, mut is_within) = (Vec::new(), true);
    for (name, of) in &answers {
        tell(&shown(world, name, of));
        empty.extend(
            unanswered(world, of).map(|answer| format!("{name}: {}: {}", answer.place, answer.query)),
        );
        for (row, is_right) in compared(name, of, more) {
            _ = writeln!(bounds, "{row}{}", if is_right { "" } else { "  WRONG" });
            is_within &= is_right;
        }
    }
    tell(&by_owner(&answers));
    tell(&bounds);
    assert!(empty.is_empty(), "EMPTY: {empty:#?}");
    assert!(is_within, "numbers out of bounds: see WRONG above");
}

/// A second in which nothing was turned shows no CPU: it is asked again, as what is not there yet.
fn is_whole(world: &World, name: &str, answers: &[Answer], more: &[Bound]) -> bool {
    unanswered(world, answers).next().is_none()
        && compared(name, answers, more).iter().all(|(_, is_right)| *is_right)
}

/// Those without a number, though this kernel could tell one.
fn unanswered<'a>(world: &World, answers: &'a [Answer]) -> impl Iterator<Item = &'a Answer> {
    answers.iter().filter(|answer| answer.numbers == 0 && lacking(world, &answer.query).is_none())
}

/// What each bound's panel of a dashboard showed, and whether it lies within.
fn compared(name: &str, answers: &[Answer], more: &[Bound]) -> Vec<(String, bool)> {
    let mut rows = Vec::new();
    for (_, place, low, high) in WITHIN.iter().chain(more).filter(|(of, ..)| *of == name) {
        let largest = answers.iter().filter(|answer| answer.place == *place).map(|answer| answer.largest);
        let largest = largest.reduce(f64::max).unwrap_or(f64::NAN);
        let is_within = (*low..=*high).contains(&largest);
        rows.push((format!("  {name:<25} {place:<28} {largest:>16.4} of {low} to {high}"), is_within));
    }
    rows
}

fn lacking(world: &World, query: &str) -> Option<&'static str> {
    // An absolute path takes the place of the root that it is joined to.
    let is_missing = |path: &str| !world.cgroups.root().join(path).exists();
    let feature = FEATURES.iter().find(|(path, part)| query.contains(part) && is_missing(path));
    feature.map(|(path, _)| *path)
}

/// One line for each panel.
fn shown(world: &World, name: &str, answers: &[Answer]) -> String {
    let full = answers.iter().filter(|answer| answer.numbers > 0).count();
    let mut out = format!("{name}: {full} of {} queries answered\n", answers.len());
    let mut at = 0;
    while at < answers.len() {
        let place = &answers[at].place;
        let of = answers[at..].iter().take_while(|answer| answer.place == *place).count();
        let these = &answers[at..at + of];
        let full = these.iter().filter(|answer| answer.numbers > 0).count();
        let series: usize = these.iter().map(|answer| answer.series).sum();
        let missing = these.iter().find(|answer| answer.numbers == 0);
        let state = match missing.map(|answer| lacking(world, &answer.query)) {
            None => "answered".to_owned(),
            Some(Some(path)) => format!("this kernel has no {path}"),
            Some(None) => "EMPTY".to_owned(),
        };
        _ = writeln!(out, "  {place:<42} {full:>2} of {of:>2} queries, {series:>4} series  {state}");
        at += of;
    }
    out
}

/// Which panels stand on names that are not ours.
fn by_owner(answers: &[(&str, Vec<Answer>)]) -> String {
    let known = metrics();
    let mut of: BTreeMap<(Owner, String), Vec<String>> = BTreeMap::new();
    for (name, answers) in answers {
        for answer in answers
            .iter()
            .filter(|answer| !answer.query.starts_with("SELECT") && !answer.query.starts_with("SHOW"))
        {
            for metric in promql::metrics(&answer.query) {
                let Some(&owner) = known.get(&metric) else { continue };
                if !matches!(owner, Owner::Agent | Owner::Load | Owner::Target) {
                    of.entry((owner, metric)).or_default().push(format!("{name}/{}", answer.place));
                }
            }
        }
    }
    let mut out =
        "what stands on others' names (kube-state-metrics' are the agent's own option here)\n".to_owned();
    for ((owner, metric), mut places) in of {
        places.dedup();
        _ = writeln!(out, "  {metric} ({owner:?}): {}", places.join(", "));
    }
    out
}
