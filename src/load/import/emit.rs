//! What was understood, as the nodes of a file.

use super::plan::{Body, Kept, KeptValue, Line, Request, Sample, Step, Steps};
use super::script::Around;
use super::source::Source;
use super::translator::Translator;
use super::tree::Extent;
use super::yaml::{Node, Yaml};

/// Makes nodes, and numbers those that can go alone.
pub(super) struct Emitter<'t> {
    requests: &'t [Request],
    kept: &'t [Kept],
    source: &'t Source<'t>,
    /// Where each of them stands in the script.
    pub(super) units: Vec<Extent>,
}

/// The whole file but for its head.
pub(super) fn emit(
    translator: &mut Translator<'_>,
    around: &Around,
    source: &Source<'_>,
) -> (Vec<Node>, Vec<Extent>) {
    let options = translator.written_options(&|at| source.line(at));
    let mut emitter =
        Emitter { requests: &translator.requests, kept: &translator.kept, source, units: Vec::new() };
    let mut nodes = Vec::new();
    let env = translator.env.iter().map(|(name, default)| match default {
        Some(default) => Node::new(name.clone(), Yaml::text(default.clone())),
        // So it is in the script, too.
        None => Node {
            comments: vec![format!("the script gives {name} no default")],
            ..Node::new(name.clone(), Yaml::text("undefined"))
        },
    });
    let env: Vec<Node> = env.collect();
    if !env.is_empty() {
        nodes.push(Node::new("env", Yaml::Map(env)));
    }
    let metrics: Vec<Node> = translator
        .metrics
        .iter()
        .map(|metric| {
            let value = if metric.is_time {
                Yaml::map([("type", Yaml::text(metric.kind)), ("contains", Yaml::text("time"))])
            } else {
                Yaml::text(metric.kind)
            };
            emitter.unit(Node::new(metric.name.clone(), value), metric.at)
        })
        .collect();
    if !metrics.is_empty() {
        nodes.push(Node::new("metrics", Yaml::Map(metrics)));
    }
    let data: Vec<Node> = translator
        .data
        .iter()
        .map(|data| {
            let extension =
                data.file.rsplit_once('.').map_or("", |(_, extension)| extension).to_ascii_lowercase();
            let format = translator.formats.get(&data.file).copied().filter(|format| *format != extension);
            let mut pairs = vec![("file", Yaml::text(super::value::escaped(&data.file)))];
            pairs.extend(format.map(|format| ("format", Yaml::text(format))));
            pairs.push(("order", Yaml::text(data.order)));
            emitter.unit(Node::new(data.name.clone(), Yaml::map(pairs)), data.at)
        })
        .collect();
    if !data.is_empty() {
        nodes.push(Node::new("data", Yaml::Map(data)));
    }
    nodes.extend(options.into_iter().map(|node| emitter.option(node)));
    if let Some((at, steps)) = &around.setup {
        nodes.push(emitter.steps_under("setup", *at, steps));
    }
    let flows: Vec<Node> =
        translator.flows.iter().map(|(name, at, steps)| emitter.steps_under(name, *at, steps)).collect();
    nodes.push(Node::new("flows", Yaml::Map(flows)));
    if let Some((at, steps)) = &around.teardown {
        nodes.push(emitter.steps_under("teardown", *at, steps));
    }
    (nodes, emitter.units)
}

impl Emitter<'_> {
    fn unit(&mut self, node: Node, at: Extent) -> Node {
        self.units.push(at);
        Node { unit: Some(self.units.len() - 1), line: Some(self.source.line(at)), ..node }
    }

    /// Scenarios and thresholds go one by one, other options as they are.
    fn option(&mut self, node: Node) -> Node {
        let at = Extent::default();
        let number = |node: Node, emitter: &mut Self| {
            emitter.units.push(at);
            Node { unit: Some(emitter.units.len() - 1), ..node }
        };
        match node.value {
            Some(Yaml::Map(entries))
                if matches!(node.key.as_str(), "scenarios" | "thresholds" | "options") =>
            {
                let entries = entries.into_iter().map(|entry| number(entry, self)).collect();
                Node { value: Some(Yaml::Map(entries)), ..node }
            }
            _ => number(node, self),
        }
    }

    fn steps_under(&mut self, key: &str, at: Extent, steps: &Steps) -> Node {
        Node { line: Some(self.source.line(at)), ..Node::new(key, self.steps(steps)) }
    }

    fn steps(&mut self, steps: &Steps) -> Yaml {
        let mut nodes: Vec<Node> = Vec::new();
        for line in steps {
            if let Some(node) = self.step(line) {
                let comments = [line.comments.clone(), node.comments.clone()].concat();
                nodes.push(Node { comments, ..self.unit(node, line.at) });
            } else if !line.comments.is_empty() {
                nodes.push(Node { comments: line.comments.clone(), ..Node::default() });
            }
        }
        Yaml::List(nodes)
    }

    fn step(&mut self, line: &Line) -> Option<Node> {
        let one = |key: &str, value| Node::item(Yaml::map([(key.to_owned(), value)]));
        Some(match line.step.as_ref()? {
            Step::Request(id) => self.request(*id),
            Step::Group(name, steps) => Node::item(Yaml::Map(vec![
                Node::new("group", Yaml::text(name.clone())),
                Node::new("steps", self.steps(steps)),
            ])),
            Step::Repeat(times, steps) => Node::item(Yaml::Map(vec![
                Node::new("repeat", Yaml::bare(times)),
                Node::new("steps", self.steps(steps)),
            ])),
            Step::Sleep(pause) => {
                one("sleep", if pause.contains('$') { Yaml::text(pause.clone()) } else { Yaml::bare(pause) })
            }
            Step::Batch(ids) => {
                let requests = ids.iter().map(|id| self.request(*id)).collect();
                one("batch", Yaml::List(requests))
            }
            Step::Mix(branches) => one("mix", self.mix(branches)),
            Step::Kept(id) => match &self.kept[*id].value {
                None => return None,
                Some(KeptValue::Text(text)) => {
                    one("set", texts(&[(self.kept[*id].name.clone(), text.written()?)]))
                }
                Some(KeptValue::OneOf(choices)) => {
                    let choice = |pairs: &Vec<(String, String)>| {
                        let set = Yaml::map([("set", texts(pairs))]);
                        Node::item(Yaml::map([("weight", Yaml::bare(&1)), ("steps", Yaml::list([set]))]))
                    };
                    one("mix", Yaml::List(choices.iter().map(choice).collect()))
                }
            },
            Step::Record(metric, sample) => {
                let sample = if sample.parse::<f64>().is_ok() {
                    Yaml::bare(sample)
                } else {
                    Yaml::text(sample.clone())
                };
                one("record", Yaml::map([(metric.clone(), sample)]))
            }
            Step::Fail(message) => one("fail", Yaml::text(message.clone())),
            Step::Abort(message) => one("abort", Yaml::text(message.clone())),
            Step::Flow(name) => one("flow", Yaml::text(name.clone())),
        })
    }

    /// Names of flows with their weights where that is all, else steps.
    fn mix(&mut self, branches: &[(u32, Steps)]) -> Yaml {
        let flow = |steps: &Steps| match &steps[..] {
            [Line { step: Some(Step::Flow(name)), comments, .. }] if comments.is_empty() => {
                Some(name.clone())
            }
            _ => None,
        };
        let names: Option<Vec<(String, Yaml)>> =
            branches.iter().map(|(weight, steps)| Some((flow(steps)?, Yaml::bare(weight)))).collect();
        if let Some(names) = names {
            let is_distinct = names
                .iter()
                .enumerate()
                .all(|(at, (name, _))| names[..at].iter().all(|(other, _)| other != name));
            if is_distinct {
                return Yaml::map(names);
            }
        }
        let branch = |(weight, steps): &(u32, Steps)| {
            let weight = Node::new("weight", Yaml::bare(weight));
            let body = match flow(steps) {
                Some(name) => Node::new("flow", Yaml::text(name)),
                None => Node::new("steps", self.steps(steps)),
            };
            Node::item(Yaml::Map(vec![weight, body]))
        };
        Yaml::List(branches.iter().map(branch).collect())
    }

    fn request(&self, id: usize) -> Node {
        let request = &self.requests[id];
        let mut nodes = vec![Node::new(request.method, Yaml::text(request.url.clone()))];
        let mut add = |key: &str, value: Yaml| nodes.push(Node::new(key, value));
        if let Some(name) = &request.name {
            add("name", Yaml::text(name.clone()));
        }
        for (key, pairs) in
            [("headers", &request.headers), ("cookies", &request.cookies), ("tags", &request.tags)]
        {
            if !pairs.is_empty() {
                add(key, texts(pairs));
            }
        }
        if let Some((user, password)) = &request.auth {
            let basic =
                Yaml::map([("user", Yaml::text(user.clone())), ("password", Yaml::text(password.clone()))]);
            add("auth", Yaml::map([("basic", basic)]));
        }
        match &request.body {
            None => {}
            Some(Body::Text(text)) => add("body", Yaml::text(text.clone())),
            Some(Body::File(file)) => {
                add("body", Yaml::map([("file", Yaml::text(super::value::escaped(file)))]));
            }
            Some(Body::Json(yaml)) => add("json", yaml.clone()),
            Some(Body::Form(pairs)) => {
                let value = |values: &Vec<String>| match &values[..] {
                    [one] => Yaml::text(one.clone()),
                    all => Yaml::list(all.iter().cloned().map(Yaml::Text)),
                };
                add("form", Yaml::map(pairs.iter().map(|(name, values)| (name.clone(), value(values)))));
            }
        }
        if let Some(most) = request.redirects {
            add("redirects", Yaml::bare(&most));
        }
        if let Some(timeout) = &request.timeout {
            add("timeout", Yaml::bare(timeout));
        }
        if let Some(expect) = &request.expect {
            add("expect", Yaml::list(expect.iter().map(Yaml::bare)));
        }
        if !request.checks.is_empty() {
            let check = |(name, claims): &(String, Vec<super::claim::Claim>)| {
                let name = ("name".to_owned(), Yaml::text(name.clone()));
                Yaml::map([name].into_iter().chain(claims.iter().map(super::claim::Claim::written)))
            };
            add("check", Yaml::list(request.checks.iter().map(check)));
        }
        if !request.extract.is_empty() {
            add("extract", Yaml::map(request.extract.iter().cloned()));
        }
        let samples = request.records.iter().filter_map(|(name, sample)| match sample {
            Sample::Known(word) => Some((name.clone(), Yaml::text(word.clone()))),
            Sample::Holds { .. } => None,
        });
        let samples: Vec<(String, Yaml)> = samples.collect();
        if !samples.is_empty() {
            add("record", Yaml::map(samples));
        }
        Node {
            comments: request.comments.clone(),
            line: Some(self.source.line(request.at)),
            ..Node::item(Yaml::Map(nodes))
        }
    }
}

fn texts(pairs: &[(String, String)]) -> Yaml {
    Yaml::map(pairs.iter().map(|(name, text)| (name.clone(), Yaml::text(text.clone()))))
}
