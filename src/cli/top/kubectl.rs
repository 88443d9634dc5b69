//! kubectl's tables: its columns, order, rounding and words.
//!
//! Source: kubectl `metricsutil/metrics_printer.go`, `metrics_resource_sorter.go`, `cmd/top/top_pod.go`.

use super::choice::Choice;
use super::{cells, tabs};
use crate::cli::arguments::{Sort, View};
use crate::cli::output::harmless;
use crate::encode::document::{AmountsRow, DifferenceRow, PodRow, PodsDocument, Row};

/// kubectl's word for what it does not know.
const UNKNOWN: &str = "<unknown>";

/// Why a table has no line.
pub(super) enum Nothing {
    /// An error to end with.
    Error(String),
    /// kubectl's own word, for standard error.
    Word(String),
}

/// A pod or container with both of its numbers.
struct Line<'a> {
    namespace: &'a str,
    /// The pod's name, then the container's.
    names: Vec<&'a str>,
    nanocores: u64,
    bytes: u64,
    row: &'a Row,
    /// The pod, on a pod's own line.
    pod: Option<&'a PodRow>,
}

/// Empty where kubectl would print nothing.
pub(super) fn lines(document: &PodsDocument, choice: &Choice) -> Vec<String> {
    let rows = match choice.view {
        Some(View::Nodes) => node(document, choice),
        _ => pods(document, choice),
    };
    tabs::lines(&rows)
}

/// What kubectl says where there is no line; `None` for other tables.
pub(super) fn nothing(document: &PodsDocument, choice: &Choice) -> Option<Nothing> {
    if !choice.is_kubectls() {
        return None;
    }
    let not_yet = || Some(Nothing::Error("metrics not available yet".to_owned()));
    if choice.view == Some(View::Nodes) || document.pods.iter().any(|pod| is_wanted(&pod.row, choice)) {
        return not_yet();
    }
    Some(match (&choice.name, &choice.namespace) {
        (Some(name), _) => Nothing::Error(format!("podmetrics.metrics.k8s.io \"{name}\" not found")),
        (None, None) => Nothing::Word("No resources found".to_owned()),
        (None, Some(namespace)) => Nothing::Word(format!("No resources found in {namespace} namespace.")),
    })
}

/// How to mend what stands as unknown in the table.
pub(super) fn hint(document: &PodsDocument, choice: &Choice) -> Option<&'static str> {
    let asks_share = choice.is_kubectls() && choice.view == Some(View::Nodes) && !choice.show_capacity;
    (asks_share && document.allocatable.is_none()).then_some(
        "what pods may use of the node is not known: give the agent the right to get nodes, or try \
         --show-capacity",
    )
}

fn is_wanted(row: &Row, choice: &Choice) -> bool {
    let is = |wanted: &Option<String>, has: &Option<String>| wanted.is_none() || wanted == has;
    row.pod.is_some() && is(&choice.namespace, &row.namespace) && is(&choice.name, &row.pod)
}

fn pods(document: &PodsDocument, choice: &Choice) -> Vec<Vec<String>> {
    let with_namespace = choice.namespace.is_none();
    let mut pods: Vec<Line<'_>> =
        document.pods.iter().filter(|pod| is_wanted(&pod.row, choice)).filter_map(Line::of_pod).collect();
    if pods.is_empty() {
        return Vec::new();
    }
    pods.sort_by_key(|line| (if with_namespace { line.namespace } else { "" }, line.names[0]));
    sort(&mut pods, choice.sort);
    let mut rows = Vec::new();
    // kubectl counts the columns while it prints their names: without names its sum stands further left.
    let mut columns = 3;
    if !choice.no_headers {
        let mut head = Vec::new();
        head.extend(with_namespace.then_some("NAMESPACE"));
        head.extend(choice.containers.then_some("POD"));
        head.extend(["NAME", "CPU(cores)", "MEMORY(bytes)"]);
        columns = head.len();
        let mut head: Vec<String> = head.into_iter().map(str::to_owned).collect();
        if choice.wide {
            head.extend(wide_head(document));
        }
        rows.push(head);
    }
    for pod in &pods {
        if choice.containers {
            let mut containers = pod.containers();
            containers.sort_by_key(|line| line.names[1]);
            sort(&mut containers, choice.sort);
            rows.extend(containers.iter().map(|line| line.cells(with_namespace, choice.wide)));
        } else {
            rows.push(pod.cells(with_namespace, choice.wide));
        }
    }
    if choice.sum {
        let blank = |count: usize| vec![String::new(); count];
        let mut rule = blank(columns - 2);
        rule.extend(["________".to_owned(), "________".to_owned()]);
        let mut sum = blank(columns - 2);
        sum.push(cores(pods.iter().map(|line| line.nanocores).sum()));
        sum.push(mebibytes(pods.iter().map(|line| line.bytes).sum()));
        rows.extend([rule, sum]);
    }
    rows
}

impl<'a> Line<'a> {
    /// As metrics-server, leaves out a pod without both numbers.
    fn of_pod(pod: &'a PodRow) -> Option<Line<'a>> {
        let row = &pod.row;
        Line::new(row, row.namespace.as_deref()?, vec![row.pod.as_deref()?], Some(pod))
    }

    fn new(
        row: &'a Row,
        namespace: &'a str,
        names: Vec<&'a str>,
        pod: Option<&'a PodRow>,
    ) -> Option<Line<'a>> {
        let top = row.top.as_ref()?;
        Some(Line { namespace, names, nanocores: top.nanocores()?, bytes: top.memory_bytes?, row, pod })
    }

    fn containers(&self) -> Vec<Line<'a>> {
        let rows = self.pod.map(|pod| pod.containers.as_slice()).unwrap_or_default();
        let line = |row: &'a Row| {
            let name = row.container.as_deref().or(row.container_id.as_deref())?;
            Line::new(row, self.namespace, vec![self.names[0], name], None)
        };
        rows.iter().filter_map(line).collect()
    }

    fn cells(&self, with_namespace: bool, wide: bool) -> Vec<String> {
        let mut cells = Vec::new();
        cells.extend(with_namespace.then(|| harmless(self.namespace)));
        cells.extend(self.names.iter().map(|name| harmless(name)));
        cells.extend([cores(self.nanocores), mebibytes(self.bytes)]);
        if wide {
            cells.extend(wide_cells(self.row, self.pod.map(|pod| pod.differences.as_slice())));
        }
        cells
    }
}

/// Largest first; equal ones stay in the order of their names. CPU is compared as it is printed.
fn sort(lines: &mut [Line<'_>], by: Option<Sort>) {
    match by {
        Some(Sort::Cpu) => lines.sort_by_key(|line| std::cmp::Reverse(line.nanocores.div_ceil(1_000_000))),
        Some(Sort::Memory) => lines.sort_by_key(|line| std::cmp::Reverse(line.bytes)),
        Some(Sort::Peak | Sort::Name) | None => {}
    }
}

fn node(document: &PodsDocument, choice: &Choice) -> Vec<Vec<String>> {
    let Some((root, top)) = document.root.as_ref().and_then(|root| Some((root, root.top.as_ref()?))) else {
        return Vec::new();
    };
    let (Some(nanocores), Some(bytes)) = (top.nanocores(), top.memory_bytes) else { return Vec::new() };
    let base = if choice.show_capacity { &document.capacity } else { &document.allocatable };
    let share = |used: u64, all: fn(&AmountsRow) -> Option<u64>| match base.as_ref().and_then(all) {
        None => UNKNOWN.to_owned(),
        Some(0) => "0%".to_owned(),
        Some(all) => format!("{}%", (used as f64 / all as f64 * 100.0) as u64),
    };
    let mut rows = Vec::new();
    if !choice.no_headers {
        let head = ["NAME", "CPU(cores)", "CPU(%)", "MEMORY(bytes)", "MEMORY(%)"];
        let mut head: Vec<String> = head.map(str::to_owned).to_vec();
        if choice.wide {
            head.extend(wide_head(document));
        }
        rows.push(head);
    }
    let mut cells = vec![
        harmless(&document.node),
        cores(nanocores),
        share(nanocores.div_ceil(1_000_000), |base| base.cpu_millicores),
        mebibytes(bytes),
        share(bytes, |base| base.memory_bytes),
    ];
    if choice.wide {
        cells.extend(wide_cells(root, Some(&document.root_differences)));
    }
    rows.push(cells);
    rows
}

fn wide_head(document: &PodsDocument) -> Vec<String> {
    let window =
        document.windows_seconds.first().map_or_else(|| "-".to_owned(), |&window| cells::span(window));
    let mut head = vec!["LIVE(cores)".to_owned(), format!("PEAK({window})")];
    head.extend([format!("CGROUP({window})"), "CGROUP(bytes)".to_owned()]);
    head.extend(["WINDOW-OF", "CPU-DIFF", "MEMORY-DIFF", "CAUSE"].map(str::to_owned));
    head
}

/// The last second and its peak, the row's own cgroup, and how `top` differs from the source that has its window.
/// Containers are not compared one by one: `None`.
fn wide_cells(row: &Row, differences: Option<&[DifferenceRow]>) -> Vec<String> {
    let window = row.cpu.windows.first();
    let mut cells = vec![
        cells::cores(row.cpu.live_cores),
        cells::cores(window.map(|window| window.max_cores)),
        cells::cores(window.map(|window| window.mean_cores)),
        cells::mebibytes(row.memory.working_set_bytes),
    ];
    let of = row.top.as_ref().map_or("-", |top| &*top.of);
    cells.push(of.to_owned());
    let all = differences.unwrap_or_default();
    let against: Vec<_> = all.iter().filter(|each| each.against == of).collect();
    let share = |resource: &str| {
        let found = against.iter().find(|each| each.resource == resource);
        found.map_or_else(|| "-".to_owned(), |found| cells::change(found.ratio))
    };
    cells.extend([share("cpu"), share("memory")]);
    let mut causes: Vec<String> = against.iter().filter_map(|each| each.cause.clone()).collect();
    causes.dedup();
    cells.push(match (causes.is_empty(), differences, of) {
        (false, _, _) => causes.join(","),
        // Nothing to compare with.
        (true, None, _) | (true, _, "-" | "cgroup") => "-".to_owned(),
        (true, Some(_), _) => "agrees".to_owned(),
    });
    cells
}

/// `MilliValue()`: rounded up.
fn cores(nanocores: u64) -> String {
    format!("{}m", nanocores.div_ceil(1_000_000))
}

fn mebibytes(bytes: u64) -> String {
    format!("{}Mi", bytes >> 20)
}
