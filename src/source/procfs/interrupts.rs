//! /proc/interrupts and /proc/softirqs.

use super::fault::Unread;
use crate::model::node::{Interrupts, Irq};

/// Rows of the largest machines stay below this.
const MAX_ROWS: usize = 8192;
const MAX_CPUS: usize = 8192;

/// A header of CPUs, then a row per interrupt: `24: 1 0 IO-APIC 5-edge ACPI:Ged` or `LOC: 1 2 Local timer`.
/// `None` when the header is not one. Source: proc_interrupts(5).
pub fn parse_interrupts(text: &str, unread: &mut Unread) -> Option<Interrupts> {
    let mut lines = text.lines().enumerate();
    let head = lines.next().map_or("", |(_, line)| line);
    let cpus: Option<Vec<u32>> = head
        .split_ascii_whitespace()
        .take(MAX_CPUS)
        .map(|word| word.strip_prefix("CPU").and_then(|number| number.parse().ok()))
        .collect();
    let Some(cpus) = cpus.filter(|cpus| !cpus.is_empty()) else {
        unread.note(0, head);
        return None;
    };
    let mut rows = Vec::new();
    for (index, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
        match parse_row(line, cpus.len()) {
            Some(row) if rows.len() < MAX_ROWS => rows.push(row),
            _ => unread.note(index, line),
        }
    }
    Some(Interrupts { cpus, rows })
}

/// Up to one number per CPU; what follows describes the interrupt.
fn parse_row(line: &str, cpus: usize) -> Option<Irq> {
    let (id, rest) = line.split_once(':')?;
    let id = id.trim();
    let mut counts = Vec::new();
    let mut words = rest.split_ascii_whitespace().peekable();
    while counts.len() < cpus {
        let Some(word) = words.peek() else { break };
        counts.push(word.parse::<u64>().ok()?);
        words.next();
    }
    if id.is_empty() || counts.is_empty() {
        return None;
    }
    let numbered = id.bytes().all(|byte| byte.is_ascii_digit());
    let (kind, device) = if numbered {
        (words.next().unwrap_or("").to_owned(), joined(words))
    } else {
        (joined(words), String::new())
    };
    Some(Irq { id: id.into(), kind: kind.into(), device: device.into(), counts })
}

fn joined<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for word in words {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(word);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbered_named_and_short_rows() {
        let mut unread = Unread::default();
        let text = "           CPU0       CPU2       \n 24:          1          0  IO-APIC   5-edge      ACPI:Ged\n\
                    LOC:      82761      87122   Local timer interrupts\nERR:          0\n  9: x 0\nnothing\n";
        let interrupts = parse_interrupts(text, &mut unread).unwrap();
        assert_eq!(interrupts.cpus, [0, 2]);
        let [device, timer, errors] = &interrupts.rows[..] else { panic!("{:?}", interrupts.rows) };
        assert_eq!((&*device.id, &*device.kind, &*device.device), ("24", "IO-APIC", "5-edge ACPI:Ged"));
        assert_eq!((&*timer.id, &*timer.kind, &*timer.device), ("LOC", "Local timer interrupts", ""));
        assert_eq!((timer.total(), &timer.counts[..]), (169_883, &[82761, 87122][..]));
        assert_eq!((errors.total(), errors.counts.len()), (0, 1));
        assert_eq!((unread.count, unread.first), (2, Some((5, "  9: x 0".to_owned()))));
    }

    #[test]
    fn without_a_header_there_is_nothing() {
        for text in ["", "\n", "  1: 2 3\n", "CPU0 CPUx\n"] {
            let mut unread = Unread::default();
            assert_eq!(parse_interrupts(text, &mut unread), None, "{text:?}");
            assert_eq!(unread.count, 1);
        }
    }
}
