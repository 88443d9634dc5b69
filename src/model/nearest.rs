//! The known name that an unknown one was probably meant to be.

/// The name at the smallest edit distance, when that is small enough to be a slip of the pen.
pub fn nearest<'a, S: AsRef<str> + ?Sized>(
    unknown: &str,
    known: impl IntoIterator<Item = &'a S>,
) -> Option<&'a S> {
    let limit = (unknown.chars().count() / 3).max(2);
    known
        .into_iter()
        .map(|name| (distance(unknown, name.as_ref()), name))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Levenshtein's distance: insertions, deletions and replacements of one character.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, b) in to.iter().enumerate() {
            let replaced = corner + usize::from(a != *b);
            corner = row[j + 1];
            row[j + 1] = replaced.min(corner + 1).min(row[j] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_found_and_other_words_are_not() {
        let known = ["fast_interval", "slow_interval", "windows"].map(str::to_owned);
        for (unknown, meant) in [
            ("fast_intervall", Some("fast_interval")),
            ("fastinterval", Some("fast_interval")),
            ("window", Some("windows")),
            ("histogram", None),
            ("", None),
        ] {
            assert_eq!(nearest(unknown, &known).map(String::as_str), meant, "{unknown}");
        }
    }

    #[test]
    fn distances() {
        for (from, to, steps) in
            [("", "abc", 3), ("abc", "abc", 0), ("kitten", "sitting", 3), ("ab", "ba", 2)]
        {
            assert_eq!(distance(from, to), steps, "{from} {to}");
        }
    }
}
