//! Patterns of names as Telegraf writes them: `*`, `?` and `[abc]`, with `\` before a character that means itself.
//!
//! Alternatives in braces are refused instead of being taken for names: Telegraf knows them, we do not.

/// One compiled pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Glob(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    One(char),
    AnyOne,
    /// Any number of any characters.
    AnyRun,
    /// One character inside, or with `true` outside, of the ranges.
    Class(bool, Vec<(char, char)>),
}

impl Glob {
    /// Compiles a pattern, or says what is wrong with it.
    pub(super) fn new(pattern: &str) -> Result<Glob, &'static str> {
        let mut parts = Vec::new();
        let mut chars = pattern.chars();
        while let Some(char) = chars.next() {
            parts.push(match char {
                '*' if parts.last() == Some(&Part::AnyRun) => continue,
                '*' => Part::AnyRun,
                '?' => Part::AnyOne,
                '[' => class(&mut chars)?,
                '{' | '}' => return Err("braces are not known here; write each alternative as a pattern"),
                '\\' => Part::One(chars.next().ok_or("ends with a backslash")?),
                char => Part::One(char),
            });
        }
        Ok(Glob(parts))
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        let (mut part, mut at) = (0, 0);
        // Behind the last run: the part to go on with, and how far the run reaches so far.
        let mut run: Option<(usize, usize)> = None;
        loop {
            let next = text[at..].chars().next();
            match (self.0.get(part), next) {
                (None, None) => return true,
                (Some(Part::AnyRun), _) => {
                    part += 1;
                    run = Some((part, at));
                    continue;
                }
                (Some(one), Some(char)) if one.takes(char) => {
                    part += 1;
                    at += char.len_utf8();
                    continue;
                }
                _ => {}
            }
            // The last run takes one character more; earlier runs need not, since theirs is the shortest way.
            let Some((after, reach)) = run else { return false };
            let Some(char) = text[reach..].chars().next() else { return false };
            (part, at) = (after, reach + char.len_utf8());
            run = Some((part, at));
        }
    }
}

impl Part {
    fn takes(&self, char: char) -> bool {
        match self {
            Part::One(one) => *one == char,
            Part::AnyOne => true,
            Part::AnyRun => false,
            Part::Class(outside, ranges) => {
                ranges.iter().any(|(low, high)| (*low..=*high).contains(&char)) != *outside
            }
        }
    }
}

/// What stands behind `[`, up to and with the `]`.
fn class(chars: &mut std::str::Chars<'_>) -> Result<Part, &'static str> {
    const OPEN: &str = "has a [ without its ]";
    let outside = chars.as_str().starts_with('!');
    if outside {
        chars.next();
    }
    let mut ranges = Vec::new();
    loop {
        let low = match chars.next().ok_or(OPEN)? {
            ']' if ranges.is_empty() => return Err("has nothing between [ and ]"),
            ']' => return Ok(Part::Class(outside, ranges)),
            '\\' => chars.next().ok_or(OPEN)?,
            char => char,
        };
        let mut ahead = chars.as_str().chars();
        let range = (ahead.next(), ahead.next());
        ranges.push(match range {
            (Some('-'), Some(high)) if high != ']' => {
                chars.nth(1);
                if high < low {
                    return Err("has a range between [ and ] that ends before it begins");
                }
                (low, high)
            }
            _ => (low, low),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_and_what_they_match() {
        for (pattern, hits, misses) in [
            ("cpu", &["cpu"][..], &["cpu0", "", "Cpu"][..]),
            ("", &[""], &["a"]),
            ("*", &["", "a", "é"], &[]),
            ("cpu*", &["cpu", "cpu-total"], &["xcpu"]),
            ("*_bytes", &["rx_bytes", "_bytes", "a_bytes_bytes"], &["bytes", "rx_bytes_"]),
            ("a*b*c", &["abc", "aXbbYcc", "abcbc"], &["ab", "acb", "abcd"]),
            ("**a", &["a", "ba"], &["b"]),
            ("c?u", &["cpu", "c中u"], &["cu", "cppu"]),
            ("cpu[0-9]", &["cpu0", "cpu9"], &["cpua", "cpu", "cpu10"]),
            ("[abc]", &["a", "b", "c"], &["d", "", "ab", "-"]),
            ("[!a-c]x", &["dx", "-x"], &["ax", "x"]),
            ("[a-]", &["a", "-"], &["b"]),
            (r"a\*b", &["a*b"], &["aXb", r"a\*b"]),
            (r"[\]]", &["]"], &[r"\"]),
        ] {
            let glob = Glob::new(pattern).unwrap();
            for text in hits {
                assert!(glob.matches(text), "{pattern} on {text}");
            }
            for text in misses {
                assert!(!glob.matches(text), "{pattern} on {text}");
            }
        }
    }

    #[test]
    fn mistakes_are_told() {
        for (pattern, part) in [
            ("[abc", "without its ]"),
            ("a[", "without its ]"),
            ("[]", "nothing between"),
            ("[z-a]", "ends before"),
            ("{a,b}", "braces"),
            ("a\\", "backslash"),
        ] {
            let told = Glob::new(pattern).unwrap_err();
            assert!(told.contains(part), "{pattern}: {told}");
        }
    }

    #[test]
    fn a_pattern_of_many_runs_ends_soon() {
        let glob = Glob::new(&"a*".repeat(30)).unwrap();
        assert!(!glob.matches(&("a".repeat(29) + &"b".repeat(5000))));
    }
}
