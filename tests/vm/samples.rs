//! The agent's answer in the text format, as far as this test asks it.

/// One line of the exposition.
struct Sample<'a> {
    name: &'a str,
    labels: &'a str,
    value: f64,
}

/// All lines of one answer.
pub(crate) struct Samples<'a>(Vec<Sample<'a>>);

impl<'a> Samples<'a> {
    pub(crate) fn parse(text: &'a str) -> Samples<'a> {
        let rows = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
        Samples(
            rows.map(|line| parse_line(line).unwrap_or_else(|| panic!("not a sample: {line:?}"))).collect(),
        )
    }

    /// The value of the one row of `name` whose labels mention every one of `marks`. Two rows are a fault.
    pub(crate) fn get(&self, name: &str, marks: &[&str]) -> Option<f64> {
        let mut found = self
            .0
            .iter()
            .filter(|sample| sample.name == name && marks.iter().all(|mark| sample.labels.contains(mark)));
        let first = found.next()?;
        if let Some(second) = found.next() {
            panic!("{name}: two rows for {marks:?}: {} and {}", first.labels, second.labels);
        }
        Some(first.value)
    }
}

/// No label value of this test holds a brace.
fn parse_line(line: &str) -> Option<Sample<'_>> {
    let (name, labels, rest) = if let Some((name, rest)) = line.split_once('{') {
        let (labels, rest) = rest.split_once('}')?;
        (name, labels, rest)
    } else {
        let (name, rest) = line.split_once(' ')?;
        (name, "", rest)
    };
    let value = match rest.split_whitespace().next()? {
        "+Inf" => f64::INFINITY,
        "-Inf" => f64::NEG_INFINITY,
        number => number.parse().ok()?,
    };
    Some(Sample { name, labels, value })
}
