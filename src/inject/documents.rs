//! Documents of a text: each is injected, or comes out to the letter as it went in.
//!
//! A document that changes is written anew: in its form, with the order of its keys, without its comments but those
//! at its head, and with its aliases written out.

use super::plan::{self, State};
use super::select::Consent;
use super::settings::Settings;
use super::text::{Indent, from_json, from_yaml, to_json, to_yaml};
use super::tree::Tree;
use super::workload::pods;

/// What is done to each pod.
#[derive(Clone, Copy, Debug)]
pub enum Work<'a> {
    Inject(&'a Settings),
    Remove,
}

/// A document that is neither YAML nor JSON.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("document {number}, line {line}: {message}")]
pub struct Unreadable {
    /// From 1, empty ones not counted.
    pub number: usize,
    /// Of the text, from 1.
    pub line: usize,
    pub message: String,
}

/// One document of a text, with what stands before it.
struct Piece<'a> {
    /// Markers, comments and empty lines, which stay.
    head: &'a str,
    body: &'a str,
    /// Of the body's first line, from 1.
    line: usize,
}

/// The text with the work done, and remarks for whoever wants to know.
pub fn rewrite(text: &str, work: Work<'_>) -> Result<(String, Vec<String>), Vec<Unreadable>> {
    let mut out = String::new();
    let mut remarks = Vec::new();
    let mut unreadable = Vec::new();
    let mut number = 0;
    for Piece { head, body, line } in pieces(text) {
        out.push_str(head);
        let (before, body) = body.split_at(first_word(body));
        out.push_str(before);
        if body.is_empty() {
            continue;
        }
        let line = line + before.matches('\n').count();
        match document(body, &mut number, line, work, &mut remarks) {
            Ok(written) => {
                // What stood behind the marker has lines of its own now.
                if written != body && before.is_empty() && !head.is_empty() && !head.ends_with('\n') {
                    out.push('\n');
                }
                out.push_str(&written);
            }
            Err(error) => unreadable.push(error),
        }
    }
    if unreadable.is_empty() { Ok((out, remarks)) } else { Err(unreadable) }
}

/// Cuts at markers, which nothing else can look like at the beginning of a line.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let is_marker = |line: &str, marker: &str| {
        line.strip_prefix(marker)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
    };
    let mut pieces = Vec::new();
    let (mut head, mut body, mut line, mut at) = (0, 0, 1, 0);
    let mut close = |head: usize, body: usize, end: usize, line: usize| {
        pieces.push(Piece { head: &text[head..body], body: &text[body..end], line });
    };
    if text.starts_with('\u{feff}') {
        body = '\u{feff}'.len_utf8();
        at = body;
    }
    for (place, content) in text[at..].split_inclusive('\n').enumerate() {
        if is_marker(content, "---") {
            close(head, body, at, line);
            head = at;
            let rest = &content[3..];
            let is_bare = rest.trim_start().is_empty() || rest.trim_start().starts_with('#');
            body = at + if is_bare { content.len() } else { 3 };
            line = place + if is_bare { 2 } else { 1 };
        } else if is_marker(content, "...") {
            close(head, body, at, line);
            (head, body, line) = (at, at + content.len(), place + 2);
        }
        at += content.len();
    }
    close(head, body, text.len(), line);
    pieces
}

/// Where the first line begins that is neither empty nor a comment or directive.
fn first_word(body: &str) -> usize {
    let is_idle = |line: &&str| {
        let line = line.trim_start();
        line.is_empty() || line.starts_with('#')
    };
    // A directive stands at the beginning of its line, where words of a document do not begin with a percent sign.
    let is_idle = |line: &&str| is_idle(line) || line.starts_with('%');
    body.split_inclusive('\n').take_while(is_idle).map(str::len).sum()
}

fn document(
    body: &str,
    number: &mut usize,
    line: usize,
    work: Work<'_>,
    remarks: &mut Vec<String>,
) -> Result<String, Unreadable> {
    let mut as_json = None;
    if body.trim_start().starts_with(['{', '[']) {
        match values(body) {
            Ok(all) => {
                let mut out = String::new();
                let mut end = 0;
                for (from, to, mut tree) in all {
                    *number += 1;
                    out.push_str(&body[end..from]);
                    let is_changed = done(&mut tree, work, remarks);
                    let text = &body[from..to];
                    out.push_str(&if is_changed { to_json(&tree, &indent(text)) } else { text.to_owned() });
                    end = to;
                }
                out.push_str(&body[end..]);
                return Ok(out);
            }
            // It may be YAML in brackets still; if not, this says best what is wrong with what looks like JSON.
            Err((first, at, message)) => {
                let number = *number + first + 1;
                as_json = Some(Unreadable { number, line: line + at - 1, message });
            }
        }
    }
    *number += 1;
    let read = from_yaml(body).map_err(|malformed| {
        as_json.filter(|_| !looks_like_yaml(body)).unwrap_or(Unreadable {
            number: *number,
            line: line + malformed.line.max(1) - 1,
            message: malformed.message,
        })
    })?;
    let Some(mut tree) = read.root else { return Ok(body.to_owned()) };
    let is_changed = done(&mut tree, work, remarks);
    Ok(if is_changed { to_yaml(&tree, read.indents_lists) } else { body.to_owned() })
}

/// JSON values one after the other, with their places; on failure how many were read, the line and why.
type Values = Result<Vec<(usize, usize, Tree)>, (usize, usize, String)>;

fn values(body: &str) -> Values {
    let mut found = Vec::new();
    let mut stream = serde_json::Deserializer::from_str(body).into_iter::<&serde_json::value::RawValue>();
    while let Some(next) = stream.next() {
        let told = |error: &serde_json::Error, lines: usize| {
            let message = error.to_string();
            let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(what, _)| what);
            (found.len(), lines + error.line(), message.to_owned())
        };
        let raw = next.map_err(|error| told(&error, 0))?.get();
        let to = stream.byte_offset();
        let from = to - raw.len();
        let lines = body[..from].matches('\n').count();
        let tree = from_json(raw.as_bytes()).map_err(|error| told(&error, lines))?;
        found.push((from, to, tree));
    }
    Ok(found)
}

/// A brace, and then neither a quote nor the end.
fn looks_like_yaml(body: &str) -> bool {
    !body.trim_start().trim_start_matches(['{', '[']).trim_start().starts_with(['"', '}', ']', '{', '['])
}

/// As the value's second line is; none where it has one line alone.
fn indent(text: &str) -> Indent {
    match text.split_once('\n') {
        Some((_, rest)) => {
            let width = rest.len() - rest.trim_start_matches([' ', '\t']).len();
            Indent::By(if width == 0 { "  ".to_owned() } else { rest[..width].to_owned() })
        }
        None => Indent::None,
    }
}

/// Does the work on every pod of a document; true where something changed.
fn done(root: &mut Tree, work: Work<'_>, remarks: &mut Vec<String>) -> bool {
    let mut is_changed = false;
    for found in pods(root) {
        let path: Vec<&str> = found.path.iter().map(String::as_str).collect();
        let Some(pod) = below(root, &path) else { continue };
        let plan = match work {
            Work::Inject(settings) => plan::inject(pod, found.is_job, Consent::Given, settings),
            Work::Remove => plan::remove(pod),
        };
        let said = match plan.state {
            State::Injected => Some("injected".to_owned()),
            State::Replaced => Some("injected in place of another sidecar of ours".to_owned()),
            State::Removed => Some("removed".to_owned()),
            State::Already => Some("has this sidecar already".to_owned()),
            State::Refused(reason) => Some(format!("left as it is: {reason}")),
            State::NotWanted | State::Undecided => {
                matches!(work, Work::Inject(_)).then(|| "left as it is: it says no".to_owned())
            }
            State::Kept => None,
        };
        remarks.extend(said.into_iter().chain(plan.warnings).map(|said| format!("{}: {said}", found.name)));
        for operation in plan.operations {
            operation.below(&found.path).apply(root);
            is_changed = true;
        }
    }
    is_changed
}

/// What stands below these keys and places.
fn below<'a>(root: &'a Tree, path: &[&str]) -> Option<&'a Tree> {
    path.iter().try_fold(root, |tree, key| match tree {
        Tree::List(list) => list.items.get(key.parse::<usize>().ok()?),
        _ => tree.get(key),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn removed(text: &str) -> Result<String, String> {
        let told = |all: Vec<Unreadable>| all.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        rewrite(text, Work::Remove).map(|(text, _)| text).map_err(told)
    }

    #[test]
    fn what_nobody_changes_stays_to_the_letter() {
        for text in [
            "",
            "# only this\n",
            "---\n",
            "%YAML 1.2\n---\nkind: X # why\n...\n---   # more\n\nkind:   Y",
            "\u{feff}kind: X\r\n---\r\nkind: Y\r\n",
            "{\"kind\":\"X\"}\n{\"kind\": \"Y\"}  \n",
            "--- {kind: X, a: [1]}\n--- text\n",
            "- 1\n- 2\n",
            "a: |\n  --- not a marker\n  ... nor this\nb: ---x\n",
        ] {
            assert_eq!(removed(text).as_deref(), Ok(text));
        }
    }

    #[test]
    fn what_cannot_be_read_is_named_and_all_of_it() {
        for (text, told) in [
            ("kind: X\n---\n# empty\n---\na: [\n---\nb: {\n", "document 2, line 5: \ndocument 3, line 7: "),
            ("{\"a\": 1}\n{\"b\": }\n", "document 2, line 2: expected value"),
            ("\n{\"a\": 1,\n \"a\": 2}\n", "document 1, line 3: key \"a\" stands here a second time"),
            ("kind: X\na: 1\na: 2\n", "document 1, line 3: key \"a\" stands here a second time"),
            ("---\nkind: X\n--- {a: 1, a: 2}\n", "document 2, line 3: key \"a\" stands here a second time"),
        ] {
            let said = removed(text).unwrap_err();
            for (said, told) in said.lines().zip(told.lines()) {
                assert!(said.starts_with(told), "{said}\n{told}");
            }
            assert_eq!(said.lines().count(), told.lines().count(), "{said}");
        }
    }
}
