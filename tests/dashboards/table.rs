//! A dashboard as a person writes it: `deploy/grafana/tables/NAME.txt`, of which `dashboards/NAME.json` is made.
//!
//! A line is a word and what belongs to it. Lines that are indented belong to the panel above:
//!
//! ```text
//! uid NAME | title TEXT | about TEXT | tags WORDS | source UID | from now-30m | every 10s
//! variable NAME [all] | query            choices come from the database
//! choice NAME | value,value              choices are fixed
//! annotation NAME | source uid | query
//! row TITLE [| repeat NAME]
//! panel TITLE | kind | unit | WIDTHxHEIGHT [| source uid]
//!   about TEXT
//!   ask LEGEND | query                   in a table `-` for a value that says nothing
//!   unit LEGEND | unit                   where one series has another unit
//!   steps colour bound:colour ...
//!   range MIN MAX
//!   stack, repeat NAME, sort NAME, calc NAME
//! ```

#[derive(Debug, Default)]
pub(crate) struct Table {
    pub(crate) uid: String,
    pub(crate) title: String,
    pub(crate) about: String,
    pub(crate) tags: Vec<String>,
    pub(crate) source: String,
    pub(crate) from: String,
    pub(crate) every: String,
    pub(crate) variables: Vec<Variable>,
    /// Name, source and query.
    pub(crate) annotations: Vec<(String, String, String)>,
    pub(crate) items: Vec<Item>,
}

#[derive(Debug)]
pub(crate) struct Variable {
    pub(crate) name: String,
    /// Whether all choices together are one more.
    pub(crate) all: bool,
    pub(crate) choices: Choices,
}

#[derive(Debug)]
pub(crate) enum Choices {
    Query(String),
    Fixed(Vec<String>),
}

#[derive(Debug)]
pub(crate) enum Item {
    Row { title: String, repeat: Option<String> },
    Panel(Box<Panel>),
}

#[derive(Debug, Default)]
pub(crate) struct Panel {
    pub(crate) title: String,
    pub(crate) kind: String,
    pub(crate) unit: String,
    pub(crate) size: (u32, u32),
    pub(crate) source: String,
    pub(crate) about: String,
    /// Legend and query.
    pub(crate) asks: Vec<(String, String)>,
    /// Legend and unit.
    pub(crate) units: Vec<(String, String)>,
    /// Colour, and the bound from which on it stands; the first has none.
    pub(crate) steps: Vec<(String, Option<f64>)>,
    pub(crate) range: Option<(f64, f64)>,
    pub(crate) is_stacked: bool,
    pub(crate) repeat: Option<String>,
    pub(crate) sort: Option<String>,
    pub(crate) calc: Option<String>,
}

impl Table {
    pub(crate) fn parse(text: &str) -> Table {
        let mut table = Table { from: "now-30m".to_owned(), every: "10s".to_owned(), ..Table::default() };
        for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
            let is_inner = line.starts_with(' ');
            let (word, rest) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
            if is_inner {
                let Some(Item::Panel(panel)) = table.items.last_mut() else { panic!("no panel: {line}") };
                panel.take(word, rest.trim());
            } else {
                table.take(word, rest.trim());
            }
        }
        table
    }

    fn take(&mut self, word: &str, rest: &str) {
        match word {
            "uid" => rest.clone_into(&mut self.uid),
            "title" => rest.clone_into(&mut self.title),
            "about" => rest.clone_into(&mut self.about),
            "source" => rest.clone_into(&mut self.source),
            "from" => rest.clone_into(&mut self.from),
            "every" => rest.clone_into(&mut self.every),
            "tags" => self.tags = rest.split(' ').map(str::to_owned).collect(),
            "variable" => {
                let (head, query) = halves(rest);
                let (name, all) = head.strip_suffix(" all").map_or((head, false), |name| (name, true));
                let (name, choices) = (name.to_owned(), Choices::Query(query.to_owned()));
                self.variables.push(Variable { name, all, choices });
            }
            "choice" => {
                let (name, values) = halves(rest);
                let choices = Choices::Fixed(values.split(',').map(str::to_owned).collect());
                self.variables.push(Variable { name: name.to_owned(), all: false, choices });
            }
            "annotation" => {
                let (name, rest) = halves(rest);
                let (source, query) = halves(rest);
                self.annotations.push((name.to_owned(), source.to_owned(), query.to_owned()));
            }
            "row" => {
                let (title, repeat) =
                    rest.split_once(" | repeat ").map_or((rest, None), |(a, b)| (a, Some(b)));
                let repeat = repeat.map(str::to_owned);
                self.items.push(Item::Row { title: title.to_owned(), repeat });
            }
            "panel" => self.items.push(Item::Panel(Box::new(Panel::new(rest, &self.source)))),
            _ => panic!("no word of a dashboard: {word} {rest}"),
        }
    }

    pub(crate) fn panels(&self) -> impl Iterator<Item = &Panel> {
        self.items.iter().filter_map(|item| match item {
            Item::Panel(panel) => Some(panel.as_ref()),
            Item::Row { .. } => None,
        })
    }
}

impl Panel {
    fn new(text: &str, source: &str) -> Panel {
        let cells: Vec<&str> = text.split(" | ").map(str::trim).collect();
        let (&[title, kind, unit, size], more) =
            cells.split_first_chunk().unwrap_or_else(|| panic!("{text}"));
        let (width, height) = size.split_once('x').unwrap();
        Panel {
            title: title.to_owned(),
            kind: kind.to_owned(),
            unit: unit.to_owned(),
            size: (width.parse().unwrap(), height.parse().unwrap()),
            source: more.first().unwrap_or(&source).to_string(),
            ..Panel::default()
        }
    }

    fn take(&mut self, word: &str, rest: &str) {
        match word {
            "about" => rest.clone_into(&mut self.about),
            "ask" => {
                let (legend, query) = rest.split_once("| ").unwrap_or_else(|| panic!("no query: {rest}"));
                self.asks.push((legend.trim().to_owned(), query.trim().to_owned()));
            }
            "unit" => {
                let (legend, unit) = halves(rest);
                self.units.push((legend.to_owned(), unit.to_owned()));
            }
            "steps" => {
                let step = |step: &str| match step.split_once(':') {
                    Some((bound, colour)) => (colour.to_owned(), Some(bound.parse().unwrap())),
                    None => (step.to_owned(), None),
                };
                self.steps = rest.split(' ').map(step).collect();
            }
            "range" => {
                let (min, max) = rest.split_once(' ').unwrap();
                self.range = Some((min.parse().unwrap(), max.parse().unwrap()));
            }
            "stack" => self.is_stacked = true,
            "repeat" => self.repeat = Some(rest.to_owned()),
            "sort" => self.sort = Some(rest.to_owned()),
            "calc" => self.calc = Some(rest.to_owned()),
            _ => panic!("{}: no word of a panel: {word} {rest}", self.title),
        }
    }
}

fn halves(text: &str) -> (&str, &str) {
    let (first, second) = text.split_once(" | ").unwrap_or_else(|| panic!("no two parts: {text}"));
    (first.trim(), second.trim())
}
