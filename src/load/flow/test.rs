//! Conditions on one value, whatever it was taken from.

use std::fmt;

use memchr::memmem::Finder;
use regex::bytes::Regex;

use super::json_path::plain;
use crate::load::threshold::Operator;

/// What stands behind `allowed:` in messages.
pub(crate) const ALLOWED: &str = "exists, absent, a value, or an operator and a value such as \"> 5\", \"!= x\", \"contains x\" or \"matches ^x\"";

/// A condition on one value.
#[derive(Clone, Debug)]
pub enum Test {
    Exists,
    Absent,
    Equals(Literal),
    Differs(Literal),
    /// On a number; no other value passes.
    Compares(Operator, f64),
    Contains(Box<Finder<'static>>),
    Matches(Regex),
}

/// A value as YAML means it: JSON tells a number from a text that looks like one.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    Text(Box<str>),
    Number(f64),
    Boolean(bool),
    Null,
}

/// A text that is no condition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TestError {
    #[error("\"{value}\" compares with no number; allowed: {ALLOWED}")]
    Number { value: String },
    #[error("\"{value}\" is no regular expression: {message}")]
    Regex { value: String, message: String },
}

impl Test {
    /// From a text: an operator in front of a value, a word, or the value itself, which `is_plain` says is unquoted.
    pub fn parse(text: &str, is_plain: bool) -> Result<Test, TestError> {
        let text = text.trim();
        match text {
            "exists" => return Ok(Test::Exists),
            "absent" => return Ok(Test::Absent),
            _ => {}
        }
        if let Some(part) = text.strip_prefix("contains ") {
            return Ok(Test::contains(part.trim()));
        }
        if let Some(pattern) = text.strip_prefix("matches ") {
            return Test::matches(pattern.trim());
        }
        match Operator::in_front_of(text) {
            None => Ok(Test::Equals(if is_plain { Literal::of(text) } else { Literal::Text(text.into()) })),
            Some((Operator::Equal, value)) => Ok(Test::Equals(Literal::of(value.trim()))),
            Some((Operator::NotEqual, value)) => Ok(Test::Differs(Literal::of(value.trim()))),
            Some((operator, value)) => {
                let bound = value.trim().parse().ok().filter(|bound: &f64| bound.is_finite());
                let bound = bound.ok_or_else(|| TestError::Number { value: text.to_owned() })?;
                Ok(Test::Compares(operator, bound))
            }
        }
    }

    pub fn contains(part: &str) -> Test {
        Test::Contains(Box::new(Finder::new(part.as_bytes()).into_owned()))
    }

    pub fn matches(pattern: &str) -> Result<Test, TestError> {
        regex_of(pattern).map(Test::Matches)
    }

    /// Of a text, such as a header or a body.
    pub(super) fn holds(&self, value: Option<&[u8]>) -> bool {
        let Some(value) = value else { return matches!(self, Test::Absent | Test::Differs(_)) };
        match self {
            Test::Exists => true,
            Test::Absent => false,
            Test::Equals(literal) => literal.is_text(value),
            Test::Differs(literal) => !literal.is_text(value),
            Test::Compares(operator, bound) => {
                let number = std::str::from_utf8(value).ok().and_then(|text| text.trim().parse().ok());
                number.is_some_and(|number| operator.holds(number, *bound))
            }
            Test::Contains(finder) => finder.find(value).is_some(),
            Test::Matches(regex) => regex.is_match(value),
        }
    }

    /// Of a JSON text.
    pub(super) fn holds_json(&self, json: Option<&str>) -> bool {
        let Some(json) = json else { return self.holds(None) };
        match self {
            Test::Equals(literal) => literal.is_json(json),
            Test::Differs(literal) => !literal.is_json(json),
            Test::Compares(operator, bound) => {
                json.parse().is_ok_and(|number| operator.holds(number, *bound))
            }
            _ => self.holds(Some(plain(json).as_bytes())),
        }
    }
}

/// Bounded, so that a pattern cannot take all memory.
pub(super) fn regex_of(pattern: &str) -> Result<Regex, TestError> {
    let built = regex::bytes::RegexBuilder::new(pattern).size_limit(1 << 20).build();
    built.map_err(|error| {
        // The last line says what is wrong; those above it draw where.
        let message = error.to_string();
        let message = message.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        TestError::Regex { value: pattern.to_owned(), message }
    })
}

impl Literal {
    /// As YAML reads an unquoted one; in quotes it is a text.
    pub fn of(text: &str) -> Literal {
        let quoted = ['"', '\''].into_iter().find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote));
        if let Some(inner) = quoted {
            return Literal::Text(inner.into());
        }
        let looks_numeric =
            text.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '+' || c == '.');
        match text {
            "true" => Literal::Boolean(true),
            "false" => Literal::Boolean(false),
            "null" | "~" => Literal::Null,
            _ => match text.parse() {
                Ok(number) if looks_numeric && f64::is_finite(number) => Literal::Number(number),
                _ => Literal::Text(text.into()),
            },
        }
    }

    fn is_text(&self, value: &[u8]) -> bool {
        match self {
            Literal::Text(text) => text.as_bytes() == value,
            Literal::Number(number) => {
                std::str::from_utf8(value).ok().and_then(|text| text.trim().parse().ok()) == Some(*number)
            }
            Literal::Boolean(truth) => value == if *truth { &b"true"[..] } else { b"false" },
            Literal::Null => value.is_empty(),
        }
    }

    fn is_json(&self, json: &str) -> bool {
        match self {
            Literal::Text(text) => json.starts_with('"') && plain(json) == **text,
            Literal::Number(number) => json.parse() == Ok(*number),
            Literal::Boolean(truth) => json == if *truth { "true" } else { "false" },
            Literal::Null => json == "null",
        }
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Literal::Text(text) => f.write_str(text),
            Literal::Number(number) => write!(f, "{number}"),
            Literal::Boolean(truth) => write!(f, "{truth}"),
            Literal::Null => f.write_str("null"),
        }
    }
}

/// Behind the name of what is tested: `exists`, `is 5`, `> 3`.
impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Test::Exists => f.write_str("exists"),
            Test::Absent => f.write_str("is absent"),
            Test::Equals(literal) => write!(f, "is {literal}"),
            Test::Differs(literal) => write!(f, "is not {literal}"),
            Test::Compares(operator, bound) => write!(f, "{} {bound}", operator.text()),
            Test::Contains(finder) => write!(f, "contains {}", String::from_utf8_lossy(finder.needle())),
            Test::Matches(regex) => write!(f, "matches {regex}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUES: [&str; 7] = ["5", "\"5\"", "\"ab\"", "true", "null", "[\"a\"]", "7.5"];

    /// A digit for each value.
    fn answers(holds: impl Fn(&'static str) -> bool) -> String {
        VALUES.map(|value| if holds(value) { '1' } else { '0' }).iter().collect()
    }

    #[test]
    fn json_is_compared_as_what_it_is() {
        for (test, is_plain, expected) in [
            ("exists", true, "1111111"),
            ("absent", true, "0000000"),
            ("5", true, "1000000"),
            ("5", false, "0100000"),
            ("== \"5\"", true, "0100000"),
            ("ab", true, "0010000"),
            ("true", true, "0001000"),
            ("true", false, "0000000"),
            ("null", true, "0000100"),
            ("> 4", true, "1000001"),
            (">= 7.5", false, "0000001"),
            ("!= 5", true, "0111111"),
            ("contains a", true, "0010010"),
            ("matches ^a.$", true, "0010000"),
        ] {
            let test = Test::parse(test, is_plain).unwrap();
            assert_eq!(answers(|json| test.holds_json(Some(json))), expected, "{test}");
        }
    }

    #[test]
    fn what_is_not_there_is_absent_and_differs() {
        for (test, expected) in [
            ("exists", false),
            ("absent", true),
            ("5", false),
            ("!= 5", true),
            ("< 5", false),
            ("contains a", false),
        ] {
            let test = Test::parse(test, true).unwrap();
            assert_eq!((test.holds(None), test.holds_json(None)), (expected, expected), "{test}");
        }
    }

    #[test]
    fn texts_are_compared_by_their_bytes() {
        for (test, is_plain, value, expected) in [
            ("5", true, "5.0", true),
            ("5", false, "5.0", false),
            ("application/json", true, "application/json", true),
            ("contains json", true, "application/json; charset=utf-8", true),
            ("<= 10", true, "10", true),
            ("<= 10", true, "ten", false),
        ] {
            let test = Test::parse(test, is_plain).unwrap();
            assert_eq!(test.holds(Some(value.as_bytes())), expected, "{test} {value}");
        }
    }

    #[test]
    fn what_is_no_condition_says_so() {
        assert_eq!(Test::parse("> x", true).unwrap_err(), TestError::Number { value: "> x".into() });
        assert_eq!(
            Test::parse("matches (", true).unwrap_err().to_string(),
            "\"(\" is no regular expression: unclosed group"
        );
    }
}
