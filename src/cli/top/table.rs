//! The live tables: the last second and peaks.

use std::cmp::Ordering;

use super::cells;
use super::choice::Choice;
use crate::cli::arguments::{Sort, View};
use crate::cli::output::{aligned, harmless};
use crate::encode::document::{PodsDocument, Row};

struct Line<'a> {
    labels: Vec<String>,
    row: &'a Row,
}

/// The head and one line a row; nothing when there is no row.
pub(super) fn lines(document: &PodsDocument, choice: &Choice) -> Vec<String> {
    let view = view_of(document, choice);
    let mut rows = select(document, view, choice.namespace.as_deref());
    rows.sort_by(|a, b| order(a, b, choice.sort.unwrap_or_default()));
    if rows.is_empty() {
        return Vec::new();
    }
    let mut table = Vec::new();
    if !choice.no_headers {
        table.push(head(document, view, choice.wide));
    }
    table.extend(rows.iter().map(|line| cells_of(line, choice.wide)));
    aligned(&table)
}

/// Pods where there are any or where some are asked for, else units.
pub(super) fn view_of(document: &PodsDocument, choice: &Choice) -> View {
    let fallback =
        if document.pods.is_empty() && choice.namespace.is_none() { View::Units } else { View::Pods };
    choice.view.unwrap_or(fallback)
}

fn head(document: &PodsDocument, view: View, wide: bool) -> Vec<String> {
    let window =
        document.windows_seconds.first().map_or_else(|| "-".to_owned(), |&window| cells::span(window));
    let labels: &[&str] = match view {
        View::Units => &["NAME", "KIND"],
        View::Pods => &["NAMESPACE", "NAME"],
        View::Containers => &["NAMESPACE", "POD", "NAME"],
        View::Nodes => &["NAME"],
    };
    let mut head: Vec<String> = labels.iter().map(ToString::to_string).collect();
    head.extend(["CPU(cores)", "MEMORY(bytes)"].map(str::to_owned));
    head.push(format!("PEAK({window})"));
    head.extend(["THROTTLED%", "PSI(cpu/mem/io)"].map(str::to_owned));
    if wide {
        head.extend([format!("P95({window})"), format!("MEMPEAK({window})")]);
        head.extend(["QUOTA", "LIMIT", "PIDS", "OOM", "AGE"].map(str::to_owned));
    }
    head
}

fn cells_of(line: &Line<'_>, wide: bool) -> Vec<String> {
    let row = line.row;
    let window = row.cpu.windows.first();
    let mut cells: Vec<String> = line.labels.iter().map(|label| harmless(label)).collect();
    cells.extend([
        cells::cores(row.cpu.live_cores),
        cells::mebibytes(row.memory.working_set_bytes),
        cells::cores(window.map(|window| window.max_cores)),
        cells::percent(row.cpu.throttled_percent),
        cells::psi(&row.psi),
    ]);
    if wide {
        cells.extend([
            cells::cores(window.map(|window| window.p95_cores)),
            cells::mebibytes(row.memory.windows.first().map(|window| window.max_bytes)),
            cells::limit(row.cpu.quota_cores, cells::cores),
            cells::limit(row.memory.max_bytes, cells::mebibytes),
            cells::count(row.pids),
            cells::count(row.oom_kills),
            cells::age(row.age_seconds),
        ]);
    }
    cells
}

fn select<'a>(document: &'a PodsDocument, view: View, namespace: Option<&str>) -> Vec<Line<'a>> {
    let wanted = |row: &Row| namespace.is_none_or(|namespace| row.namespace.as_deref() == Some(namespace));
    match view {
        // The root is the machine itself: on a host without units of its own it is all there is.
        View::Units => document
            .root
            .iter()
            .chain(&document.units)
            .map(|row| Line { labels: vec![row.path.clone(), row.kind.clone()], row })
            .collect(),
        View::Pods => document
            .pods
            .iter()
            .filter(|pod| wanted(&pod.row))
            .map(|pod| Line { labels: vec![namespace_of(&pod.row), pod_name(&pod.row)], row: &pod.row })
            .collect(),
        View::Containers => document
            .pods
            .iter()
            .filter(|pod| wanted(&pod.row))
            .flat_map(|pod| {
                let labels = [namespace_of(&pod.row), pod_name(&pod.row)];
                pod.containers.iter().map(move |row| {
                    let mut labels = labels.to_vec();
                    labels.push(container_name(row));
                    Line { labels, row }
                })
            })
            .collect(),
        View::Nodes => {
            document.root.iter().map(|row| Line { labels: vec![document.node.clone()], row }).collect()
        }
    }
}

fn namespace_of(row: &Row) -> String {
    row.namespace.clone().unwrap_or_else(|| "-".to_owned())
}

/// The pod's name; its UID until that is known.
fn pod_name(row: &Row) -> String {
    row.pod.clone().or_else(|| row.uid.clone()).unwrap_or_else(|| row.path.clone())
}

/// The container's name; the short form of its ID until that is known.
fn container_name(row: &Row) -> String {
    let short = || row.container_id.as_ref().map(|id| id.chars().take(12).collect());
    row.container.clone().or_else(short).unwrap_or_else(|| row.path.clone())
}

/// Largest first, unknown last; names in alphabetical order.
fn order(a: &Line<'_>, b: &Line<'_>, sort: Sort) -> Ordering {
    let peak = |line: &Line<'_>| line.row.cpu.windows.first().map(|window| window.max_cores);
    let by_value = match sort {
        Sort::Name => Ordering::Equal,
        Sort::Cpu => descending(a.row.cpu.live_cores, b.row.cpu.live_cores),
        Sort::Memory => b.row.memory.working_set_bytes.cmp(&a.row.memory.working_set_bytes),
        Sort::Peak => descending(peak(a), peak(b)),
    };
    by_value.then_with(|| a.labels.cmp(&b.labels))
}

fn descending(a: Option<f64>, b: Option<f64>) -> Ordering {
    // No measured value is below zero, so -1 puts the unknown last.
    b.unwrap_or(-1.0).total_cmp(&a.unwrap_or(-1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::document::PodRow;

    fn choice(sort: Sort) -> Choice {
        Choice { sort: Some(sort), ..Choice::default() }
    }

    fn pod(namespace: &str, name: &str, cores: Option<f64>, bytes: Option<u64>) -> PodRow {
        let mut row = Row { namespace: Some(namespace.into()), pod: Some(name.into()), ..Row::default() };
        row.cpu.live_cores = cores;
        row.memory.working_set_bytes = bytes;
        PodRow { row, ..PodRow::default() }
    }

    fn names(document: &PodsDocument, choice: &Choice) -> Vec<String> {
        let name = |line: &String| line.split_whitespace().nth(1).unwrap().to_owned();
        lines(document, choice).iter().skip(1).map(name).collect()
    }

    #[test]
    fn rows_sort_by_value_with_the_unknown_last() {
        let pods = vec![
            pod("b", "x", Some(0.1), None),
            pod("a", "z", None, Some(5)),
            pod("a", "y", Some(0.2), Some(9)),
            pod("c", "w", Some(0.0), Some(0)),
        ];
        let document = PodsDocument { pods, ..PodsDocument::default() };
        assert_eq!(names(&document, &choice(Sort::Name)), ["y", "z", "x", "w"]);
        assert_eq!(names(&document, &choice(Sort::Cpu)), ["y", "x", "w", "z"]);
        assert_eq!(names(&document, &choice(Sort::Memory)), ["y", "z", "w", "x"]);
        let one = Choice { namespace: Some("b".into()), ..choice(Sort::Name) };
        assert_eq!(names(&document, &one), ["x"]);
    }

    #[test]
    fn what_has_no_name_yet_goes_by_its_id() {
        let mut unnamed =
            PodRow { row: Row { uid: Some("u-1".into()), ..Row::default() }, ..PodRow::default() };
        let id = "0123456789abcdef".to_owned();
        unnamed.containers.push(Row { container_id: Some(id), ..Row::default() });
        let document = PodsDocument { pods: vec![unnamed], ..PodsDocument::default() };
        let containers = Choice { view: Some(View::Containers), ..choice(Sort::Name) };
        let line = &lines(&document, &containers)[1];
        let cells: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(
            cells,
            ["-", "u-1", "0123456789ab", "-", "-", "-", "-", "-"],
            "unknown is a dash, never 0"
        );
    }

    #[test]
    fn without_rows_there_is_no_head() {
        assert!(lines(&PodsDocument::default(), &choice(Sort::Name)).is_empty());
    }
}
