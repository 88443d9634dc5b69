//! The records behind /crocodiles: in memory, few, gone with the process.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::reply::Reply;

/// Beyond it nothing is added, so that a test of writes cannot fill the memory.
const MAX_CROCODILES: usize = 1000;

/// Longest field, in bytes.
const MAX_FIELD_BYTES: usize = 256;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Crocodile {
    id: u64,
    name: String,
    sex: String,
    date_of_birth: String,
}

/// What a request says of one; other keys are ignored, as the original does.
#[derive(Debug, Default, Deserialize)]
struct Fields {
    name: Option<String>,
    sex: Option<String>,
    date_of_birth: Option<String>,
}

/// Those that are there at the start.
const FIRST: [(&str, &str, &str); 8] = [
    ("Bert", "M", "2010-06-27"),
    ("Ed", "M", "1995-02-27"),
    ("Lyle the Crocodile", "M", "1985-03-03"),
    ("Solomon", "M", "1993-12-25"),
    ("The gharial", "F", "2004-06-28"),
    ("Sang Buaya", "F", "2006-01-28"),
    ("Sobek", "F", "1854-09-02"),
    ("Curious George", "M", "1981-01-03"),
];

#[derive(Debug)]
pub(super) struct Crocodiles {
    held: Mutex<Held>,
}

#[derive(Debug)]
struct Held {
    next: u64,
    by_id: BTreeMap<u64, Crocodile>,
}

impl Default for Crocodiles {
    fn default() -> Self {
        let first = FIRST.into_iter().zip(1..).map(|((name, sex, date_of_birth), id)| {
            let (name, sex, date_of_birth) = (name.to_owned(), sex.to_owned(), date_of_birth.to_owned());
            (id, Crocodile { id, name, sex, date_of_birth })
        });
        let by_id: BTreeMap<u64, Crocodile> = first.collect();
        Crocodiles { held: Mutex::new(Held { next: by_id.len() as u64 + 1, by_id }) }
    }
}

impl Crocodiles {
    pub(super) fn list(&self) -> Reply {
        self.with(|held| Reply::json(200, &held.by_id.values().collect::<Vec<_>>()))
    }

    pub(super) fn one(&self, id: u64) -> Reply {
        self.with(|held| held.by_id.get(&id).map_or_else(not_found, |one| Reply::json(200, one)))
    }

    pub(super) fn create(&self, body: &[u8]) -> Reply {
        let fields = match read(body, true) {
            Ok(fields) => fields,
            Err(problem) => return problem,
        };
        self.with(|held| {
            if held.by_id.len() >= MAX_CROCODILES {
                let error =
                    format!("there are {MAX_CROCODILES} crocodiles, which is all there can be; delete one");
                return Reply::json(409, &json!({"error": error}));
            }
            let id = held.next;
            held.next += 1;
            let one = Crocodile {
                id,
                name: fields.name.unwrap_or_default(),
                sex: fields.sex.unwrap_or_default(),
                date_of_birth: fields.date_of_birth.unwrap_or_default(),
            };
            let reply = Reply::json(201, &one);
            held.by_id.insert(id, one);
            reply
        })
    }

    /// `whole` replaces all fields and so needs all of them; else those that are named change.
    pub(super) fn change(&self, id: u64, body: &[u8], whole: bool) -> Reply {
        let fields = match read(body, whole) {
            Ok(fields) => fields,
            Err(problem) => return problem,
        };
        self.with(|held| {
            let Some(one) = held.by_id.get_mut(&id) else { return not_found() };
            for (old, new) in [
                (&mut one.name, fields.name),
                (&mut one.sex, fields.sex),
                (&mut one.date_of_birth, fields.date_of_birth),
            ] {
                if let Some(new) = new {
                    *old = new;
                }
            }
            Reply::json(200, one)
        })
    }

    pub(super) fn delete(&self, id: u64) -> Reply {
        self.with(|held| held.by_id.remove(&id).map_or_else(not_found, |_| Reply::empty(204)))
    }

    fn with<T>(&self, f: impl FnOnce(&mut Held) -> T) -> T {
        f(&mut self.held.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn not_found() -> Reply {
    Reply::json(404, &json!({"error": "no such crocodile"}))
}

/// The fields of a body, or the answer that says what is wrong with it.
fn read(body: &[u8], whole: bool) -> Result<Fields, Reply> {
    let refused = |error: String| Err(Reply::json(400, &json!({"error": error})));
    let fields: Fields = match serde_json::from_slice(body) {
        Ok(fields) => fields,
        Err(error) => {
            return refused(format!("body: {error}; allowed: an object with name, sex, date_of_birth"));
        }
    };
    let named = [("name", &fields.name), ("sex", &fields.sex), ("date_of_birth", &fields.date_of_birth)];
    for (key, value) in named {
        match value {
            None if whole => return refused(format!("{key}: is missing")),
            Some(value) if value.len() > MAX_FIELD_BYTES => {
                return refused(format!("{key}: is longer than {MAX_FIELD_BYTES} bytes"));
            }
            _ => {}
        }
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn said(reply: &Reply) -> (u16, Value) {
        (reply.status, serde_json::from_slice(&reply.body).unwrap_or(Value::Null))
    }

    #[test]
    fn crocodiles_come_change_and_go() {
        let all = Crocodiles::default();
        assert_eq!(said(&all.list()).1.as_array().unwrap().len(), FIRST.len());
        let body = br#"{"name":"Ann","sex":"F","date_of_birth":"2020-01-01","age":1}"#;
        let ann = json!({"id": 9, "name": "Ann", "sex": "F", "date_of_birth": "2020-01-01"});
        assert_eq!(said(&all.create(body)), (201, ann.clone()));
        assert_eq!(said(&all.one(9)), (200, ann));
        assert_eq!(said(&all.change(9, br#"{"name":"Eve"}"#, false)).1["name"], "Eve");
        assert_eq!(said(&all.change(9, br#"{"name":"Eve"}"#, true)).0, 400);
        assert_eq!(said(&all.delete(9)), (204, Value::Null));
        for reply in [all.one(9), all.delete(9), all.change(9, b"{}", false)] {
            assert_eq!(reply.status, 404);
        }
    }

    #[test]
    fn bad_bodies_are_refused_and_the_number_is_bounded() {
        let all = Crocodiles::default();
        let long = format!(r#"{{"name":"{}","sex":"F","date_of_birth":""}}"#, "x".repeat(257));
        for body in ["", "[1]", r#"{"name":1}"#, r#"{"name":"a"}"#, &long] {
            assert_eq!(all.create(body.as_bytes()).status, 400, "{body}");
        }
        let body = br#"{"name":"a","sex":"F","date_of_birth":""}"#;
        let made = (0..2000).filter(|_| all.create(body).status == 201).count();
        assert_eq!(made, MAX_CROCODILES - FIRST.len());
    }
}
