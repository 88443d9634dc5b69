//! The complete labels of a series, sorted, out of their parts.
//!
//! Every part is a run of encoded `label` fields: [`Syntax::Protobuf`] of the pages, and field 1 of
//! `prometheus.TimeSeries`. So version 1 copies what the label cache holds.

use crate::encode::prometheus::Syntax;

/// One label and its encoded form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Label<'a> {
    pub(super) name: &'a [u8],
    pub(super) value: &'a [u8],
    pub(super) field: &'a [u8],
}

/// Encodes labels so that [`sorted`] can read them.
pub(super) fn push(out: &mut Vec<u8>, name: &str, value: &str) {
    Syntax::Protobuf.push(out, name, value);
}

/// Sorts the labels of all parts by name. Of two with one name the earlier part's stays; a label without a value is
/// none to Prometheus and may not be sent.
pub(super) fn sorted<'a>(parts: &[&'a [u8]]) -> Vec<Label<'a>> {
    let mut labels: Vec<Label<'a>> = Vec::with_capacity(16);
    for part in parts {
        let mut rest = *part;
        while let Some((label, after)) = read(rest) {
            rest = after;
            insert(&mut labels, label);
        }
    }
    labels.retain(|label| !label.value.is_empty());
    labels
}

/// Most labels come in their order and go to the end at once.
fn insert<'a>(labels: &mut Vec<Label<'a>>, label: Label<'a>) {
    let mut place = labels.len();
    while place > 0 {
        match labels[place - 1].name.cmp(label.name) {
            std::cmp::Ordering::Less => break,
            std::cmp::Ordering::Equal => return,
            std::cmp::Ordering::Greater => place -= 1,
        }
    }
    labels.insert(place, label);
}

/// The first label and what follows it; `None` at the end, and for anything that [`push`] does not write.
fn read(fields: &[u8]) -> Option<(Label<'_>, &[u8])> {
    let (content, after) = bytes(fields, 0x0a)?;
    let (name, rest) = bytes(content, 0x0a)?;
    let (value, _) = bytes(rest, 0x12)?;
    Some((Label { name, value, field: &fields[..fields.len() - after.len()] }, after))
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

    #[test]
    fn parts_are_merged_in_order_of_their_names() {
        let long = "x".repeat(20_000);
        let own = part(&[("container", ""), ("pod", "p"), ("source", "kubelet"), ("id", &long)]);
        let more = part(&[("__name__", "m"), ("device", "sda")]);
        let common = part(&[("Zone", "z"), ("instance", "n1"), ("pod", "other"), ("zone", "")]);
        let labels = sorted(&[&own, &more, &common]);
        let names: Vec<&str> = labels.iter().map(|label| std::str::from_utf8(label.name).unwrap()).collect();
        assert_eq!(names, ["Zone", "__name__", "device", "id", "instance", "pod", "source"]);
        assert_eq!(labels[3].value.len(), 20_000);
        assert_eq!(labels[5].value, b"p", "a row's own label wins");
        assert_eq!(labels[6].field, part(&[("source", "kubelet")]));
    }

    #[test]
    fn an_empty_own_label_still_hides_a_common_one() {
        assert!(sorted(&[&part(&[("pod", "")]), &part(&[("pod", "x")])]).is_empty());
    }

    #[test]
    fn what_is_broken_ends_the_part() {
        for broken in
            [&b"\x0a"[..], b"\x0a\x05\x0a\x01a\x12\x05", b"\x12\x00", b"\x0a\xff\xff\xff\xff\xff\xff"]
        {
            assert!(sorted(&[broken]).is_empty(), "{broken:?}");
        }
    }
}
