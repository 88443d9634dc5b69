//! The complete labels of a series: what many series share is sorted once, and what a row adds is placed between.
//!
//! Every part is a run of encoded `label` fields: [`Syntax::Protobuf`] of the pages, and field 1 of
//! `prometheus.TimeSeries`. So version 1 copies what the label cache holds.

use std::cmp::Ordering;
use std::ops::Range;

use crate::encode::prometheus::Syntax;

/// One label and its encoded form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Label<'a> {
    pub(super) name: &'a [u8],
    pub(super) value: &'a [u8],
    pub(super) field: &'a [u8],
}

/// The labels of a unit and those of every series, sorted; a label without a value is none to Prometheus and may not be
/// sent.
#[derive(Debug)]
pub(super) struct Set {
    fields: Vec<u8>,
    /// Where each label begins in `fields`, and where the last one ends.
    starts: Vec<usize>,
}

/// A label of a row, and the place in the set before which it goes.
#[derive(Clone, Copy, Debug)]
struct Added<'a> {
    at: usize,
    /// It hides the label at that place, which has its name.
    hides: bool,
    label: Label<'a>,
}

/// All labels of one series.
#[derive(Debug)]
pub(super) struct Labels<'a> {
    /// Tells the set from all others.
    pub(super) key: u64,
    pub(super) set: &'a Set,
    added: Vec<Added<'a>>,
}

/// A part of the labels, in order.
#[derive(Clone, Debug)]
pub(super) enum Run<'a> {
    /// Of the set.
    Shared(Range<usize>),
    Added(Label<'a>),
}

/// Encodes labels so that they can be read here.
pub(super) fn push(out: &mut Vec<u8>, name: &str, value: &str) {
    Syntax::Protobuf.push(out, name, value);
}

impl Set {
    /// Of two labels with one name the unit's own stays, even if it is empty.
    pub(super) fn of(own: &[u8], common: &[u8]) -> Set {
        let mut labels: Vec<Label<'_>> = Vec::with_capacity(16);
        for label in Reader(own).chain(Reader(common)) {
            let place = labels.partition_point(|other| other.name < label.name);
            if labels.get(place).is_none_or(|other| other.name != label.name) {
                labels.insert(place, label);
            }
        }
        let mut set = Set { fields: Vec::with_capacity(own.len() + common.len()), starts: vec![0] };
        for label in labels.iter().filter(|label| !label.value.is_empty()) {
            set.fields.extend_from_slice(label.field);
            set.starts.push(set.fields.len());
        }
        set
    }

    pub(super) fn count(&self) -> usize {
        self.starts.len() - 1
    }

    /// The encoded labels at these places.
    pub(super) fn fields(&self, places: Range<usize>) -> &[u8] {
        &self.fields[self.starts[places.start]..self.starts[places.end]]
    }

    pub(super) fn labels(&self) -> impl Iterator<Item = Label<'_>> {
        Reader(&self.fields)
    }

    /// Before which label one of this name goes, and whether that is its own name.
    fn place(&self, name: &[u8]) -> (usize, bool) {
        let (mut low, mut high) = (0, self.count());
        while low < high {
            let middle = usize::midpoint(low, high);
            let other =
                Reader(&self.fields[self.starts[middle]..]).next().map_or(&[][..], |label| label.name);
            match other.cmp(name) {
                Ordering::Less => low = middle + 1,
                Ordering::Equal => return (middle, true),
                Ordering::Greater => high = middle,
            }
        }
        (low, false)
    }
}

impl<'a> Labels<'a> {
    /// Adds encoded labels to a set; they hide those of the set that have their names.
    pub(super) fn new(key: u64, set: &'a Set, added: &'a [u8]) -> Labels<'a> {
        let mut labels = Labels { key, set, added: Vec::with_capacity(4) };
        for label in Reader(added) {
            let (at, hides) = set.place(label.name);
            let place = labels.added.partition_point(|other| other.label.name < label.name);
            labels.added.insert(place, Added { at, hides, label });
        }
        labels
    }

    /// How many bytes the encoded labels have.
    pub(super) fn len(&self) -> usize {
        let mut len = 0;
        self.each_run(|run| {
            len += match run {
                Run::Shared(places) => self.set.fields(places).len(),
                Run::Added(label) => label.field.len(),
            }
        });
        len
    }

    /// How many labels there are at most.
    pub(super) fn most(&self) -> usize {
        self.set.count() + self.added.len()
    }

    pub(super) fn each_run(&self, mut take: impl FnMut(Run<'a>)) {
        let mut from = 0;
        for added in &self.added {
            if from < added.at {
                take(Run::Shared(from..added.at));
            }
            if !added.label.value.is_empty() {
                take(Run::Added(added.label));
            }
            from = added.at + usize::from(added.hides);
        }
        if from < self.set.count() {
            take(Run::Shared(from..self.set.count()));
        }
    }
}

/// Reads what [`push`] writes; ends at anything else.
struct Reader<'a>(&'a [u8]);

impl<'a> Iterator for Reader<'a> {
    type Item = Label<'a>;

    fn next(&mut self) -> Option<Label<'a>> {
        let (content, after) = bytes(self.0, 0x0a)?;
        let (name, rest) = bytes(content, 0x0a)?;
        let (value, _) = bytes(rest, 0x12)?;
        let field = &self.0[..self.0.len() - after.len()];
        self.0 = after;
        Some(Label { name, value, field })
    }
}

/// The content of a field with this key, and what follows.
fn bytes(fields: &[u8], key: u8) -> Option<(&[u8], &[u8])> {
    let (&first, mut rest) = fields.split_first()?;
    if first != key {
        return None;
    }
    let (mut length, mut shift) = (0, 0);
    loop {
        let (&byte, after) = rest.split_first()?;
        rest = after;
        length |= usize::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return rest.split_at_checked(length);
        }
        shift += 7;
        if shift > 28 {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(pairs: &[(&str, &str)]) -> Vec<u8> {
        let mut out = Vec::new();
        for (name, value) in pairs {
            push(&mut out, name, value);
        }
        out
    }

    /// Own, added and common labels as `name=value`, in the order in which they are written.
    fn merged(own: &[u8], added: &[u8], common: &[u8]) -> Vec<String> {
        let set = Set::of(own, common);
        let labels = Labels::new(0, &set, added);
        let mut out = Vec::new();
        labels.each_run(|run| match run {
            Run::Shared(places) => out.extend_from_slice(set.fields(places)),
            Run::Added(label) => out.extend_from_slice(label.field),
        });
        assert_eq!(out.len(), labels.len());
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Reader(&out).map(|label| format!("{}={}", text(label.name), text(label.value))).collect()
    }

    #[test]
    fn parts_are_merged_in_order_of_their_names() {
        let long = "x".repeat(20_000);
        let own = part(&[("container", ""), ("pod", "p"), ("source", "kubelet"), ("id", &long)]);
        let added = part(&[("window", "15s"), ("device", "sda"), ("__name__", "m"), ("mode", "")]);
        let common = part(&[("Zone", "z"), ("instance", "n1"), ("pod", "other"), ("zone", "")]);
        let id = format!("id={long}");
        assert_eq!(
            merged(&own, &added, &common),
            [
                "Zone=z",
                "__name__=m",
                "device=sda",
                &id,
                "instance=n1",
                "pod=p",
                "source=kubelet",
                "window=15s"
            ],
            "a unit's own label wins"
        );
        assert_eq!(merged(b"", &part(&[("__name__", "m")]), b""), ["__name__=m"]);
        assert_eq!(merged(&part(&[("a", "1")]), b"", &part(&[("b", "2")])), ["a=1", "b=2"]);
    }

    #[test]
    fn a_row_hides_what_all_have_even_with_nothing() {
        let common = part(&[("device", "x"), ("zone", "z")]);
        assert_eq!(merged(b"", &part(&[("device", "sda")]), &common), ["device=sda", "zone=z"]);
        assert_eq!(merged(b"", &part(&[("zone", "")]), &common), ["device=x"]);
        assert_eq!(merged(&part(&[("zone", "")]), b"", &common), ["device=x"]);
    }

    #[test]
    fn what_is_broken_ends_the_part() {
        for broken in
            [&b"\x0a"[..], b"\x0a\x05\x0a\x01a\x12\x05", b"\x12\x00", b"\x0a\xff\xff\xff\xff\xff\xff"]
        {
            assert!(merged(broken, broken, broken).is_empty(), "{broken:?}");
        }
    }
}
