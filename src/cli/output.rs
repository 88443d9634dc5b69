//! Standard output: a closed pipe ends a command quietly, colour is for terminals only.

use std::io::{ErrorKind, IsTerminal, Write, stdout};

use anyhow::Context;

use super::Failure;

/// Writes all of the text and flushes.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    let mut out = stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(Failure::Closed),
        Err(error) => Err(Failure::Runtime(anyhow::Error::new(error).context("standard output"))),
    }
}

/// Writes one line to standard error. Where that fails there is nobody left to tell.
pub(super) fn note(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "podometer: {text}");
}

/// Writes another program's word to standard error, as that program would.
pub(super) fn word(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

pub(super) fn is_terminal() -> bool {
    stdout().is_terminal()
}

/// True when standard output is a terminal that wants colour.
pub(super) fn colour() -> bool {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    is_terminal() && set("NO_COLOR").is_none() && set("TERM").is_none_or(|term| term != "dumb")
}

/// Lines and columns of the terminal.
pub(super) fn terminal_size() -> anyhow::Result<(usize, usize)> {
    let size = rustix::termios::tcgetwinsize(stdout()).context("size of the terminal")?;
    Ok((usize::from(size.ws_row), usize::from(size.ws_col)))
}

/// Text from elsewhere without control characters, which a terminal might obey.
pub(super) fn harmless(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

/// Lines up columns by their widest cell, three spaces apart and nothing at the end of a line.
pub(super) fn aligned(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        cells.join("   ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_each_other_without_trailing_spaces() {
        let rows =
            [["NAME", "CPU"], ["a-long-name", "1m"], ["é", ""]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(aligned(&rows), ["NAME          CPU", "a-long-name   1m", "é"]);
    }

    #[test]
    fn a_name_cannot_drive_the_terminal() {
        assert_eq!(harmless("a\x1b[2Jb\nc"), "a?[2Jb?c");
    }
}
