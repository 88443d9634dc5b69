//! One resource of one pod: ours and kubectl's, both as kubectl prints them, by how much they differ, and why.

use crate::encode::document::{DriftRow, UsageRow};

/// What is compared. Both are whole numbers of what kubectl prints: millicores and mebibytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Resource {
    Cpu,
    Memory,
}

impl Resource {
    /// As in the agent's document.
    pub(super) fn name(self) -> &'static str {
        match self {
            Resource::Cpu => "cpu",
            Resource::Memory => "memory",
        }
    }

    pub(super) fn write(self, value: Option<u64>) -> String {
        let unit = if self == Resource::Cpu { "m" } else { "Mi" };
        value.map_or_else(|| "-".to_owned(), |value| format!("{value}{unit}"))
    }

    /// CPU rounds up and memory down, as in kubectl's own table.
    fn of(self, usage: &UsageRow) -> Option<u64> {
        match self {
            // As in `cells::cores`: what binary fractions miss by a hair is made up for.
            Resource::Cpu => usage.cpu_cores.map(|cores| ((cores * 1e9 + 1e-3) as u64).div_ceil(1_000_000)),
            Resource::Memory => usage.memory_bytes.map(|bytes| bytes >> 20),
        }
    }
}

/// Two values and what the agent says of their difference.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pair {
    pub(super) resource: Resource,
    pub(super) ours: Option<u64>,
    pub(super) theirs: Option<u64>,
    /// Absent where the two agree.
    pub(super) cause: Option<String>,
    /// One sentence. Empty where there is nothing to say.
    pub(super) detail: String,
    /// kubectl has a value of a pod that the agent knows, and the agent has none.
    is_lacking: bool,
}

/// What a pair says of the agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    /// kubectl has no value, or the agent does not know the pod.
    NotCompared,
    Within,
    /// Further apart than the bound, or the agent has no value where kubectl has one.
    Off,
}

impl Pair {
    /// `row` is the agent's, `theirs` kubectl's.
    pub(super) fn of(resource: Resource, row: Option<&DriftRow>, theirs: Option<u64>) -> Pair {
        let ours = row.and_then(|row| resource.of(row.top.as_ref()?));
        let is_lacking = row.is_some() && ours.is_none() && theirs.is_some();
        let (cause, detail) = match (ours, theirs) {
            (None, Some(_)) if is_lacking => missing("the agent has no value of its own for this pod"),
            (Some(ours), Some(theirs)) if ours == theirs => (None, String::new()),
            (Some(ours), Some(theirs)) if ours.abs_diff(theirs) == 1 => {
                (Some("rounding".to_owned()), String::new())
            }
            _ => row.map_or_else(|| missing("the agent has no such pod"), |row| why(resource, row, theirs)),
        };
        Pair { resource, ours, theirs, cause, detail, is_lacking }
    }

    /// Ours over theirs minus one.
    pub(super) fn ratio(&self) -> Option<f64> {
        let theirs = self.theirs.filter(|&theirs| theirs > 0)? as f64;
        Some(self.ours? as f64 / theirs - 1.0)
    }

    /// One unit of what is printed is always within: neither side can tell less. `bound` is a share.
    pub(super) fn verdict(&self, bound: f64) -> Verdict {
        let (Some(ours), Some(theirs)) = (self.ours, self.theirs) else {
            return if self.is_lacking { Verdict::Off } else { Verdict::NotCompared };
        };
        let apart = ours.abs_diff(theirs);
        // A billionth of a unit makes up for shares that binary fractions miss by a hair.
        let is_within = apart <= 1 || apart as f64 <= bound * theirs as f64 + 1e-9;
        if is_within { Verdict::Within } else { Verdict::Off }
    }
}

fn missing(detail: &str) -> (Option<String>, String) {
    (Some("missing".to_owned()), detail.to_owned())
}

/// The agent's own word, where kubectl printed what the agent compared with. Else metrics-server answered the two
/// of different windows.
fn why(resource: Resource, row: &DriftRow, theirs: Option<u64>) -> (Option<String>, String) {
    let told = row
        .differences
        .iter()
        .find(|each| each.view == "top" && each.against == "metrics_api" && each.resource == resource.name());
    let told = told.and_then(|each| Some((each.cause.clone()?, each.detail.clone())));
    let seen = row.metrics_api.as_ref().and_then(|usage| resource.of(usage));
    match (theirs, seen) {
        (None, _) => told.map_or_else(|| missing("kubectl printed no such pod"), |(c, d)| (Some(c), d)),
        (Some(theirs), Some(seen)) if theirs.abs_diff(seen) <= 1 => {
            told.map_or((None, String::new()), |(cause, detail)| (Some(cause), detail))
        }
        (Some(_), Some(seen)) => {
            let at = row.metrics_api.as_ref().map_or("", |usage| usage.at.as_str());
            let seen = resource.write(Some(seen));
            let detail = format!(
                "kubectl was answered of another window than the agent, which has {seen} of {at}: ask both again"
            );
            (Some("window".to_owned()), detail)
        }
        (Some(_), None) => told.map_or_else(
            || {
                let detail = format!("the agent has nothing of metrics-server; ours is of {}", row.top_of);
                (Some("window".to_owned()), detail)
            },
            |(cause, detail)| (Some(cause), detail),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::document::DifferenceRow;

    fn usage(cores: f64, mebibytes: u64) -> UsageRow {
        UsageRow {
            cpu_cores: Some(cores),
            memory_bytes: Some(mebibytes << 20),
            at: "2026-01-02T03:04:05.000Z".to_owned(),
            ..UsageRow::default()
        }
    }

    fn row(ours: f64, api: Option<f64>, cause: Option<&str>) -> DriftRow {
        let difference = DifferenceRow {
            view: "top".to_owned(),
            against: "metrics_api".to_owned(),
            resource: "cpu".to_owned(),
            cause: cause.map(str::to_owned),
            detail: "seen".to_owned(),
            ..DifferenceRow::default()
        };
        DriftRow {
            top: Some(usage(ours, 10)),
            top_of: "metrics_api".to_owned(),
            metrics_api: api.map(|api| usage(api, 10)),
            differences: vec![difference],
            ..DriftRow::default()
        }
    }

    /// Cause and verdict at ten per cent.
    fn cpu(row: Option<&DriftRow>, theirs: Option<u64>) -> (Option<String>, Verdict) {
        let pair = Pair::of(Resource::Cpu, row, theirs);
        (pair.cause.clone(), pair.verdict(0.1))
    }

    #[test]
    fn causes_and_verdicts() {
        let word = |word: &str| Some(word.to_owned());
        for (ours, api, told, theirs, wanted) in [
            (0.100, Some(0.1), None, Some(100), (None, Verdict::Within)),
            (0.001, Some(0.002), None, Some(2), (word("rounding"), Verdict::Within)),
            (0.110, Some(0.1), Some("window"), Some(100), (word("window"), Verdict::Within)),
            (0.111, Some(0.1), Some("unexplained"), Some(100), (word("unexplained"), Verdict::Off)),
            (0.089, Some(0.1), Some("restart"), Some(100), (word("restart"), Verdict::Off)),
            (0.100, Some(0.1), None, Some(200), (word("window"), Verdict::Off)),
            (0.100, None, None, Some(200), (word("window"), Verdict::Off)),
            (0.100, None, Some("stale"), Some(200), (word("stale"), Verdict::Off)),
            (0.100, None, None, None, (word("missing"), Verdict::NotCompared)),
        ] {
            let row = row(ours, api, told);
            assert_eq!(cpu(Some(&row), theirs), wanted, "{ours} {api:?} {told:?} {theirs:?}");
        }
        assert_eq!(cpu(None, Some(5)), (word("missing"), Verdict::NotCompared));
        let unmeasured = DriftRow { top: None, ..row(0.1, Some(0.1), None) };
        assert_eq!(cpu(Some(&unmeasured), Some(100)), (word("missing"), Verdict::Off));
    }

    #[test]
    fn nothing_is_no_share_of_nothing() {
        let row = row(0.5, Some(0.0), None);
        let pair = Pair::of(Resource::Cpu, Some(&row), Some(0));
        assert_eq!((pair.ratio(), pair.verdict(0.1)), (None, Verdict::Off));
    }
}
