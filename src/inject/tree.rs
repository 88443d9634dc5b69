//! An ordered tree that keeps how its scalars were written, so that what nobody changes stays as it was.

/// One value of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tree {
    Scalar(Scalar),
    List(List),
    Map(Map),
}

/// A text, number, truth or null, as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scalar {
    pub text: String,
    pub style: Style,
}

/// How a scalar was written. All but the plain ones are texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Plain,
    Single,
    Double,
    /// YAML's `|`, and `>`, whose lines are joined already.
    Literal,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List {
    pub items: Vec<Tree>,
    /// Written in brackets.
    pub is_flow: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Map {
    pub entries: Vec<(Scalar, Tree)>,
    /// Written in braces.
    pub is_flow: bool,
}

impl Scalar {
    pub fn is_null(&self) -> bool {
        self.style == Style::Plain && matches!(self.text.as_str(), "" | "~" | "null" | "Null" | "NULL")
    }

    /// A key or text of ours: plain where nothing can be misread.
    fn of(text: &str) -> Scalar {
        let is_safe = |c: char| c.is_ascii_alphanumeric() || "_./:-".contains(c);
        let begins = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
        let is_word = begins && text.chars().all(is_safe) && !text.ends_with(':');
        let style = match text {
            _ if is_word && !is_reserved(text) => Style::Plain,
            // Saves escapes.
            _ if text.contains('"') => Style::Single,
            _ => Style::Double,
        };
        Scalar { text: text.to_owned(), style }
    }
}

/// Words that some reader of YAML takes for something else than a text.
fn is_reserved(text: &str) -> bool {
    const WORDS: [&str; 9] = ["false", "n", "no", "null", "off", "on", "true", "y", "yes"];
    WORDS.contains(&text.to_ascii_lowercase().as_str())
}

impl Tree {
    /// A text of ours.
    pub fn text(text: &str) -> Tree {
        Tree::Scalar(Scalar::of(text))
    }

    /// A text of ours in quotes, whatever it holds; in single ones where that saves escapes.
    pub fn quoted(text: &str) -> Tree {
        let style = if text.contains('"') { Style::Single } else { Style::Double };
        Tree::Scalar(Scalar { text: text.to_owned(), style })
    }

    /// A number, truth or null.
    pub fn plain(value: impl std::fmt::Display) -> Tree {
        Tree::Scalar(Scalar { text: value.to_string(), style: Style::Plain })
    }

    pub fn map(entries: Vec<(&str, Tree)>) -> Tree {
        let entries = entries.into_iter().map(|(key, value)| (Scalar::of(key), value)).collect();
        Tree::Map(Map { entries, is_flow: false })
    }

    pub fn list(items: Vec<Tree>) -> Tree {
        Tree::List(List { items, is_flow: false })
    }

    /// Whatever is no list or map.
    pub fn as_scalar(&self) -> Option<&Scalar> {
        match self {
            Tree::Scalar(scalar) if !scalar.is_null() => Some(scalar),
            _ => None,
        }
    }

    /// The text of a scalar that is not null.
    pub fn as_text(&self) -> Option<&str> {
        self.as_scalar().map(|scalar| scalar.text.as_str())
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Tree::Scalar(scalar) if scalar.is_null())
    }

    pub fn is_true(&self) -> bool {
        self.as_scalar().is_some_and(|scalar| scalar.style == Style::Plain && scalar.text == "true")
    }

    /// The value of a key; null counts as absent.
    pub fn get(&self, key: &str) -> Option<&Tree> {
        self.entry(key).filter(|value| !value.is_null())
    }

    /// The value of a key, null or not.
    pub fn entry(&self, key: &str) -> Option<&Tree> {
        self.entries().iter().find(|(known, _)| known.text == key).map(|(_, value)| value)
    }

    /// What stands below these keys.
    pub fn at(&self, path: &[&str]) -> Option<&Tree> {
        path.iter().try_fold(self, |tree, key| tree.get(key))
    }

    pub fn text_at(&self, path: &[&str]) -> Option<&str> {
        self.at(path)?.as_text()
    }

    /// Of a list; empty where it is none.
    pub fn items(&self) -> &[Tree] {
        match self {
            Tree::List(list) => &list.items,
            _ => &[],
        }
    }

    /// Of a map; empty where it is none.
    pub fn entries(&self) -> &[(Scalar, Tree)] {
        match self {
            Tree::Map(map) => &map.entries,
            _ => &[],
        }
    }

    /// The same values, whatever the order of keys and the way they were written.
    pub fn means(&self, other: &Tree) -> bool {
        match (self, other) {
            (Tree::Scalar(one), Tree::Scalar(two)) => {
                let is_plain = |scalar: &Scalar| scalar.style == Style::Plain && !is_plainly_text(scalar);
                one.is_null() && two.is_null() || one.text == two.text && is_plain(one) == is_plain(two)
            }
            (Tree::List(one), Tree::List(two)) => {
                one.items.len() == two.items.len()
                    && one.items.iter().zip(&two.items).all(|(one, two)| one.means(two))
            }
            (Tree::Map(one), Tree::Map(two)) => {
                let has = |(key, value): &(Scalar, Tree)| {
                    other.entry(&key.text).is_some_and(|two| value.means(two))
                };
                one.entries.len() == two.entries.len() && one.entries.iter().all(has)
            }
            _ => false,
        }
    }
}

/// Without quotes, and yet a text for every reader.
fn is_plainly_text(scalar: &Scalar) -> bool {
    let text = scalar.text.as_str();
    !scalar.is_null() && !is_reserved(text) && !is_number(text) && !text.starts_with(['.', '+', '-'])
}

/// What a reader may take for a number: all that begins with a digit or a sign before one.
fn is_number(text: &str) -> bool {
    text.trim_start_matches(['+', '-']).starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_stand_where_something_else_would_be_read() {
        for (text, style) in [
            ("web-0", Style::Plain),
            ("metadata.name", Style::Plain),
            ("registry.example/podometer:1", Style::Plain),
            ("/sys/fs/cgroup", Style::Plain),
            ("a:", Style::Double),
            ("true", Style::Double),
            ("No", Style::Double),
            ("9758", Style::Double),
            ("", Style::Double),
            ("a: b", Style::Double),
        ] {
            assert_eq!(Scalar::of(text).style, style, "{text}");
        }
    }

    #[test]
    fn meaning_is_what_counts() {
        let map = |entries| Tree::map(entries);
        let one = map(vec![("a", Tree::plain(1)), ("b", Tree::plain("~"))]);
        let two = map(vec![("b", Tree::plain("null")), ("a", Tree::plain(1))]);
        assert!(one.means(&two));
        assert!(
            !one.means(&map(vec![("a", Tree::text("1")), ("b", Tree::plain("~"))])),
            "a text is no number"
        );
        assert!(!one.means(&map(vec![("a", Tree::plain(1))])));
        let quoted = Tree::Scalar(Scalar { text: "web".to_owned(), style: Style::Single });
        assert!(quoted.means(&Tree::text("web")));
        assert!(one.get("b").is_none() && one.entry("b").is_some());
    }
}
