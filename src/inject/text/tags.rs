//! Tags of YAML's own schema. `!!int "80"` is a number, whatever its quotes say.

use granit_parser::Tag;

use crate::inject::tree::{Scalar, Style};

/// Kinds that a text is not, and what is one of them. Sorted.
const KINDS: [(&str, Check); 4] =
    [("bool", is_truth), ("float", is_float), ("int", is_int), ("null", is_null)];

type Check = fn(&str) -> bool;

/// Refuses what would be lost: a tag that is not of YAML's own schema, or not of this kind of value.
pub(super) fn known(tag: Option<&Tag>, kind: &str) -> Result<(), String> {
    match tag {
        Some(tag) if !tag.is_yaml_core_schema_tag(kind) => Err("has a tag, which no manifest has".to_owned()),
        _ => Ok(()),
    }
}

/// The scalar that the tag makes of a text.
pub(super) fn tagged(tag: Option<&Tag>, mut scalar: Scalar) -> Result<Scalar, String> {
    let Some(tag) = tag else { return Ok(scalar) };
    if tag.is_yaml_core_schema_tag("str") {
        if scalar.style == Style::Plain {
            scalar.style = Style::Double;
        }
        return Ok(scalar);
    }
    let Some((kind, is_one)) = KINDS.iter().find(|(kind, _)| tag.is_yaml_core_schema_tag(kind)) else {
        return known(Some(tag), "str").map(|()| scalar);
    };
    if !is_one(&scalar.text) {
        return Err(format!("{:?} is no {kind}, which its tag says", scalar.text));
    }
    scalar.style = Style::Plain;
    Ok(scalar)
}

fn is_truth(text: &str) -> bool {
    matches!(text, "true" | "True" | "TRUE" | "false" | "False" | "FALSE")
}

fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

fn is_int(text: &str) -> bool {
    let digits = |text: &str, base: u32| !text.is_empty() && text.chars().all(|c| c.is_digit(base));
    match (text.strip_prefix("0x"), text.strip_prefix("0o")) {
        (Some(rest), _) => digits(rest, 16),
        (_, Some(rest)) => digits(rest, 8),
        _ => digits(text.strip_prefix(['+', '-']).unwrap_or(text), 10),
    }
}

/// A number in digits: what is infinite is in no manifest.
fn is_float(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_digit() || "+-.eE".contains(c)) && text.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::super::{Indent, from_yaml, to_json};

    #[test]
    fn a_tag_says_what_a_text_is() {
        let json =
            |text: &str| from_yaml(text).map(|read| read.root.map(|root| to_json(&root, &Indent::None)));
        for (text, said) in [
            ("a: !!int \"80\"\n", r#"{"a":80}"#),
            ("a: !!bool 'true'\n", r#"{"a":true}"#),
            ("a: !!float '1.5'\n", r#"{"a":1.5}"#),
            ("a: !!null ''\n", r#"{"a":null}"#),
            ("a: !!str 80\n", r#"{"a":"80"}"#),
            ("a: !!str '80'\n", r#"{"a":"80"}"#),
            ("a: !!seq [!!int 1]\n", r#"{"a":[1]}"#),
        ] {
            assert_eq!(json(text).unwrap().as_deref(), Some(said), "{text}");
        }
        for text in [
            "a: !!int \"x\"\n",
            "a: !!int 1.5\n",
            "a: !!bool yes\n",
            "a: !!float .inf\n",
            "a: !!null 0\n",
            "a: !!map x\n",
            "a: !!str [x]\n",
            "a: !mine x\n",
        ] {
            assert!(json(text).is_err(), "{text}");
        }
    }
}
