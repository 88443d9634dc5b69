//! What could not be read of the node, by place.

use std::io;
use std::path::PathBuf;

/// One file that was not read, or not wholly.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("{}: {source}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{} line {line}: unexpected {text:?} ({count} such lines)", path.display())]
    Line { path: PathBuf, line: u32, text: String, count: u32 },
    #[error("{}: larger than {limit} bytes", path.display())]
    TooLarge { path: PathBuf, limit: u64 },
    #[error("{}: more than {limit} rows, the rest is left out", path.display())]
    TooMany { path: PathBuf, limit: usize },
}

/// What a parser met in one text and could not read. Only the first line is kept in full.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Unread {
    /// Line number, counted from 1, and the line.
    pub first: Option<(u32, String)>,
    pub count: u32,
}

impl Unread {
    /// A line is shown up to here: it comes from outside and may be anything.
    const SHOWN: usize = 80;

    /// Notes a line by its index.
    pub fn note(&mut self, index: usize, line: &str) {
        self.count = self.count.saturating_add(1);
        if self.first.is_none() {
            let number = u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1);
            self.first = Some((number, line.chars().take(Unread::SHOWN).collect()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_kept_and_the_others_counted() {
        let mut unread = Unread::default();
        unread.note(4, &"x".repeat(500));
        unread.note(9, "later");
        assert_eq!(unread.first, Some((5, "x".repeat(80))));
        assert_eq!(unread.count, 2);
    }
}
