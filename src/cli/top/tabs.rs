//! Cells in columns, as kubectl's printer lays them out.
//!
//! Each cell ends in a tab, the last one too, so that lines end in spaces. A column is as wide as its widest cell
//! and three, at least six, over those lines alone that stand next to each other and have it.
//! Source: Go `text/tabwriter`; cli-runtime `printers.GetNewTabWriter` (6, 4, 3, spaces).

const MIN_WIDTH: usize = 6;
const PADDING: usize = 3;

/// One line of text a row.
pub(super) fn lines(rows: &[Vec<String>]) -> Vec<String> {
    let width = |cell: &String| (cell.chars().count() + PADDING).max(MIN_WIDTH);
    let mut widths: Vec<Vec<usize>> = rows.iter().map(|row| row.iter().map(width).collect()).collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    for column in 0..columns {
        let mut start = 0;
        while start < rows.len() {
            let run = rows[start..].iter().take_while(|row| row.len() > column).count();
            let block = &mut widths[start..start + run];
            let widest = block.iter().map(|row| row[column]).max().unwrap_or(0);
            for row in block {
                row[column] = widest;
            }
            start += run.max(1);
        }
    }
    let line = |(row, widths): (&Vec<String>, &Vec<usize>)| {
        let cells: Vec<String> =
            row.iter().zip(widths).map(|(cell, &width)| format!("{cell:<width$}")).collect();
        cells.concat()
    };
    rows.iter().zip(&widths).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rows: &[&[&str]]) -> Vec<String> {
        let rows: Vec<Vec<String>> =
            rows.iter().map(|row| row.iter().map(ToString::to_string).collect()).collect();
        lines(&rows)
    }

    #[test]
    fn columns_are_six_wide_at_least_and_padded_to_the_end() {
        assert_eq!(of(&[&["A", "B"], &["long-name", ""]]), ["A           B     ", "long-name         "]);
        assert_eq!(of(&[&["é", "x"]]), ["é     x     "], "characters, not bytes");
    }

    #[test]
    fn a_column_is_only_as_long_as_the_lines_that_have_it() {
        let rows = of(&[&["a", "b", "wide-cell"], &["a", "b"], &["a", "b", "c"]]);
        assert_eq!(rows, ["a     b     wide-cell   ", "a     b     ", "a     b     c     "]);
    }
}
