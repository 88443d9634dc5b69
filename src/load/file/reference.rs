//! `${NAME}` and `${NAME:-default}` in texts. `$${` stands for `${`; a dollar before anything else is a dollar.

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    Text(&'a str),
    Reference { name: &'a str, default: Option<&'a str> },
}

/// All pieces in their order; on failure what is wrong.
pub(super) fn pieces(text: &str) -> Result<Vec<Piece<'_>>, &'static str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (before, behind) = rest.split_at(at);
        if let Some(before) = before.strip_suffix('$') {
            pieces.push(Piece::Text(before));
            pieces.push(Piece::Text("${"));
            rest = &behind[2..];
            continue;
        }
        pieces.push(Piece::Text(before));
        let (inner, behind) = behind[2..].split_once('}').ok_or("has ${ without }")?;
        let (name, default) = match inner.split_once(":-") {
            Some((name, default)) => (name.trim(), Some(default)),
            None => (inner.trim(), None),
        };
        if name.is_empty() {
            return Err("has ${} without a name");
        }
        pieces.push(Piece::Reference { name, default });
        rest = behind;
    }
    pieces.push(Piece::Text(rest));
    pieces.retain(|piece| *piece != Piece::Text(""));
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use super::Piece::{Reference, Text};
    use super::*;

    #[test]
    fn pieces_of_every_form() {
        let of = |name, default| Reference { name, default };
        for (text, expected) in [
            ("", vec![]),
            ("plain $5 {x}", vec![Text("plain $5 {x}")]),
            ("${A}/b", vec![of("A", None), Text("/b")]),
            ("x${ A }${B}", vec![Text("x"), of("A", None), of("B", None)]),
            ("${A:-http://h:1/}/b", vec![of("A", Some("http://h:1/")), Text("/b")]),
            ("${A:-}", vec![of("A", Some(""))]),
            ("a$${A}", vec![Text("a"), Text("${"), Text("A}")]),
            ("$$", vec![Text("$$")]),
        ] {
            assert_eq!(pieces(text), Ok(expected), "{text}");
        }
        assert_eq!(pieces("a ${b"), Err("has ${ without }"));
        assert_eq!(pieces("${}"), Err("has ${} without a name"));
        assert_eq!(pieces("${:-x}"), Err("has ${} without a name"));
    }
}
