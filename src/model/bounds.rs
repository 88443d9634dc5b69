//! A setting that lies outside of what is allowed. Parts return these from their `validate`, so that
//! a part needs to know nothing of where its settings came from.

use std::fmt;

/// One setting that a part cannot work with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutOfRange {
    /// The key below the part's own section, such as `fast_interval`.
    pub key: String,
    /// The value as a person would write it.
    pub value: String,
    /// What is wrong with it: `is below 10ms`.
    pub reason: String,
    /// What would be right: `10ms to 10s`.
    pub allowed: String,
}

impl OutOfRange {
    pub fn new(
        key: impl Into<String>,
        value: impl Into<String>,
        reason: impl Into<String>,
        allowed: impl Into<String>,
    ) -> OutOfRange {
        OutOfRange { key: key.into(), value: value.into(), reason: reason.into(), allowed: allowed.into() }
    }

    /// `None` when `low <= value <= high`; `show` writes a value as a person would.
    pub fn check<T: PartialOrd + Copy>(
        key: &str,
        value: T,
        (low, high): (T, T),
        show: impl Fn(T) -> String,
    ) -> Option<OutOfRange> {
        let allowed = format!("{} to {}", show(low), show(high));
        if value >= low && value <= high {
            return None;
        }
        let reason = if value > high {
            format!("is above {}", show(high))
        } else if value < low {
            format!("is below {}", show(low))
        } else {
            // Only a float that is not a number is neither.
            "is not a number".to_owned()
        };
        Some(OutOfRange::new(key, show(value), reason, allowed))
    }
}

impl fmt::Display for OutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: \"{}\" {}; allowed: {}", self.key, self.value, self.reason, self.allowed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_are_allowed_and_a_non_number_is_not() {
        let check = |value: f64| {
            OutOfRange::check("k", value, (1.0, 2.0), |value| value.to_string())
                .map(|problem| problem.to_string())
        };
        assert_eq!((check(1.0), check(2.0)), (None, None));
        assert_eq!(check(0.5).unwrap(), "k: \"0.5\" is below 1; allowed: 1 to 2");
        assert_eq!(check(2.5).unwrap(), "k: \"2.5\" is above 2; allowed: 1 to 2");
        assert_eq!(check(f64::NAN).unwrap(), "k: \"NaN\" is not a number; allowed: 1 to 2");
    }
}
