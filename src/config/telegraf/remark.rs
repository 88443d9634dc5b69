//! What is said of a line: what was left out and why, what is to be done by hand, what needs no line.

/// All that was said so far.
#[derive(Debug, Default)]
pub(super) struct Remarks(Vec<Remark>);

#[derive(Debug)]
struct Remark {
    line: usize,
    /// Plugin and key, such as `inputs.cpu.percpu`.
    place: String,
    kind: Kind,
    text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing in the output stands for it.
    LeftOut,
    /// All is well without a line.
    Note,
    /// The output waits for a value.
    ToDo,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Kind::LeftOut => "left out",
            Kind::Note => "note",
            Kind::ToDo => "to do",
        }
    }
}

impl Remarks {
    pub(super) fn add(&mut self, line: usize, place: &str, kind: Kind, text: impl Into<String>) {
        self.0.push(Remark { line, place: place.to_owned(), kind, text: text.into() });
    }

    /// One line for each, in the order of the file.
    pub(super) fn into_lines(mut self, file: &str) -> Vec<String> {
        self.0.sort_by_key(|remark| remark.line);
        let line = |Remark { line, place, kind, text }: &Remark| {
            format!("{file}:{line}: {place}: {}: {text}", kind.name())
        };
        self.0.iter().map(line).collect()
    }
}
