//! The kubelet's own figures on the recorded node, from raw counters alone.

use std::collections::BTreeMap;

use podometer::model::field::Field;
use podometer::model::identity::UnitKind;
use podometer::model::kubelet::ResourcePage;
use serde_json::Value;

use crate::page;
use crate::recorded::{MS, Row, Series, open, stamp};

/// A pod's, container's or the node's samples by name, from the millisecond stamps.
fn stamped(pages: &[ResourcePage]) -> BTreeMap<String, BTreeMap<i64, u64>> {
    let mut all: BTreeMap<String, BTreeMap<i64, u64>> = BTreeMap::new();
    for page in pages {
        let pods = page.pods.iter().map(|pod| (pod.pod.to_string(), &pod.sample));
        let containers = page
            .containers
            .iter()
            .map(|container| (format!("{}/{}", container.pod, container.container), &container.sample));
        let node = std::iter::once(("node".to_owned(), &page.node));
        for (name, sample) in pods.chain(containers).chain(node) {
            if let Some(cpu) = sample.cpu_usage_ns {
                all.entry(name).or_default().insert(cpu.at_ms, cpu.value);
            }
        }
    }
    all
}

/// Each stats object of a summary under the same names, with the path of its cgroup.
fn stats<'a>(series: &Series, summary: &'a Value) -> Vec<(String, String, &'a Value)> {
    let mut all = vec![("node".to_owned(), "/".to_owned(), &summary["node"])];
    for pod in summary["pods"].as_array().unwrap() {
        let name = pod["podRef"]["name"].as_str().unwrap();
        let uid = pod["podRef"]["uid"].as_str().unwrap();
        let path = |container: Option<&str>| {
            let mut found = series.identities.iter().filter(|(_, (kind, identity))| {
                let Some(identity) = identity else { return false };
                let named = identity.container.as_ref().map(|container| &*container.name);
                identity.pod.as_ref().is_some_and(|pod| &*pod.uid == uid)
                    && match container {
                        None => matches!(kind, UnitKind::Pod { .. }),
                        Some(name) => named == Some(name),
                    }
            });
            let path = found.next().unwrap_or_else(|| panic!("{name} {container:?}: not found")).0.clone();
            assert!(found.next().is_none(), "{name} {container:?}: found twice");
            path
        };
        all.push((name.to_owned(), path(None), pod));
        for container in pod["containers"].as_array().unwrap() {
            let inner = container["name"].as_str().unwrap();
            all.push((format!("{name}/{inner}"), path(Some(inner)), container));
        }
    }
    all
}

/// usageNanoCores is the rate between the two newest of cAdvisor's samples; memory is that of one instant.
#[test]
fn the_kubelets_own_figures_follow_from_the_raw_counters() {
    let Some(series) = open() else { return };
    let pages: Vec<ResourcePage> =
        series.polls.iter().map(|(at, _, text)| page::parse(text, stamp(*at))).collect();
    let stamped = stamped(&pages);
    let (mut rates, mut within, mut exact, mut moved) = (0, 0, 0, 0);
    let (mut worst, mut names) = (0f64, std::collections::BTreeSet::new());
    let (mut skipped, mut interpolated) = (0, 0f64);
    for (_, summary, _) in &series.polls {
        for (name, path, stats) in stats(&series, summary) {
            names.insert(name.clone());
            let rows: Vec<&Row> =
                series.passes.iter().filter_map(|pass| pass.iter().find(|row| row.path == path)).collect();
            let cumulative = stats["cpu"]["usageCoreNanoSeconds"].as_u64();
            let found = stamped.get(&name).zip(cumulative).and_then(|(samples, cumulative)| {
                let second = seconds(stats["cpu"]["time"].as_str()?);
                let (&to, &value) = samples
                    .iter()
                    .find(|(at, value)| **at / 1000 == second && value.abs_diff(cumulative) < 2_000)?;
                let (&from, &before) = samples.range(..to).next_back()?;
                Some((from, to, before, value))
            });
            let covered = found.filter(|(from, to, ..)| {
                rows[0].at_ns <= from * MS && rows.last().unwrap().at_ns >= to * MS && to - from < 30_000
            });
            if let (Some((from, to, before, value)), Some(theirs)) =
                (covered, stats["cpu"]["usageNanoCores"].as_u64())
            {
                let ours = (value - before) as f64 / (to - from) as f64 * 1000.0;
                // A sample that fell between two polls was never seen, so the pair is another.
                if (ours - theirs as f64).abs() > 50_000.0 && to - from > 20_000 {
                    skipped += 1;
                } else {
                    rates += 1;
                    // The kubelet divides by nanoseconds and tells milliseconds: at the node's 1.5 cores the cut
                    // is more than 0.05m.
                    let cut = if name == "node" { theirs as f64 / (to - from) as f64 } else { 0.0 };
                    within += usize::from((ours - theirs as f64).abs() <= 50_000.0 + cut);
                    if name != "node" {
                        worst = worst.max((ours - theirs as f64).abs());
                    }
                    if (ours - theirs as f64).abs() > 50_000.0 {
                        println!("{name}: {ours:.0} {theirs} over {} ms", to - from);
                    }
                    let raw = |at_ms: i64| usage_at(&rows, at_ms * MS);
                    let by_raw = (raw(to) - raw(from)) / (to - from) as f64 * 1e6;
                    interpolated =
                        interpolated.max((by_raw - theirs as f64).abs() / (theirs as f64).max(1e7));
                }
            }
            for (key, field) in [
                ("workingSetBytes", None),
                ("rssBytes", Some(Field::Anon)),
                ("pageFaults", Some(Field::Pgfault)),
                ("majorPageFaults", Some(Field::Pgmajfault)),
            ] {
                let (Some(theirs), Some(time)) =
                    (stats["memory"][key].as_u64(), stats["memory"]["time"].as_str())
                else {
                    continue;
                };
                let from = seconds(time) * 1000 * MS;
                let around = around(&rows, from, from + 1000 * MS);
                // A file that was written and removed between two readings shows in neither of them; a cgroup
                // that used no CPU did nothing of the kind.
                let used: Vec<u64> =
                    around.iter().filter_map(|row| row.values.get(Field::UsageUsec)).collect();
                let is_idle = used.first() == used.last() || key.ends_with("Faults");
                let ours: Vec<u64> = around
                    .iter()
                    .filter_map(|row| match field {
                        Some(field) => row.values.get(field),
                        None => podometer::model::unit::working_set_bytes(&row.values),
                    })
                    .collect();
                let (Some(&low), Some(&high)) = (ours.iter().min(), ours.iter().max()) else { continue };
                if ours.len() < 2 {
                    continue;
                }
                if low == high && theirs != low && !is_idle {
                    moved += 1;
                } else if low == high {
                    assert_eq!(theirs, low, "{name} {key} stood still at {time}");
                    exact += 1;
                } else {
                    moved += 1;
                    let slack = (high - low) / 2 + 1_048_576;
                    assert!(
                        theirs + slack >= low && theirs <= high + slack,
                        "{name} {key}: {theirs} not in {low}..{high}"
                    );
                }
            }
        }
    }
    println!(
        "{} names; usageNanoCores: {within} of {rates} within 0.05m (worst {:.4}m), {skipped} pairs with a sample \
         that no poll saw; from interpolated raw counters the worst is {:.2} %",
        names.len(),
        worst / 1e6,
        interpolated * 100.0
    );
    println!(
        "memory and faults: {exact} equal to the digit where the kernel's value stood still, {moved} moved"
    );
    assert_eq!(names.len(), 13, "node, 4 pods, 8 containers");
    assert!(rates >= 60 && within == rates, "{within} of {rates}");
    assert!(exact >= 300, "{exact}");
}

fn seconds(text: &str) -> i64 {
    let at = humantime::parse_rfc3339(text).unwrap();
    at.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64
}

fn usage_at(rows: &[&Row], at_ns: i64) -> f64 {
    let next = rows.iter().position(|row| row.at_ns >= at_ns).unwrap().max(1);
    let usage = |row: &Row| row.values.get(Field::UsageUsec).unwrap() as f64;
    let (before, after) = (rows[next - 1], rows[next]);
    let share = (at_ns - before.at_ns) as f64 / (after.at_ns - before.at_ns) as f64;
    usage(before) + (usage(after) - usage(before)) * share
}

/// The readings within a span and the ones just outside.
fn around<'a>(rows: &[&'a Row], from: i64, to: i64) -> Vec<&'a Row> {
    let first = rows.iter().rposition(|row| row.at_ns <= from);
    let last = rows.iter().position(|row| row.at_ns >= to);
    match (first, last) {
        (Some(first), Some(last)) => rows[first..=last].to_vec(),
        _ => Vec::new(),
    }
}
