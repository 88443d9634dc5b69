//! Classes and lists of status codes: `200`, `2xx`, `200-299`.

use std::fmt;

/// What stands behind `allowed:` in messages.
pub(crate) const ALLOWED: &str =
    "a status such as 200, a class such as 2xx, a range such as 200-299, or a list of these";

/// A set of status codes, as inclusive ranges. Its order is the one in which it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statuses(Box<[(u16, u16)]>);

/// A text that names no status.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{value}\" names no status; allowed: {ALLOWED}")]
pub struct StatusesError {
    pub value: String,
}

impl Statuses {
    /// What k6 expects where nothing is said: 200 to 399.
    pub const fn usual(status: u16) -> bool {
        status >= 200 && status <= 399
    }

    /// Of all given texts together.
    pub fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Statuses, StatusesError> {
        let ranges: Result<Vec<_>, _> = texts.into_iter().map(range_of).collect();
        ranges.map(|ranges| Statuses(ranges.into()))
    }

    pub fn has(&self, status: u16) -> bool {
        self.0.iter().any(|&(low, high)| low <= status && status <= high)
    }

    pub fn ranges(&self) -> &[(u16, u16)] {
        &self.0
    }
}

fn range_of(text: &str) -> Result<(u16, u16), StatusesError> {
    let failed = || StatusesError { value: text.to_owned() };
    let text = text.trim();
    let status = |text: &str| text.trim().parse().ok().filter(|status| (100..=599).contains(status));
    if let Some(class) = text.strip_suffix("xx").or_else(|| text.strip_suffix("XX")) {
        let class: u16 = class.parse().ok().filter(|class| (1..=5).contains(class)).ok_or_else(failed)?;
        return Ok((class * 100, class * 100 + 99));
    }
    let (low, high) = text.split_once('-').unwrap_or((text, text));
    match (status(low), status(high)) {
        (Some(low), Some(high)) if low <= high => Ok((low, high)),
        _ => Err(failed()),
    }
}

impl fmt::Display for Statuses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, &(low, high)) in self.0.iter().enumerate() {
            f.write_str(if at == 0 { "" } else { " or " })?;
            match (low, high) {
                _ if low == high => write!(f, "{low}")?,
                _ if low.is_multiple_of(100) && high == low + 99 => write!(f, "{}xx", low / 100)?,
                _ => write!(f, "{low}-{high}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read_and_written() {
        for (texts, shown, inside, outside) in [
            (&["200"][..], "200", 200, 201),
            (&["2xx"], "2xx", 299, 300),
            (&["200-204"], "200-204", 204, 205),
            (&["2xx", "404", "410 - 412"], "2xx or 404 or 410-412", 411, 405),
        ] {
            let statuses = Statuses::parse(texts.iter().copied()).unwrap();
            assert_eq!(statuses.to_string(), shown);
            assert!(statuses.has(inside) && !statuses.has(outside), "{shown}");
        }
        for text in ["", "20", "600", "6xx", "0xx", "x", "300-200", "2xx-3xx", "200,201"] {
            assert_eq!(Statuses::parse([text]), Err(StatusesError { value: text.to_owned() }));
        }
        assert!(Statuses::usual(200) && Statuses::usual(399) && !Statuses::usual(400));
    }
}
