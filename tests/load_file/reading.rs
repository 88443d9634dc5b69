//! Files that stand in memory, and an environment of two words.

use std::io;
use std::path::Path;

use podometer::load::file::{File, Surroundings};
use podometer::load::shortcuts::Shortcuts;

/// What stands beside the file.
const FILES: [(&str, &str); 4] = [
    ("tests/users.csv", "email,password\na@x,one\nb@x,\"t,wo\"\n"),
    ("tests/ragged.csv", "a,b\n1,2\n3\n"),
    ("tests/items.json", r#"[{"id": 7, "name": "x"}, {"id": 8, "name": "y"}]"#),
    ("tests/body.txt", "as it is: ${NOT}"),
];

pub(crate) fn variable(name: &str) -> Option<String> {
    match name {
        "HOST" => Some("http://h:1".to_owned()),
        "WORD" => Some("of the \"environment\"".to_owned()),
        _ => None,
    }
}

pub(crate) fn file(path: &Path) -> io::Result<Vec<u8>> {
    let found = FILES.iter().find(|(name, _)| Path::new(name) == path);
    found.map(|(_, text)| text.as_bytes().to_vec()).ok_or_else(|| io::ErrorKind::NotFound.into())
}

pub(crate) fn read_with(text: &str, overrides: Shortcuts) -> Result<File, String> {
    let surroundings = Surroundings { variable: &variable, read: &file, overrides, metrics: &[] };
    let parsed = File::parse(Path::new("tests/t.yaml"), text, &surroundings);
    parsed.map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        lines.join("\n").replace("tests/t.yaml", "t")
    })
}

pub(crate) fn read(text: &str) -> Result<File, String> {
    read_with(text, Shortcuts::default())
}
