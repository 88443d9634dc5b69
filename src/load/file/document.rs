//! YAML text to nodes. Bounded in size and depth, aliases included, so that no file can exhaust the memory or stack.

use std::collections::BTreeMap;

use granit_parser::{Event, Parser, ScalarStyle, Span};

use super::node::{Entry, Node, Place, Value};

/// Deeper is nobody's.
const MOST_DEPTH: usize = 64;
/// With everything that aliases repeat.
const MOST_NODES: usize = 200_000;

/// Where the text stops being YAML that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Malformed {
    pub(super) place: Place,
    pub(super) message: String,
}

/// A node that may be repeated, with what it costs.
struct Finished {
    node: Node,
    depth: usize,
    size: usize,
}

/// A map or list under construction.
struct Open {
    place: Place,
    anchor: usize,
    depth: usize,
    size: usize,
    kind: OpenKind,
}

enum OpenKind {
    List(Vec<Node>),
    /// With the key that waits for its value.
    Map(Vec<Entry>, Option<(String, Place)>),
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    anchors: BTreeMap<usize, Finished>,
    root: Option<Node>,
    size: usize,
}

/// The one document of the text; `None` where it holds nothing but comments.
pub(super) fn parse(text: &str) -> Result<Option<Node>, Malformed> {
    let mut builder = Builder::default();
    let mut documents = 0;
    for next in Parser::new_from_str(text) {
        let (event, span) = next.map_err(|error| {
            let marker = error.marker();
            let place = Place { line: marker.line(), column: marker.col() + 1 };
            Malformed { place, message: error.info() }
        })?;
        if matches!(event, Event::DocumentStart(..)) {
            documents += 1;
            if documents > 1 {
                let message = "a second document begins; a load test is one".to_owned();
                return Err(Malformed { place: place_of(&span), message });
            }
        }
        builder.take(event, place_of(&span))?;
    }
    Ok(builder.root.filter(|root| !root.is_null()))
}

fn place_of(span: &Span) -> Place {
    Place { line: span.start.line(), column: span.start.col() + 1 }
}

impl Builder {
    fn take(&mut self, event: Event<'_>, place: Place) -> Result<(), Malformed> {
        let malformed = |message: &str| Malformed { place, message: message.to_owned() };
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let is_text = tag.is_some_and(|tag| tag.is_yaml_core_schema_tag("str"));
                let is_plain = style == ScalarStyle::Plain && !is_text;
                let value = Value::Scalar { text: text.into_owned(), is_plain };
                self.finish(Finished { node: Node { place, value }, depth: 0, size: 1 }, anchor)
            }
            Event::SequenceStart(_, anchor, _) => {
                self.open(place, anchor, OpenKind::List(Vec::new()));
                Ok(())
            }
            Event::MappingStart(_, anchor, _) => {
                self.open(place, anchor, OpenKind::Map(Vec::new(), None));
                Ok(())
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(open) = self.open.pop() else { return Ok(()) };
                let value = match open.kind {
                    OpenKind::List(items) => Value::List(items),
                    OpenKind::Map(entries, _) => Value::Map(entries),
                };
                let node = Node { place: open.place, value };
                self.finish(Finished { node, depth: open.depth + 1, size: open.size + 1 }, open.anchor)
            }
            Event::Alias(anchor) => {
                let found = self.anchors.get(&anchor);
                let found = found.ok_or_else(|| malformed("an alias stands inside of what it repeats"))?;
                if self.size + found.size > MOST_NODES {
                    return Err(malformed("aliases repeat too much"));
                }
                // A complaint about what is repeated names the place where it is written.
                let copy = Finished { node: found.node.clone(), depth: found.depth, size: found.size };
                self.finish(copy, 0)
            }
            _ => Ok(()),
        }
    }

    fn open(&mut self, place: Place, anchor: usize, kind: OpenKind) {
        self.open.push(Open { place, anchor, depth: 0, size: 0, kind });
    }

    fn finish(&mut self, finished: Finished, anchor: usize) -> Result<(), Malformed> {
        let place = finished.node.place;
        let malformed = |message: String| Malformed { place, message };
        if finished.depth + self.open.len() > MOST_DEPTH {
            return Err(malformed(format!("is nested deeper than {MOST_DEPTH} levels")));
        }
        self.size += finished.size;
        if self.size > MOST_NODES {
            return Err(malformed(format!("holds more than {MOST_NODES} values")));
        }
        let Finished { node, depth, size } = finished;
        if anchor != 0 {
            self.anchors.insert(anchor, Finished { node: node.clone(), depth, size });
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        open.depth = open.depth.max(depth);
        open.size += size;
        match &mut open.kind {
            OpenKind::List(items) => items.push(node),
            OpenKind::Map(entries, waiting) => match waiting.take() {
                Some((key, place)) => entries.push(Entry { key, place, node }),
                None => match node.value {
                    Value::Scalar { text, .. } => {
                        if let Some(first) = entries.iter().find(|entry| entry.key == text) {
                            let message = format!(
                                "{text} stands here a second time; first in line {}",
                                first.place.line
                            );
                            return Err(malformed(message));
                        }
                        *waiting = Some((text, place));
                    }
                    _ => return Err(malformed("a key must be a text".to_owned())),
                },
            },
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_of_the_text() {
        let text = "# head\na: 1\nb:\n  - x\n  - {c: \"é\", d: [1, '2']}\ne: &e {f: g}\nh: *e\n";
        let root = parse(text).unwrap().unwrap();
        for (path, place) in [
            ("a", Some((2, 4))),
            ("b", Some((3, 1))),
            ("b[0]", Some((4, 5))),
            ("b[1].c", Some((5, 9))),
            ("b[1].d[1]", Some((5, 21))),
            ("b[1].x", Some((5, 5))),
            ("e.f", Some((6, 11))),
            ("h", Some((7, 1))),
            ("h.f", Some((6, 11))),
            ("z", None),
        ] {
            let found = root.place_of(path).map(|place| (place.line, place.column));
            assert_eq!(found, place, "{path}");
        }
    }

    #[test]
    fn quotes_make_texts() {
        let root = parse("[null, 'null', ~, !!str null, 5, '5']").unwrap().unwrap();
        let Value::List(items) = &root.value else { panic!("{root:?}") };
        assert_eq!(
            items.iter().map(Node::is_null).collect::<Vec<_>>(),
            [true, false, true, false, false, false]
        );
        assert_eq!(parse("# nothing\n"), Ok(None));
        assert_eq!(parse("---\n"), Ok(None));
    }

    #[test]
    fn what_cannot_be_used_names_its_place() {
        let bomb = {
            let line = |level: u32| {
                let below = format!("*a{}", level - 1);
                format!("a{level}: &a{level} [{}]\n", [below.as_str(); 9].join(", "))
            };
            let lines: String = (1..9).map(line).collect();
            format!("a0: &a0 [x, x, x, x, x, x, x, x, x]\n{lines}")
        };
        for (text, place, message) in [
            ("a: 1\na: 2\n", (2, 1), "a stands here a second time; first in line 1"),
            ("a: 1\n---\nb: 2\n", (2, 1), "a second document begins; a load test is one"),
            ("? [a]\n: b\n", (1, 3), "a key must be a text"),
            (bomb.as_str(), (6, 10), "aliases repeat too much"),
        ] {
            let malformed = parse(text).unwrap_err();
            let found = (malformed.place.line, malformed.place.column);
            assert_eq!((found, malformed.message.as_str()), (place, message), "{text}");
        }
        let deep = "[".repeat(70) + &"]".repeat(70);
        assert!(parse(&deep).unwrap_err().message.contains("deeper than 64"));
        assert!(parse("a: [1").is_err());
        assert!(parse("a: *x").is_err());
    }
}
