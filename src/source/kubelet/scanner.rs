//! JSON in one pass over its bytes, without a tree. What nobody wants is skipped by its brackets and quotes alone,
//! which is most of a kubelet's summary.

use std::borrow::Cow;

/// Brackets that may stand within each other in what is skipped.
const MAX_DEPTH: u32 = 127;

/// Where a document is no JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    #[error("it breaks off at byte {0}")]
    End(usize),
    #[error("byte {0} is none that can stand there")]
    Unexpected(usize),
    #[error("byte {0} lies too deep")]
    TooDeep(usize),
}

#[derive(Debug)]
pub(super) struct Scanner<'de> {
    text: &'de str,
    at: usize,
    /// Values that are not what is documented.
    pub(super) faults: u32,
}

impl<'de> Scanner<'de> {
    pub(super) fn new(text: &'de str) -> Scanner<'de> {
        Scanner { text, at: 0, faults: 0 }
    }

    pub(super) fn fault(&mut self) {
        self.faults = self.faults.saturating_add(1);
    }

    /// The next byte that is no white space; it stays the next one.
    pub(super) fn peek(&mut self) -> Result<u8, Broken> {
        while let Some(&byte) = self.text.as_bytes().get(self.at) {
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Ok(byte);
            }
            self.at += 1;
        }
        Err(Broken::End(self.at))
    }

    /// Takes that byte, or says that something else stands there.
    pub(super) fn expect(&mut self, byte: u8) -> Result<(), Broken> {
        if self.peek()? != byte {
            return Err(Broken::Unexpected(self.at));
        }
        self.at += 1;
        Ok(())
    }

    /// Behind an element: true where another follows, false at the closing bracket, which is taken.
    pub(super) fn goes_on(&mut self, close: u8) -> Result<bool, Broken> {
        let byte = self.peek()?;
        if byte != b',' && byte != close {
            return Err(Broken::Unexpected(self.at));
        }
        self.at += 1;
        Ok(byte == b',')
    }

    /// Nothing but white space may follow.
    pub(super) fn end(&mut self) -> Result<(), Broken> {
        if self.peek().is_ok() { Err(Broken::Unexpected(self.at)) } else { Ok(()) }
    }

    /// A text; owned only where it has escapes.
    pub(super) fn string(&mut self) -> Result<Cow<'de, str>, Broken> {
        self.expect(b'"')?;
        let start = self.at;
        let has_escapes = self.skip_string_rest()?;
        let raw = &self.text[start..self.at - 1];
        if !has_escapes {
            return Ok(Cow::Borrowed(raw));
        }
        let decoded = serde_json::from_str(&self.text[start - 1..self.at]);
        decoded.map(Cow::Owned).map_err(|_| Broken::Unexpected(start))
    }

    /// Goes behind the closing quote; whether there was a backslash.
    fn skip_string_rest(&mut self) -> Result<bool, Broken> {
        let bytes = self.text.as_bytes();
        let mut has_escapes = false;
        while let Some(&byte) = bytes.get(self.at) {
            self.at += 1;
            match byte {
                b'"' => return Ok(has_escapes),
                b'\\' => {
                    has_escapes = true;
                    self.at += 1;
                }
                _ => {}
            }
        }
        Err(Broken::End(bytes.len()))
    }

    /// A whole number that is not negative. `None`, a fault, for any other value; null is no fault.
    pub(super) fn number(&mut self) -> Result<Option<u64>, Broken> {
        let first = self.peek()?;
        if !first.is_ascii_digit() {
            return self.refuse(first).map(|()| None);
        }
        let bytes = self.text.as_bytes();
        let start = self.at;
        let mut number = Some(0u64);
        while let Some(digit) =
            bytes.get(self.at).map(|byte| byte.wrapping_sub(b'0')).filter(|&digit| digit < 10)
        {
            number = number.and_then(|number| number.checked_mul(10)?.checked_add(u64::from(digit)));
            self.at += 1;
        }
        if matches!(bytes.get(self.at), Some(b'.' | b'e' | b'E')) {
            self.skip_token();
            // It may be whole all the same; beyond 2^53 it is no longer exact.
            let float: f64 = self.text[start..self.at].parse().map_err(|_| Broken::Unexpected(start))?;
            let is_whole = float.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(&float);
            number = is_whole.then_some(float as u64);
        }
        if number.is_none() {
            self.fault();
        }
        Ok(number)
    }

    /// Skips a value that is not what is documented.
    pub(super) fn refuse(&mut self, first: u8) -> Result<(), Broken> {
        if first != b'n' {
            self.fault();
        }
        self.skip()
    }

    /// Skips any value. Its brackets must match; its scalars are not looked into.
    pub(super) fn skip(&mut self) -> Result<(), Broken> {
        let bytes = self.text.as_bytes();
        // One bit for each open bracket: whether it is an object's.
        let (mut open, mut depth) = (0u128, 0u32);
        loop {
            let Some(&byte) = bytes.get(self.at) else { return Err(Broken::End(self.at)) };
            match byte {
                b'"' => {
                    self.at += 1;
                    self.skip_string_rest()?;
                }
                b'{' | b'[' => {
                    if depth == MAX_DEPTH {
                        return Err(Broken::TooDeep(self.at));
                    }
                    open = open << 1 | u128::from(byte == b'{');
                    depth += 1;
                    self.at += 1;
                    continue;
                }
                b'}' | b']' => {
                    if depth == 0 || (open & 1 == 1) != (byte == b'}') {
                        return Err(Broken::Unexpected(self.at));
                    }
                    open >>= 1;
                    depth -= 1;
                    self.at += 1;
                }
                b'-' | b'0'..=b'9' | b't' | b'f' | b'n' => self.skip_token(),
                b' ' | b'\n' | b'\r' | b'\t' => {
                    self.at += 1;
                    continue;
                }
                b',' | b':' if depth > 0 => {
                    self.at += 1;
                    continue;
                }
                _ => return Err(Broken::Unexpected(self.at)),
            }
            if depth == 0 {
                return Ok(());
            }
        }
    }

    /// Goes to the end of a number or word.
    fn skip_token(&mut self) {
        let bytes = self.text.as_bytes();
        while bytes
            .get(self.at)
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'-'))
        {
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_value_is_skipped_to_its_end_and_no_further() {
        for value in [
            "1",
            "-1.5e+3",
            "null",
            r#""a\"}]""#,
            "[]",
            "{}",
            r#"{"a":[1,{"b":"]"},[]],"c":null}"#,
            "[ 1 , { } ]",
        ] {
            let text = format!(" {value},");
            let mut scanner = Scanner::new(&text);
            scanner.skip().unwrap();
            assert_eq!(scanner.at, text.len() - 1, "{value}");
        }
        let deep = "[".repeat(MAX_DEPTH as usize + 1);
        for (text, broken) in [
            ("[}", Broken::Unexpected(1)),
            ("{\"a\":[}", Broken::Unexpected(6)),
            ("]", Broken::Unexpected(0)),
            (",", Broken::Unexpected(0)),
            ("?", Broken::Unexpected(0)),
            ("[1", Broken::End(2)),
            ("\"a\\\"", Broken::End(4)),
            ("", Broken::End(0)),
            (&*deep, Broken::TooDeep(MAX_DEPTH as usize)),
        ] {
            assert_eq!(Scanner::new(text).skip(), Err(broken), "{text}");
        }
    }

    #[test]
    fn texts_with_escapes() {
        for (text, value) in [
            (r#""""#, Some("")),
            (r#""ä b""#, Some("ä b")),
            (r#""a\"\\\u0041\n""#, Some("a\"\\A\n")),
            (r#""\x""#, None),
            ("\"a", None),
            ("a", None),
        ] {
            assert_eq!(Scanner::new(text).string().ok().as_deref(), value, "{text}");
        }
    }
}
