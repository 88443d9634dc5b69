//! YAML to a tree. Bounded in size and depth, aliases included, so that no text can exhaust the memory or stack.

use std::collections::{BTreeMap, HashSet};

use granit_parser::{Event, Parser, ScalarStyle, StructureStyle};

use super::merge::merged;
use super::tags::{known, tagged};
use crate::inject::tree::{List, Map, Scalar, Style, Tree};

/// Deeper is nobody's.
const MOST_DEPTH: usize = 128;
/// With everything that aliases repeat.
const MOST_NODES: usize = 1_000_000;

/// Where a text stops being YAML that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::inject) struct Malformed {
    /// From 1.
    pub(in crate::inject) line: usize,
    pub(in crate::inject) message: String,
}

/// One document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::inject) struct Read {
    /// `None` where there are only comments.
    pub(in crate::inject) root: Option<Tree>,
    /// Lists stand further right than the key that they belong to.
    pub(in crate::inject) indents_lists: bool,
}

struct Finished {
    tree: Tree,
    depth: usize,
    size: usize,
}

struct Open {
    anchor: usize,
    depth: usize,
    size: usize,
    column: usize,
    kind: Kind,
}

enum Kind {
    List(List),
    /// With the key that waits for its value, and all that were there.
    Map(Map, Option<Scalar>, HashSet<String>),
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    anchors: BTreeMap<usize, Finished>,
    root: Option<Tree>,
    size: usize,
    indents_lists: Option<bool>,
}

/// The one document of a text without markers.
pub(in crate::inject) fn from_yaml(text: &str) -> Result<Read, Malformed> {
    let mut builder = Builder::default();
    for next in Parser::new_from_str(text) {
        let (event, span) =
            next.map_err(|error| Malformed { line: error.marker().line(), message: error.info() })?;
        let (line, column) = (span.start.line(), span.start.col());
        // The parser has a word for what was not written.
        let event = match event {
            Event::Scalar(_, ScalarStyle::Plain, anchor, tag) if span.start.index() == span.end.index() => {
                Event::Scalar("".into(), ScalarStyle::Plain, anchor, tag)
            }
            other => other,
        };
        builder.look(column);
        builder.take(event, column).map_err(|message| Malformed { line, message })?;
    }
    let root = builder.root.filter(|root| !root.is_null());
    Ok(Read { root, indents_lists: builder.indents_lists.unwrap_or(true) })
}

impl Builder {
    /// Where the first item of the first list below a key stands: behind its dash, which may stand below the key.
    fn look(&mut self, column: usize) {
        if let [.., Open { column: of_map, kind: Kind::Map(..), .. }, Open { kind: Kind::List(list), .. }] =
            self.open.as_slice()
            && !list.is_flow
            && list.items.is_empty()
        {
            self.indents_lists.get_or_insert(column > of_map + 2);
        }
    }

    fn take(&mut self, event: Event<'_>, column: usize) -> Result<(), String> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let style = match style {
                    ScalarStyle::Plain => Style::Plain,
                    ScalarStyle::SingleQuoted => Style::Single,
                    ScalarStyle::DoubleQuoted => Style::Double,
                    ScalarStyle::Literal | ScalarStyle::Folded => Style::Literal,
                };
                let scalar = tagged(tag.as_deref(), Scalar { text: text.into_owned(), style })?;
                self.grow(1)?;
                self.finish(Finished { tree: Tree::Scalar(scalar), depth: 0, size: 1 }, anchor)
            }
            Event::SequenceStart(style, anchor, tag) => {
                known(tag.as_deref(), "seq")?;
                let is_flow = style == StructureStyle::Flow;
                self.open(anchor, column, Kind::List(List { items: Vec::new(), is_flow }))
            }
            Event::MappingStart(style, anchor, tag) => {
                known(tag.as_deref(), "map")?;
                let is_flow = style == StructureStyle::Flow;
                self.open(
                    anchor,
                    column,
                    Kind::Map(Map { entries: Vec::new(), is_flow }, None, HashSet::new()),
                )
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(open) = self.open.pop() else { return Ok(()) };
                let tree = match open.kind {
                    Kind::List(list) => Tree::List(list),
                    Kind::Map(map, ..) => Tree::Map(merged(map)?),
                };
                self.grow(1)?;
                self.finish(Finished { tree, depth: open.depth + 1, size: open.size + 1 }, open.anchor)
            }
            Event::Alias(anchor) => {
                let found = self.anchors.get(&anchor).ok_or("an alias stands inside of what it repeats")?;
                if self.size + found.size > MOST_NODES {
                    return Err("aliases repeat too much".to_owned());
                }
                self.size += found.size;
                let copy = Finished { tree: found.tree.clone(), depth: found.depth, size: found.size };
                self.finish(copy, 0)
            }
            _ => Ok(()),
        }
    }

    fn open(&mut self, anchor: usize, column: usize, kind: Kind) -> Result<(), String> {
        if self.open.len() >= MOST_DEPTH {
            return Err(format!("is nested deeper than {MOST_DEPTH} levels"));
        }
        self.open.push(Open { anchor, depth: 0, size: 0, column, kind });
        Ok(())
    }

    /// Counts values; what is in a collection was counted when it came.
    fn grow(&mut self, values: usize) -> Result<(), String> {
        self.size += values;
        if self.size > MOST_NODES { Err(format!("holds more than {MOST_NODES} values")) } else { Ok(()) }
    }

    fn finish(&mut self, Finished { tree, depth, size }: Finished, anchor: usize) -> Result<(), String> {
        if depth + self.open.len() > MOST_DEPTH {
            return Err(format!("is nested deeper than {MOST_DEPTH} levels"));
        }
        if anchor != 0 {
            // What has a name is kept twice.
            self.grow(size)?;
            self.anchors.insert(anchor, Finished { tree: tree.clone(), depth, size });
        }
        let Some(open) = self.open.last_mut() else {
            if self.root.replace(tree).is_some() {
                return Err("a second document begins without a marker".to_owned());
            }
            return Ok(());
        };
        open.depth = open.depth.max(depth);
        open.size += size;
        match &mut open.kind {
            Kind::List(list) => list.items.push(tree),
            Kind::Map(map, waiting, keys) => match (waiting.take(), tree) {
                (Some(key), tree) => map.entries.push((key, tree)),
                (None, Tree::Scalar(key)) => {
                    if !keys.insert(key.text.clone()) {
                        return Err(format!("key {:?} stands here a second time", key.text));
                    }
                    *waiting = Some(key);
                }
                (None, _) => return Err("a key must be a text".to_owned()),
            },
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_keep_their_style_and_lists_their_place() {
        let read = from_yaml("a: 0x1F\nb: 'x'\nc:\n- |\n  y\n").unwrap();
        let root = read.root.unwrap();
        assert_eq!(root.get("a"), Some(&Tree::plain("0x1F")));
        assert_eq!(root.get("b").unwrap().as_scalar().unwrap().style, Style::Single);
        assert_eq!(root.get("c").unwrap().items()[0].as_text(), Some("y\n"));
        assert!(!read.indents_lists);
        assert!(from_yaml("a:\n  - b\n").unwrap().indents_lists);
        assert_eq!(from_yaml("# nothing\n").unwrap().root, None);
    }

    #[test]
    fn what_cannot_be_used_names_its_line() {
        let line = |level: u32| {
            let below = format!("*a{}", level - 1);
            format!("a{level}: &a{level} [{}]\n", [below.as_str(); 9].join(", "))
        };
        let bomb: String = (1..9).map(line).collect();
        let bomb = format!("a0: &a0 [x, x, x, x, x, x, x, x, x]\n{bomb}");
        for (text, line, message) in [
            ("a: 1\na: 2\n", 2, "a second time"),
            ("? [a]\n: b\n", 1, "a key must be a text"),
            ("a: !mine b\n", 1, "has a tag"),
            (bomb.as_str(), 6, "holds more than 1000000 values"),
        ] {
            let malformed = from_yaml(text).unwrap_err();
            assert!(malformed.message.contains(message), "{malformed:?}");
            assert_eq!(malformed.line, line, "{malformed:?}");
        }
        let deep = "[".repeat(200) + &"]".repeat(200);
        assert!(from_yaml(&deep).is_err());
    }

    #[test]
    fn values_are_counted_once_however_deep_they_are() {
        let (open, close) = ("[".repeat(100), "]".repeat(100));
        let values = "x, ".repeat(20_000);
        assert!(from_yaml(&format!("{open}{values}{close}\n")).is_ok());
    }
}
