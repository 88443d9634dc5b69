//! Sizes as people write them: `512`, `64KiB`, `1MiB`.

const UNITS: [(&str, u64); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

/// Whole bytes; `None` for what is no size.
pub fn parse_size(text: &str) -> Option<u64> {
    let unit = UNITS.iter().find_map(|(name, bytes)| Some((text.strip_suffix(name)?, *bytes)));
    let (number, bytes) = unit.unwrap_or((text, 1));
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    number.parse::<u64>().ok()?.checked_mul(bytes)
}

/// The largest unit that gives a whole number.
pub(super) fn show(size: u64) -> String {
    let unit = UNITS.iter().find(|(_, bytes)| size >= *bytes && size.is_multiple_of(*bytes));
    unit.map_or_else(|| format!("{size}B"), |(name, bytes)| format!("{}{name}", size / bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_come_and_go() {
        for (text, size, shown) in [
            ("0", 0, "0B"),
            ("512", 512, "512B"),
            ("1MiB", 1 << 20, "1MiB"),
            ("1536KiB", 1536 << 10, "1536KiB"),
        ] {
            assert_eq!(parse_size(text), Some(size), "{text}");
            assert_eq!(show(size), shown);
        }
        for wrong in ["", "MiB", "1mib", "-1", "+1", "1.5MiB", "1 MiB", "99999999999GiB"] {
            assert_eq!(parse_size(wrong), None, "{wrong}");
        }
    }
}
