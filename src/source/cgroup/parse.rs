//! The text of one cgroup file to numbers. Never fails as a whole: a line that cannot be read loses its own
//! field and is counted.

use crate::model::field::{Field, File, Limit, Values, fields_of};
use crate::model::unit::IoDevice;

/// Where the wanted keys of one flat-keyed file stand, learned from the first text and checked on every one.
///
/// All cgroups of a kernel print the same keys in the same order, so after the first file a parser need only
/// verify the keys it wants at the lines where it expects them; any surprise makes it learn anew.
#[derive(Clone, Debug, Default)]
pub struct LineMap {
    lines: Vec<Line>,
    /// The keys of all lines, each with its space, one after the other.
    keys: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
struct Line {
    /// The field that stands there, or nothing wanted.
    field: Option<Field>,
    /// Length of the key and its space in [`LineMap::keys`].
    length: u8,
}

/// Parses `key value` lines (cpu.stat, memory.stat, *.events, cgroup.stat, pids.events) into `values` and
/// returns how many lines of wanted keys could not be read. Fields that the text lacks become absent.
pub fn parse_flat(text: &[u8], file: File, map: &mut LineMap, values: &mut Values) -> u32 {
    values.clear_file(file);
    if let Some(faults) = parse_known(text, map, None, values) {
        return faults;
    }
    values.clear_file(file);
    learn(text, file, map, values)
}

/// As [`parse_flat`], but stops after the line of `last`; the fields behind it keep what they were. Costs a
/// fraction where a few keys at the beginning are read far more often than the rest.
pub fn parse_flat_until(text: &[u8], last: Field, map: &mut LineMap, values: &mut Values) -> u32 {
    if let Some(faults) = parse_known(text, map, Some(last), values) {
        return faults;
    }
    parse_flat(text, last.file(), map, values)
}

/// The fast path; `None` when the text is not as the map says.
fn parse_known(text: &[u8], map: &LineMap, last: Option<Field>, values: &mut Values) -> Option<u32> {
    let mut rest = text;
    let mut faults = 0;
    let mut keys = map.keys.as_slice();
    for line in &map.lines {
        if rest.is_empty() {
            return last.is_none().then_some(faults);
        }
        let length = usize::from(line.length);
        let (key, later) = keys.split_at_checked(length)?;
        keys = later;
        let (found, number) = rest.split_at_checked(length)?;
        if found != key {
            return None;
        }
        let Some(field) = line.field else {
            rest = after_newline(number);
            continue;
        };
        let (value, after) = leading_number(number);
        if let Some(value) = value {
            values.set(field, value);
        } else {
            values.clear(field);
            faults += 1;
        }
        if last == Some(field) {
            return Some(faults);
        }
        rest = after;
    }
    // More lines than were learned, or none of the one asked for: only a whole reading can tell.
    (rest.is_empty() && last.is_none() && !map.lines.is_empty()).then_some(faults)
}

fn learn(text: &[u8], file: File, map: &mut LineMap, values: &mut Values) -> u32 {
    let wanted = fields_of(file);
    map.lines.clear();
    map.keys.clear();
    let mut faults = 0;
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        // A number without the end of its line may have lost digits.
        let whole = line.strip_suffix(b"\n");
        let line = whole.unwrap_or(line);
        if line.is_empty() {
            continue;
        }
        let (key, number) = split_once(line, b' ').unwrap_or((line, b""));
        let field = wanted.iter().copied().find(|field| field.key().as_bytes() == key);
        let length = u8::try_from(key.len() + 1).unwrap_or(0);
        map.lines.push(Line { field, length });
        map.keys.extend_from_slice(key);
        map.keys.push(b' ');
        faults += u32::from(length == 0);
        if let Some(field) = field {
            match number_of(number).filter(|_| whole.is_some()) {
                Some(value) => values.set(field, value),
                None => faults += 1,
            }
        }
    }
    // A text with an unreadable or a blank line is not one to learn from.
    if faults > 0 || text.windows(2).any(|pair| pair == b"\n\n") || text.first() == Some(&b'\n') {
        map.lines.clear();
        map.keys.clear();
    }
    faults
}

/// One bare number or `max` into the file's only field.
pub fn parse_single(text: &[u8], file: File, values: &mut Values) -> u32 {
    values.clear_file(file);
    let Some(&field) = fields_of(file).first() else { return 1 };
    match limit_of(text.trim_ascii()) {
        Some(Limit::At(number)) => values.set(field, number),
        Some(Limit::Max) => values.set_max(field),
        None => return 1,
    }
    0
}

/// `cpu.max`: quota (or `max`) and period, in microseconds.
pub fn parse_cpu_max(text: &[u8], values: &mut Values) -> u32 {
    values.clear_file(File::CpuMax);
    let text = text.trim_ascii();
    let Some((quota, period)) = split_once(text, b' ') else { return 1 };
    match (limit_of(quota), number_of(period)) {
        (Some(quota), Some(period)) => {
            match quota {
                Limit::At(number) => values.set(Field::CpuQuotaUsec, number),
                Limit::Max => values.set_max(Field::CpuQuotaUsec),
            }
            values.set(Field::CpuPeriodUsec, period);
            0
        }
        _ => 1,
    }
}

/// A pressure file: `some|full avg10=0.00 avg60=0.00 avg300=0.00 total=0`. Averages become hundredths.
pub fn parse_pressure(text: &[u8], file: File, values: &mut Values) -> u32 {
    values.clear_file(file);
    let fields = fields_of(file);
    let mut faults = 0;
    for line in text.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
        // The table's rows alternate some, full for total, avg10, avg60, avg300.
        let (offset, rest) = match (line.strip_prefix(b"some "), line.strip_prefix(b"full ")) {
            (Some(rest), _) => (0, rest),
            (_, Some(rest)) => (1, rest),
            _ => {
                faults += 1;
                continue;
            }
        };
        for word in rest.split(|&byte| byte == b' ').filter(|word| !word.is_empty()) {
            let parsed = split_once(word, b'=').and_then(|(key, number)| {
                let (row, value) = match key {
                    b"total" => (0, number_of(number)?),
                    b"avg10" => (1, hundredths(number)?),
                    b"avg60" => (2, hundredths(number)?),
                    b"avg300" => (3, hundredths(number)?),
                    _ => return None,
                };
                Some((*fields.get(row * 2 + offset)?, value))
            });
            match parsed {
                Some((field, value)) => values.set(field, value),
                None => faults += 1,
            }
        }
    }
    faults
}

/// `io.stat`: one line a device. Unknown keys (`cost.*` and later ones) are passed over.
pub fn parse_io_stat(text: &[u8], devices: &mut Vec<IoDevice>) -> u32 {
    devices.clear();
    let mut faults = 0;
    for line in text.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
        let mut words = line.split(|&byte| byte == b' ').filter(|word| !word.is_empty());
        let numbers = words.next().and_then(|word| split_once(word, b':'));
        let ids = numbers.and_then(|(major, minor)| {
            Some((u32::try_from(number_of(major)?).ok()?, u32::try_from(number_of(minor)?).ok()?))
        });
        let Some((major, minor)) = ids else {
            faults += 1;
            continue;
        };
        let mut device = IoDevice { major, minor, ..IoDevice::default() };
        for (key, number) in words.filter_map(|word| split_once(word, b'=')) {
            let slot = match key {
                b"rbytes" => &mut device.rbytes,
                b"wbytes" => &mut device.wbytes,
                b"rios" => &mut device.rios,
                b"wios" => &mut device.wios,
                b"dbytes" => &mut device.dbytes,
                b"dios" => &mut device.dios,
                _ => continue,
            };
            *slot = number_of(number);
            faults += u32::from(slot.is_none());
        }
        devices.push(device);
    }
    faults
}

/// A number or `max`, surrounding white space allowed.
pub fn parse_limit(text: &[u8]) -> Option<Limit> {
    limit_of(text.trim_ascii())
}

/// The value behind one key of a flat-keyed file.
pub fn parse_key(text: &[u8], key: &[u8]) -> Option<u64> {
    let mut lines = text.split(|&byte| byte == b'\n');
    lines
        .find_map(|line| split_once(line, b' ').filter(|(found, _)| *found == key))
        .and_then(|(_, n)| number_of(n))
}

fn limit_of(text: &[u8]) -> Option<Limit> {
    if text == b"max" { Some(Limit::Max) } else { number_of(text).map(Limit::At) }
}

/// All of `text` as a decimal number; `None` for anything else, also on overflow.
fn number_of(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 20 {
        return None;
    }
    text.iter().try_fold(0u64, |value, &byte| {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 { None } else { value.checked_mul(10)?.checked_add(u64::from(digit)) }
    })
}

/// The number up to the end of the line, and what follows that line.
fn leading_number(text: &[u8]) -> (Option<u64>, &[u8]) {
    let mut value = 0u64;
    for (at, &byte) in text.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        // 19 digits cannot overflow; longer ones take the careful way.
        if digit <= 9 && at < 19 {
            value = value * 10 + u64::from(digit);
        } else if byte == b'\n' {
            return ((at > 0).then_some(value), &text[at + 1..]);
        } else {
            let end = memchr::memchr(b'\n', text).unwrap_or(text.len());
            return (number_of(&text[..end]), text.get(end + 1..).unwrap_or_default());
        }
    }
    (None, &[])
}

/// `12.34` as 1234. The kernel prints exactly two decimals.
fn hundredths(text: &[u8]) -> Option<u64> {
    let (whole, part) = split_once(text, b'.')?;
    if part.len() != 2 {
        return None;
    }
    number_of(whole)?.checked_mul(100)?.checked_add(number_of(part)?)
}

fn split_once(text: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let place = memchr::memchr(at, text)?;
    Some((&text[..place], &text[place + 1..]))
}

fn after_newline(text: &[u8]) -> &[u8] {
    memchr::memchr(b'\n', text).map_or(&[], |at| &text[at + 1..])
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
