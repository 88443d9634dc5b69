//! Colours of a terminal, or none.

/// k6's palette: codes between `ESC [` and `m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Bold,
    Good,
    Bad,
    Number,
    Aside,
    Dots,
}

/// Whether colours are wanted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Paint(pub(super) bool);

impl Style {
    fn codes(self) -> &'static str {
        match self {
            Style::Bold => "1",
            Style::Good => "32",
            Style::Bad => "31",
            Style::Number => "36",
            Style::Aside => "2;36",
            Style::Dots => "2;37",
        }
    }
}

impl Paint {
    pub(super) fn text(self, style: Style, text: &str) -> String {
        if self.0 { format!("\x1b[{}m{text}\x1b[0m", style.codes()) } else { text.to_owned() }
    }

    /// A tick or a cross.
    pub(super) fn mark(self, is_good: bool) -> String {
        if is_good { self.text(Style::Good, "✓") } else { self.text(Style::Bad, "✗") }
    }
}
