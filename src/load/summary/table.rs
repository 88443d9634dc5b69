//! Lines of `name....: numbers` whose columns stand below each other.

use super::cells::Cells;
use super::options::Options;
use super::paint::{Paint, Style};

/// A line before it is known how wide the columns are.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// As it is shown: `{ scenario:api }` for a submetric.
    pub(super) name: String,
    pub(super) is_sub: bool,
    pub(super) cells: Cells,
}

/// Widths of the columns of all lines that stand below each other.
#[derive(Debug, Default)]
pub(super) struct Widths {
    name: usize,
    trend: Vec<usize>,
    value: usize,
    asides: Vec<usize>,
}

impl Line {
    pub(super) fn new(name: &str, cells: Cells) -> Line {
        Line { name: name.to_owned(), is_sub: false, cells }
    }

    fn name_width(&self) -> usize {
        width(&self.name) + if self.is_sub { 2 } else { 0 }
    }

    /// `indent` is how far the line stands from the left.
    pub(super) fn render(&self, indent: usize, widths: &Widths, options: &Options) -> String {
        let paint = Paint(options.color);
        let mut out = " ".repeat(indent + if self.is_sub { 2 } else { 0 });
        out.push_str(&self.name);
        let dots = ".".repeat(widths.name.saturating_sub(self.name_width()) + 3);
        out.push_str(&paint.text(Style::Dots, &format!("{dots}:")));
        match &self.cells {
            Cells::Trend(cells) => {
                for ((cell, stat), wide) in cells.iter().zip(&options.trend_stats).zip(&widths.trend) {
                    out.extend([" ", stat.name(), "=", &padded(paint, Style::Number, cell, *wide)]);
                }
            }
            Cells::Plain { value, asides } => {
                out.push(' ');
                out.push_str(&padded(paint, Style::Number, value, widths.value));
                for (at, aside) in asides.iter().enumerate() {
                    // One that stands alone ends its line.
                    let wide = if asides.len() > 1 { widths.asides.get(at).copied() } else { None };
                    out.push(' ');
                    out.push_str(&padded(paint, Style::Aside, aside, wide.unwrap_or_default()));
                }
            }
        }
        out
    }
}

impl Widths {
    pub(super) fn of<'a>(lines: impl IntoIterator<Item = &'a Line>) -> Widths {
        let mut widths = Widths::default();
        for line in lines {
            widths.name = widths.name.max(line.name_width());
            match &line.cells {
                Cells::Trend(cells) => widen(&mut widths.trend, cells),
                Cells::Plain { value, asides } => {
                    widths.value = widths.value.max(width(value));
                    widen(&mut widths.asides, asides);
                }
            }
        }
        widths
    }
}

fn widen(columns: &mut Vec<usize>, cells: &[String]) {
    if columns.len() < cells.len() {
        columns.resize(cells.len(), 0);
    }
    for (column, cell) in columns.iter_mut().zip(cells) {
        *column = (*column).max(width(cell));
    }
}

fn padded(paint: Paint, style: Style, text: &str, wide: usize) -> String {
    paint.text(style, text) + &" ".repeat(wide.saturating_sub(width(text)))
}

/// Characters, as k6 counts them; a wide one of an East Asian name is one, too.
fn width(text: &str) -> usize {
    text.chars().count()
}
