//! The text of a script: lines and columns of its bytes, and excerpts that fit on a line.

use super::tree::Extent;
use crate::load::file::Place;

/// So much of a statement is shown.
const LONGEST_EXCERPT: usize = 70;

#[derive(Debug)]
pub(super) struct Source<'a> {
    pub(super) text: &'a str,
    /// Where each line begins.
    starts: Vec<usize>,
}

impl<'a> Source<'a> {
    pub(super) fn new(text: &'a str) -> Source<'a> {
        let starts = memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1);
        Source { text, starts: [0].into_iter().chain(starts).collect() }
    }

    /// Counted from one; columns are characters.
    pub(super) fn place(&self, at: usize) -> Place {
        let line = self.starts.partition_point(|start| *start <= at).max(1);
        let before = self.text.get(self.starts[line - 1]..at).unwrap_or_default();
        Place { line, column: before.chars().count() + 1 }
    }

    pub(super) fn line(&self, at: Extent) -> usize {
        self.place(at.start).line
    }

    /// On one line, and cut where it is long.
    pub(super) fn excerpt(&self, at: Extent) -> String {
        let text = self.text.get(at.start..at.end).unwrap_or_default();
        let mut excerpt = String::new();
        for c in text.chars().take(LONGEST_EXCERPT * 4) {
            let c = if c.is_whitespace() || c.is_control() { ' ' } else { c };
            if !(c == ' ' && excerpt.ends_with(' ')) {
                excerpt.push(c);
            }
        }
        match excerpt.char_indices().nth(LONGEST_EXCERPT) {
            Some((cut, _)) => format!("{}...", excerpt[..cut].trim_end()),
            None => excerpt.trim_end().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_a_line_and_a_column() {
        let source = Source::new("ab\n\u{e9}x\n\nlast");
        for (at, place) in [(0, (1, 1)), (2, (1, 3)), (3, (2, 1)), (5, (2, 2)), (7, (3, 1)), (12, (4, 5))] {
            let found = source.place(at);
            assert_eq!((found.line, found.column), place, "{at}");
        }
    }

    #[test]
    fn excerpts_fit_on_a_line() {
        let source = Source::new("if (a) {\n    b();\n}");
        assert_eq!(source.excerpt(Extent { start: 0, end: 19 }), "if (a) { b(); }");
        let long = "x".repeat(200);
        let shown = Source::new(&long).excerpt(Extent { start: 0, end: 200 });
        assert_eq!(shown, format!("{}...", "x".repeat(LONGEST_EXCERPT)));
        assert_eq!(source.excerpt(Extent { start: 90, end: 95 }), "");
    }
}
