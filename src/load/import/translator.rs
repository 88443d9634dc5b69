//! Goes through a script as it would run, and writes down what it would do. It keeps what is known on the way: names and
//! their values, the steps so far, and what could not be taken over.

use std::collections::{BTreeMap, BTreeSet};

use super::findings::{Findings, Gap, Known, Weight};
use super::plan::{Dataset, Kept, KeptValue, Line, Metric, Request, Step, Steps, Top};
use super::tree::Extent;
use super::value::{Draw, Kind, Part, Piece, Text, Value, number_text};

/// What all of a script may cost: loops are written out, and values are copied.
const FUEL: u64 = 20_000_000;
/// Nobody reads more.
const MOST_STEPS: usize = 20_000;

pub(super) type Names = BTreeMap<String, Value>;

pub(super) struct Translator<'a> {
    pub(super) findings: Findings<'a>,
    /// The module's own names, then those of functions and blocks.
    pub(super) scopes: Vec<Names>,
    /// Between the module and this one nothing is seen.
    pub(super) base: usize,
    /// The lists of steps that are open, the outermost first, and what they are known by.
    pub(super) open: Vec<(usize, Steps)>,
    pub(super) next_frame: usize,
    pub(super) requests: Vec<Request>,
    pub(super) kept: Vec<Kept>,
    pub(super) metrics: Vec<Metric>,
    pub(super) data: Vec<Dataset>,
    /// Files that are read as CSV or JSON.
    pub(super) formats: BTreeMap<String, &'static str>,
    /// Words of the environment and what stands in for them.
    pub(super) env: Vec<(String, Option<String>)>,
    pub(super) options: Option<Top>,
    pub(super) flows: Vec<(String, Extent, Steps)>,
    /// The variables of each flow that was written, and of those that it runs.
    pub(super) flow_names: BTreeMap<String, BTreeSet<String>>,
    /// The flows that are being written, with their variables and those of flows that they run.
    pub(super) writing: Vec<(String, BTreeSet<String>, BTreeSet<String>)>,
    pub(super) setup_names: BTreeSet<String>,
    /// What a value was called when it was first given a name.
    pub(super) hints: Vec<(usize, Part, String)>,
    pub(super) extracted: Vec<(usize, Part, String)>,
    /// Every name of `__ENV` in the script.
    pub(super) words: BTreeSet<String>,
    pub(super) expect: Option<Vec<String>>,
    /// What is said above everything.
    pub(super) head: Vec<String>,
    pub(super) statement: Extent,
    pub(super) is_running: bool,
    pub(super) calls: usize,
    pub(super) draws: usize,
    /// Between which numbers a draw was used, and what keeps it.
    drawn_as: BTreeMap<usize, Draw>,
    /// Draws that decide what is done.
    pub(super) mixed: BTreeSet<usize>,
    fuel: u64,
    steps: usize,
}

impl<'a> Translator<'a> {
    pub(super) fn new(findings: Findings<'a>) -> Translator<'a> {
        Translator {
            findings,
            scopes: vec![Names::new()],
            base: 1,
            open: Vec::new(),
            next_frame: 0,
            requests: Vec::new(),
            kept: Vec::new(),
            metrics: Vec::new(),
            data: Vec::new(),
            formats: BTreeMap::new(),
            env: Vec::new(),
            options: None,
            flows: Vec::new(),
            flow_names: BTreeMap::new(),
            writing: Vec::new(),
            setup_names: BTreeSet::new(),
            hints: Vec::new(),
            extracted: Vec::new(),
            words: BTreeSet::new(),
            expect: None,
            head: Vec::new(),
            statement: Extent::default(),
            is_running: false,
            calls: 0,
            draws: 0,
            drawn_as: BTreeMap::new(),
            mixed: BTreeSet::new(),
            fuel: FUEL,
            steps: 0,
        }
    }

    pub(super) fn charge(&mut self, cost: usize) -> Known<()> {
        self.fuel = self.fuel.saturating_sub(cost as u64 + 1);
        if self.fuel == 0 {
            return Err(Gap::new(Extent::default(), "the script does too much to be written out"));
        }
        Ok(())
    }

    /// Says that the statement is not in the file.
    pub(super) fn missing(&mut self, gap: Gap) {
        self.say(Weight::Missing, gap);
    }

    pub(super) fn note(&mut self, at: Extent, reason: impl Into<String>) {
        self.say(Weight::Note, Gap::new(at, reason));
    }

    fn say(&mut self, weight: Weight, gap: Gap) {
        let at = self.statement;
        let comment = self.findings.add(at, weight, gap);
        match self.open.last_mut() {
            Some((_, steps)) => match steps.last_mut() {
                Some(line) if line.step.is_none() && line.comments.contains(&comment) => {}
                _ => steps.push(Line { at, comments: vec![comment], step: None }),
            },
            None if !self.head.contains(&comment) => self.head.push(comment),
            None => {}
        }
    }

    /// Puts a step behind the others.
    pub(super) fn step(&mut self, step: Step) -> Known<()> {
        let at = self.statement;
        self.charge(10)?;
        self.steps += 1;
        if self.steps > MOST_STEPS {
            return Err(Gap::new(at, format!("the script comes to more than {MOST_STEPS} steps")));
        }
        let Some((_, steps)) = self.open.last_mut().filter(|_| self.is_running) else {
            return Err(Gap::new(at, "runs before the test begins, where k6 allows no requests or pauses"));
        };
        steps.push(Line { at, comments: Vec::new(), step: Some(step) });
        Ok(())
    }

    /// The steps of what is done within.
    pub(super) fn nested<T>(&mut self, within: impl FnOnce(&mut Self) -> T) -> (T, Steps) {
        self.next_frame += 1;
        self.open.push((self.next_frame, Vec::new()));
        let done = within(self);
        let steps = self.open.pop().map(|(_, steps)| steps).unwrap_or_default();
        (done, steps)
    }

    pub(super) fn frame(&self) -> usize {
        self.open.last().map_or(0, |(frame, _)| *frame)
    }

    pub(super) fn lookup(&mut self, name: &str) -> Known<Option<Value>> {
        let local = self.scopes.get(self.base..).unwrap_or_default().iter().rev();
        let found = local.chain(self.scopes.first()).find_map(|scope| scope.get(name)).cloned();
        self.charge(found.as_ref().map_or(1, Value::size))?;
        Ok(found)
    }

    /// Gives a name its value in the innermost scope.
    pub(super) fn define(&mut self, name: &str, value: Value) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.insert(name.to_owned(), value);
        }
    }

    /// Changes the value of a name; false where there is none.
    pub(super) fn assign(&mut self, name: &str, value: Value) -> bool {
        let base = self.base.min(self.scopes.len());
        let (module, local) = self.scopes.split_at_mut(base);
        let scopes = local.iter_mut().rev().chain(module.first_mut());
        let found = scopes.into_iter().find_map(|scope| scope.get_mut(name));
        found.map(|old| *old = value).is_some()
    }

    /// Nothing is known of these any more.
    pub(super) fn forget(&mut self, names: &BTreeSet<String>) {
        for name in names {
            self.assign(name, Value::Unknown);
        }
    }

    /// A name for a variable that stands for nothing else here.
    pub(super) fn variable(&mut self, hint: &str) -> String {
        let clean: String =
            hint.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
        let clean = clean.trim_start_matches(|c: char| c == '_' || c == '-' || c.is_ascii_digit());
        let clean = if clean.is_empty() || clean == "env" { "value" } else { clean };
        let is_taken = |name: &str| {
            self.words.contains(name)
                || self.setup_names.contains(name)
                || self.data.iter().any(|data| data.name == name)
                || self.writing.iter().any(|(_, own, _)| own.contains(name))
                || self.writing.last().is_some_and(|(_, _, called)| called.contains(name))
        };
        let mut name = clean.to_owned();
        let mut at = 2;
        while is_taken(&name) {
            name = format!("{clean}_{at}");
            at += 1;
        }
        if let Some((_, own, _)) = self.writing.last_mut() {
            own.insert(name.clone());
        }
        name
    }

    /// A value as a text, with holes for what is known only when it runs.
    pub(super) fn text_of(&mut self, value: Value, at: Extent) -> Known<Text> {
        let kind = match value {
            Value::Number(_) => Kind::Number,
            _ => Kind::Text,
        };
        let literal = |text: String| Ok(Text { kind, ..Text::literal(text) });
        match value {
            Value::Text(text) => Ok(text),
            Value::Number(number) => match number_text(number) {
                Some(text) => literal(text),
                None => Err(Gap::new(at, "a number is too large or too small to be written")),
            },
            Value::Boolean(truth) => literal(truth.to_string()),
            Value::Null => literal("null".to_owned()),
            Value::Undefined => literal("undefined".to_owned()),
            Value::Random(draw) => self.drawn(&draw, at),
            Value::Part(request, part) => {
                let name = self.extracted(request, &part, at)?;
                let kind = match part {
                    Part::Status => Kind::Number,
                    Part::Json(_) => Kind::Either,
                    _ => Kind::Text,
                };
                Ok(Text::of(Piece::Hole(name), kind))
            }
            Value::Row(data) => Ok(Text::of(Piece::Hole(format!("{data}.value")), Kind::Either)),
            Value::Unknown => Err(Gap::new(at, "a value comes from something that was not translated")),
            Value::List(_) | Value::Map(_) => {
                Err(Gap::new(at, "a list or an object stands where a text is needed"))
            }
            _ => Err(Gap::new(at, "a value is known only when the script runs")),
        }
    }

    /// A text as a file of ours has it.
    pub(super) fn written(&mut self, value: Value, at: Extent) -> Known<String> {
        let text = self.text_of(value, at)?;
        text.written().ok_or_else(|| Gap::new(at, "a dollar stands before something that is filled in"))
    }

    /// As [`Translator::written`], where nothing may be filled in while a run goes.
    pub(super) fn written_static(&mut self, value: Value, at: Extent) -> Known<String> {
        let text = self.text_of(value, at)?;
        if !text.is_static() {
            return Err(Gap::new(at, "names and tags cannot change from request to request"));
        }
        text.written().ok_or_else(|| Gap::new(at, "a dollar stands before something that is filled in"))
    }

    /// One draw stands in one place, or is kept: what is reckoned from it elsewhere would be another draw.
    pub(super) fn use_draw(&mut self, draw: &Draw, at: Extent) -> Known<()> {
        if self.mixed.contains(&draw.id) {
            return Err(Gap::new(at, "one number that is drawn is used in several ways"));
        }
        match self.drawn_as.insert(draw.id, draw.clone()) {
            Some(before) if before != *draw || draw.kept.is_none() => {
                Err(Gap::new(at, "one number that is drawn is used in several ways"))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn is_drawn(&self, draw: usize) -> bool {
        self.drawn_as.contains_key(&draw)
    }

    fn drawn(&mut self, draw: &Draw, at: Extent) -> Known<Text> {
        if !draw.is_whole || draw.least < 0.0 || draw.width < 0.0 || draw.least + draw.width > 1e15 {
            let advice = "use ${__RANDOM(1,6)}, which draws whole numbers";
            return Err(Gap::new(at, "a broken number is drawn").advise(advice));
        }
        self.use_draw(draw, at)?;
        let hole = format!("__RANDOM({},{})", draw.least, draw.least + draw.width);
        let text = Text::of(Piece::Hole(hole), Kind::Number);
        let Some(kept) = draw.kept else { return Ok(text) };
        let name = self.keep(kept, KeptValue::Text(text));
        Ok(Text::of(Piece::Hole(name), Kind::Number))
    }

    /// Makes the step for a kept draw, and says under which name.
    pub(super) fn keep(&mut self, kept: usize, value: KeptValue) -> String {
        let name = self.kept[kept].name.clone();
        if self.kept[kept].value.is_none() {
            let name = self.variable(&name);
            self.kept[kept] = Kept { name, value: Some(value) };
        }
        self.kept[kept].name.clone()
    }
}
