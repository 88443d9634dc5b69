//! One thing that is said of an answer, as a check of ours says it.

use super::yaml::Yaml;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Claim {
    Status(Statuses),
    /// The key of a check and its value, such as `body contains` and a text.
    Other {
        key: String,
        value: Yaml,
    },
}

/// A set of status codes from 0, which no answer has, to 599. Sorted ranges that do not touch, both ends included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Statuses(Vec<(u16, u16)>);

const LAST: u16 = 599;

impl Statuses {
    /// Those for which it is true.
    pub(super) fn which(holds: impl Fn(u16) -> bool) -> Statuses {
        let mut ranges: Vec<(u16, u16)> = Vec::new();
        for status in (0..=LAST).filter(|status| holds(*status)) {
            match ranges.last_mut() {
                Some((_, last)) if *last + 1 == status => *last = status,
                _ => ranges.push((status, status)),
            }
        }
        Statuses(ranges)
    }

    pub(super) fn has(&self, status: u16) -> bool {
        self.0.iter().any(|&(low, high)| low <= status && status <= high)
    }

    pub(super) fn and(&self, other: &Statuses) -> Statuses {
        Statuses::which(|status| self.has(status) && other.has(status))
    }

    pub(super) fn or(&self, other: &Statuses) -> Statuses {
        Statuses::which(|status| self.has(status) || other.has(status))
    }

    pub(super) fn not(&self) -> Statuses {
        Statuses::which(|status| !self.has(status))
    }

    /// As a file of ours has them. An answer has a status from 100 on.
    pub(super) fn words(&self) -> Vec<String> {
        let answers = self.and(&Statuses(vec![(100, LAST)]));
        let word = |&(low, high): &(u16, u16)| match (low, high) {
            _ if low == high => low.to_string(),
            _ if low % 100 == 0 && high == low + 99 => format!("{}xx", low / 100),
            _ => format!("{low}-{high}"),
        };
        answers.0.iter().map(word).collect()
    }
}

impl Claim {
    pub(super) fn other(key: impl Into<String>, value: Yaml) -> Claim {
        Claim::Other { key: key.into(), value }
    }

    /// The key and the value in a check.
    pub(super) fn written(&self) -> (String, Yaml) {
        match self {
            Claim::Other { key, value } => (key.clone(), value.clone()),
            Claim::Status(statuses) => {
                let word = |word: &String| {
                    if word.parse::<u16>().is_ok() { Yaml::bare(word) } else { Yaml::text(word) }
                };
                let words = statuses.words();
                let value = match &words[..] {
                    [one] => word(one),
                    words => Yaml::list(words.iter().map(word)),
                };
                ("status".to_owned(), value)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_written_as_ranges() {
        let one = |wanted: u16| Statuses::which(|status| status == wanted);
        for (statuses, expected) in [
            (one(200), "200"),
            (Statuses::which(|status| (200..300).contains(&status)), "2xx"),
            (Statuses::which(|status| status < 400), "100-399"),
            (one(200).or(&one(404)), "200 404"),
            (one(500).not(), "100-499 501-599"),
            (one(200).and(&one(404)), ""),
        ] {
            assert_eq!(statuses.words().join(" "), expected);
        }
    }
}
