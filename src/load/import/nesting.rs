//! How deep a script is nested, found without recursion, so that no script can exhaust the stack of the parser. It
//! counts what may nest a level each: brackets, and within a pair of them signs and words that stand in front of
//! something.

/// Deeper is nobody's. A level takes the parser some kilobytes at most.
pub(super) const MOST_NESTED: usize = 1000;

/// Where it becomes too deep, or cannot be told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooDeep {
    pub(super) at: usize,
    pub(super) reason: &'static str,
}

const DEEP: &str = "is nested deeper than 1000 levels";
const UNCLEAR: &str =
    "may be a division or a regular expression; put parentheses around what stands before it";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// Nothing, or what an operand follows.
    Operator,
    /// A name, a literal, or a closing bracket.
    Operand,
    /// What closes a block, a function or an object.
    Brace,
    /// Either.
    Unclear,
}

struct Level {
    open: u8,
    /// Signs and words since the last end of a statement or item.
    within: usize,
    /// What stands behind the closing bracket is an operand: `if (x) /a/`.
    is_head: bool,
}

/// Words behind which an operand stands, and which may nest.
#[rustfmt::skip]
const WORDS: [&[u8]; 22] = [
    b"async", b"await", b"case", b"class", b"delete", b"do", b"else", b"extends", b"for", b"function", b"if",
    b"in", b"instanceof", b"new", b"return", b"throw", b"try", b"typeof", b"void", b"while", b"with", b"yield",
];

/// Which of them are names elsewhere, or stand behind operands.
const UNCLEAR_WORDS: [&[u8]; 5] = [b"async", b"await", b"of", b"yield", b"let"];

/// Behind these the brackets hold a condition.
const HEADS: [&[u8]; 5] = [b"for", b"if", b"while", b"with", b"await"];

struct Scan<'a> {
    text: &'a [u8],
    at: usize,
    levels: Vec<Level>,
    within: usize,
    before: Before,
    word: &'a [u8],
    is_new_line: bool,
    /// Behind a semicolon: an `else` would still go on with what stood before it.
    is_ended: bool,
}

/// `Ok` where the script can be parsed without danger.
pub(super) fn check(text: &str) -> Result<(), TooDeep> {
    let mut scan = Scan {
        text: text.as_bytes(),
        at: 0,
        levels: vec![Level { open: 0, within: 0, is_head: false }],
        within: 0,
        before: Before::Operator,
        word: b"",
        is_new_line: false,
        is_ended: false,
    };
    while scan.at < scan.text.len() {
        let at = scan.at;
        scan.token()?;
        if scan.levels.len() + scan.within > MOST_NESTED {
            return Err(TooDeep { at, reason: DEEP });
        }
    }
    Ok(())
}

impl Scan<'_> {
    fn peek(&self, ahead: usize) -> u8 {
        self.text.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn count(&mut self) {
        self.within += 1;
        if let Some(level) = self.levels.last_mut() {
            level.within += 1;
        }
    }

    /// A statement or an item ended here.
    fn reset(&mut self) {
        if let Some(level) = self.levels.last_mut() {
            self.within -= level.within;
            level.within = 0;
        }
    }

    /// An operand begins: behind another one, or behind a block, it begins a statement.
    fn operand(&mut self) {
        let ends = match self.before {
            Before::Brace => true,
            Before::Operand | Before::Unclear => self.is_new_line,
            Before::Operator => false,
        };
        if ends {
            self.reset();
        }
        self.is_new_line = false;
    }

    fn token(&mut self) -> Result<(), TooDeep> {
        let byte = self.peek(0);
        let is_space = byte.is_ascii_whitespace() || (byte == b'/' && matches!(self.peek(1), b'/' | b'*'));
        if self.is_ended && !is_space {
            self.is_ended = false;
            if !self.text[self.at..].starts_with(b"else") {
                self.reset();
            }
        }
        match byte {
            b'\n' | b'\r' => {
                self.is_new_line = true;
                self.at += 1;
            }
            b' ' | b'\t' => self.at += 1,
            b'/' if self.peek(1) == b'/' => self.line_comment(),
            b'/' if self.peek(1) == b'*' => self.block_comment(),
            b'#' if self.at == 0 && self.peek(1) == b'!' => self.line_comment(),
            b'/' => self.slash()?,
            b'"' | b'\'' => {
                self.operand();
                self.string(byte);
                self.before = Before::Operand;
            }
            b'`' => {
                self.operand();
                self.at += 1;
                self.template();
            }
            b'(' | b'[' | b'{' => self.open(byte),
            b')' | b']' | b'}' => self.close(byte),
            b';' => {
                self.is_ended = true;
                self.before = Before::Operator;
                self.at += 1;
            }
            b',' => {
                self.reset();
                self.before = Before::Operator;
                self.at += 1;
            }
            _ if byte == b'_'
                || byte == b'$'
                || byte.is_ascii_alphanumeric()
                || byte >= 0x80
                || byte == b'\\' =>
            {
                self.name();
            }
            _ => self.sign(),
        }
        Ok(())
    }

    fn line_comment(&mut self) {
        while self.at < self.text.len() {
            let rest = &self.text[self.at..];
            let is_separator = rest.starts_with(&[0xe2, 0x80, 0xa8]) || rest.starts_with(&[0xe2, 0x80, 0xa9]);
            if matches!(rest[0], b'\n' | b'\r') || is_separator {
                break;
            }
            self.at += 1;
        }
    }

    fn block_comment(&mut self) {
        let rest = &self.text[self.at + 2..];
        let end = memchr::memmem::find(rest, b"*/").map_or(rest.len(), |end| end + 2);
        self.is_new_line |= memchr::memchr2(b'\n', b'\r', &rest[..end]).is_some();
        self.at += 2 + end;
    }

    fn slash(&mut self) -> Result<(), TooDeep> {
        match self.before {
            Before::Operand => self.sign(),
            Before::Operator => {
                self.operand();
                self.regex();
            }
            Before::Brace | Before::Unclear => return Err(TooDeep { at: self.at, reason: UNCLEAR }),
        }
        Ok(())
    }

    fn regex(&mut self) {
        self.at += 1;
        let mut is_class = false;
        while self.at < self.text.len() {
            match self.peek(0) {
                b'\\' if !matches!(self.peek(1), b'\n' | b'\r') => self.at += 1,
                b'[' => is_class = true,
                b']' => is_class = false,
                b'/' if !is_class => {
                    self.at += 1;
                    break;
                }
                b'\n' | b'\r' => break,
                _ => {}
            }
            self.at += 1;
        }
        self.before = Before::Operand;
    }

    fn string(&mut self, quote: u8) {
        self.at += 1;
        while self.at < self.text.len() {
            match self.peek(0) {
                b'\\' => self.at += 1,
                b'\n' | b'\r' => break,
                byte if byte == quote => {
                    self.at += 1;
                    break;
                }
                _ => {}
            }
            self.at += 1;
        }
    }

    /// To its end, or to the next hole.
    fn template(&mut self) {
        while self.at < self.text.len() {
            match self.peek(0) {
                b'\\' => self.at += 1,
                b'`' => {
                    self.at += 1;
                    break;
                }
                b'$' if self.peek(1) == b'{' => {
                    self.at += 1;
                    self.open(b'`');
                    return;
                }
                _ => {}
            }
            self.at += 1;
        }
        self.before = Before::Operand;
    }

    fn open(&mut self, open: u8) {
        // A bracket behind an operand goes on with it; a brace begins a block or an object.
        let is_head = open == b'(' && HEADS.contains(&self.word);
        self.word = b"";
        self.levels.push(Level { open, within: 0, is_head });
        self.before = Before::Operator;
        self.is_new_line = false;
        self.at += 1;
    }

    fn close(&mut self, close: u8) {
        self.at += 1;
        let Some(level) = self.levels.pop() else { return };
        self.within -= level.within;
        self.word = b"";
        self.is_new_line = false;
        if level.open == b'`' && close == b'}' {
            self.before = Before::Operand;
            self.template();
            return;
        }
        self.before = match close {
            b'}' => Before::Brace,
            _ if level.is_head => Before::Operator,
            _ => Before::Operand,
        };
    }

    fn name(&mut self) {
        let start = self.at;
        let goes_on = |byte: u8| {
            byte == b'_' || byte == b'$' || byte == b'\\' || byte.is_ascii_alphanumeric() || byte >= 0x80
        };
        while self.at < self.text.len() && goes_on(self.peek(0)) {
            self.at += 1;
        }
        let is_member = start > 0 && self.text[..start].ends_with(b".");
        let word = &self.text[start..self.at];
        let joins = matches!(word, b"else" | b"in" | b"instanceof" | b"of" | b"as" | b"from");
        if !joins {
            self.operand();
        }
        let is_word = WORDS.contains(&word) && !is_member;
        if is_word {
            self.count();
        }
        self.word = if is_word { word } else { b"" };
        // What is written with escapes or letters from afar is a name, or white space that ends a line.
        let is_strange = word.iter().any(|byte| *byte >= 0x80 || *byte == b'\\');
        self.before = if is_strange || (UNCLEAR_WORDS.contains(&word) && !is_member) {
            Before::Unclear
        } else if is_word {
            Before::Operator
        } else {
            Before::Operand
        };
    }

    /// Every sign may nest, but for the points of members.
    fn sign(&mut self) {
        let byte = self.peek(0);
        let is_double = matches!(byte, b'+' | b'-') && self.peek(1) == byte;
        if byte != b'.'
            && !(self.before == Before::Operand && matches!(byte, b'+' | b'-' | b'/' | b'<' | b'>'))
        {
            self.count();
        }
        self.at += if is_double { 2 } else { 1 };
        self.is_new_line = false;
        self.word = b"";
        self.before = if is_double { Before::Unclear } else { Before::Operator };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_scripts_are_not_deep() {
        let rows = "check(r, { 'a is b': (r) => r.status === 200 && !r.error, });\nif (!a) { b(); } else if (-c) { d }\n".repeat(2000);
        assert_eq!(check(&rows), Ok(()));
        let bare = "const a = -1\nconst f = (x) => !x\nconst c = a ? 1 : 2\n".repeat(2000);
        assert_eq!(check(&bare), Ok(()));
        let list = format!("[{}]", "-1, 'x(((', /[/(]((/, `${a}((`, ".repeat(5000));
        assert_eq!(check(&list), Ok(()));
        assert_eq!(check(&"a / b / (c) / d[0] / 5; // ((((\n/* (((( */".repeat(500)), Ok(()));
    }

    #[test]
    fn every_way_down_is_counted() {
        for way in [
            "(",
            "[",
            "{",
            "!",
            "~",
            "- ",
            "typeof ",
            "a=>",
            "a=",
            "a?b:",
            "if(a)",
            "if(a);else ",
            "a:",
            "new ",
            "f(",
            "`${",
            "a**",
            "do ",
            "for(;;)",
            "while(a)\n",
            "async ",
            "await ",
            "x=\n",
            "({a:",
            "class extends ",
            "/[/\"]/,(",
            "a+(",
            "a??(",
            "!{}[",
            "function(){",
            "x\n=>\n",
            "\"\\\"\",[",
            "return(",
        ] {
            let deep = way.repeat(5000);
            assert_eq!(check(&deep).map_err(|found| found.reason), Err(DEEP), "{way}");
        }
    }

    #[test]
    fn what_may_be_two_things_is_refused() {
        for text in ["a++ /b", "{} /a/", "await /a", "\u{2028}/a/"] {
            assert_eq!(check(text).map_err(|found| found.reason), Err(UNCLEAR), "{text}");
        }
    }
}
