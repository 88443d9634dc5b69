//! Templates, checks and extraction at work, with answers that are made up.

use std::sync::Arc;

use podometer::load::file::File;
use podometer::load::flow::{Address, Reply, Request, Sample, Step, Unset, Values};
use podometer::load::span::Span;

use crate::reading::read;

struct Answer {
    status: u16,
    headers: Vec<(&'static str, &'static str)>,
    body: &'static str,
    millis: u64,
}

impl Reply for Answer {
    fn status(&self) -> u16 {
        self.status
    }

    fn header(&self, name: &str) -> Option<&[u8]> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_bytes())
    }

    fn body(&self) -> &[u8] {
        self.body.as_bytes()
    }

    fn duration(&self) -> Span {
        Span::from_millis(self.millis)
    }
}

/// The requests of the only plan's flow.
fn requests(file: &File) -> Vec<&Request> {
    fn request(step: &Step) -> Option<&Request> {
        match step {
            Step::Request(request) => Some(request),
            _ => None,
        }
    }
    file.plans[0].flow.steps.iter().filter_map(request).collect()
}

fn values(file: &File, vu: u64, iteration: u64) -> Values {
    let mut values = Values::new(&file.vocabulary, vu, 1);
    values.begin(iteration, &file.plans[0].flow.data);
    values
}

fn target(request: &Request, values: &mut Values) -> Result<String, Unset> {
    let (Address::Known { target, .. } | Address::Rendered(target)) = &request.address;
    let mut text = Vec::new();
    target.render(values, &mut text).map(|()| String::from_utf8(text).unwrap())
}

fn body(request: &Request, values: &mut Values) -> String {
    let mut text = Vec::new();
    request.body.as_ref().unwrap().content.render(values, &mut text).unwrap();
    String::from_utf8(text).unwrap()
}

#[test]
fn holes_are_filled_and_escaped_for_where_they_stand() {
    let text = r#"
data: {users: users.csv}
flows:
  default:
    - set: {x: 'a "b"&c=é'}
    - get: "http://h/p?x=${x}&u=${users.email}&v=${__VU}-${__ITER}"
    - post: "http://h/"
      json: {x: "say ${x}", "k ${__VU}": [1, "1"]}
    - post: "http://h/"
      json: '{"in": "${x}", "out": ${__ITER}}'
    - post: "http://h/"
      form: {x: "${x}", y: "1 2"}
    - post: "http://h/"
      body: "${x} $${x} ${unset:-none}"
"#;
    let file = read(text).unwrap();
    let mut values = values(&file, 2, 5);
    if let Step::Set(set) = &file.plans[0].flow.steps[0] {
        values.set(set[0].0, set[0].1.as_literal().unwrap());
    }
    let requests = requests(&file);
    assert_eq!(target(requests[0], &mut values).unwrap(), "/p?x=a%20%22b%22&c=%C3%A9&u=a@x&v=2-5");
    assert_eq!(body(requests[1], &mut values), r#"{"x":"say a \"b\"&c=é","k 2":[1,"1"]}"#);
    assert_eq!(body(requests[2], &mut values), r#"{"in": "a \"b\"&c=é", "out": 5}"#);
    assert_eq!(body(requests[3], &mut values), "x=a+%22b%22%26c%3D%C3%A9&y=1+2");
    assert_eq!(body(requests[4], &mut values), "a \"b\"&c=é ${x} none");
}

#[test]
fn values_come_from_answers_and_go_with_the_iteration() {
    let text = r#"
flows:
  default:
    - get: "http://h/"
      extract:
        id: $[1].id
        name: $[1].name
        whole: $[0]
        word: regex <(\w+)>
        second: {regex: '(\w)(\w)', group: 2}
        place: header Location
        code: status
        lost: {json: $.lost, default: d}
    - get: "http://h/${id}/${name}/${whole}/${word}/${second}/${place}/${code}/${lost}"
"#;
    let file = read(text).unwrap();
    let requests = requests(&file);
    let mut values = values(&file, 1, 0);
    assert!(matches!(target(requests[1], &mut values), Err(Unset(id)) if values.name_of(id) == "id"));
    let answer = Answer {
        status: 201,
        headers: vec![("location", "/next")],
        body: r#"[{"id":0}, {"id": 7, "name": "<wo\"rd>"}, "<word>"]"#,
        millis: 1,
    };
    let found: Vec<bool> =
        requests[0].extract.iter().map(|extract| extract.apply(&answer, &mut values)).collect();
    assert_eq!(found, [true, true, true, true, true, true, true, false]);
    assert_eq!(
        target(requests[1], &mut values).unwrap(),
        "/7/%3Cwo%22rd%3E/%7B%22id%22:0%7D/word/d//next/201/d"
    );
    // What an answer lacks is not what an earlier one had.
    let empty = Answer { status: 500, headers: vec![], body: "", millis: 1 };
    assert!(!requests[0].extract[0].apply(&empty, &mut values));
    assert!(target(requests[1], &mut values).is_err());
    // What is set before the run stays.
    requests[0].extract.iter().for_each(|extract| {
        extract.apply(&answer, &mut values);
    });
    let mut user = values.handed_on(9, 1);
    user.begin(3, &[]);
    assert!(target(requests[1], &mut user).unwrap().starts_with("/7/"));
    requests[0].extract[0].apply(&empty, &mut user);
    assert!(target(requests[1], &mut user).is_err());
    user.begin(4, &[]);
    assert!(target(requests[1], &mut user).unwrap().starts_with("/7/"));
    values.begin(1, &[]);
    assert!(target(requests[1], &mut values).is_err(), "another iteration begins with nothing");
}

#[test]
fn checks_hold_or_do_not() {
    let text = r#"
metrics: {errors: rate, waited: trend}
flows:
  default:
    - get: "http://h/"
      expect: 404
      check:
        status: [2xx, 404]
        "json $.n": "> 1"
        "json $.s": "5"
        "json $.gone": absent
        header content-type: application/json
        body contains: '"n"'
        body matches: ^\{.*\}$
        duration: "< 100ms"
        size: 18
      record: {errors: failed, waited: duration}
"#;
    let file = read(text).unwrap();
    let request = requests(&file)[0];
    let good = Answer {
        status: 404,
        headers: vec![("Content-Type", "application/json")],
        body: r#"{"n": 2, "s": "5"}"#,
        millis: 99,
    };
    let bad = Answer {
        status: 500,
        headers: vec![],
        body: "{\"n\": \"2\", \"s\": 5, \"gone\": null}\n",
        millis: 100,
    };
    for check in &request.checks {
        assert!(check.holds(&good), "{}", check.name);
    }
    let held: Vec<&str> =
        request.checks.iter().filter(|check| check.holds(&bad)).map(|check| &*check.name).collect();
    assert_eq!(held, ["body contains \"n\""]);
    assert!(request.is_expected(404) && !request.is_expected(200));
    let samples: Vec<Option<f64>> =
        request.records.iter().map(|record| record.sample.of(&good, true)).collect();
    assert_eq!(samples, [Some(1.0), Some(99.0)]);
    assert_eq!(Sample::Passed.of(&good, true), Some(0.0));
}

#[test]
fn rows_are_shared_and_drawn_in_their_order() {
    let text = "data: {users: users.csv}\nflows: {default: [{get: 'http://h/${users.email}'}]}\n";
    let file = read(text).unwrap();
    let request = requests(&file)[0];
    let mut users = [1, 2, 3].map(|vu| Values::new(&file.vocabulary, vu, 1));
    let mut drawn = Vec::new();
    for iteration in 0..2 {
        for user in &mut users {
            user.begin(iteration, &file.plans[0].flow.data);
            drawn.push(target(request, user).unwrap());
        }
    }
    assert_eq!(drawn, ["/a@x", "/b@x", "/a@x", "/b@x", "/a@x", "/b@x"]);
    assert_eq!(Arc::strong_count(&file.vocabulary), 4);
}

#[test]
fn chance_is_repeated_by_its_seed() {
    let text = "flows: {default: [{get: 'http://h/${__RANDOM(1,6)}/${__UUID}'}]}\n";
    let file = read(text).unwrap();
    let request = requests(&file)[0];
    let drawn = |seed| {
        let mut values = Values::new(&file.vocabulary, 1, seed);
        [(); 20].map(|()| target(request, &mut values).unwrap())
    };
    assert_eq!(drawn(1), drawn(1));
    assert_ne!(drawn(1), drawn(2));
    let texts = drawn(3);
    for text in &texts {
        let (number, uuid) = text[1..].split_once('/').unwrap();
        assert!((1..=6).contains(&number.parse::<u64>().unwrap()), "{text}");
        assert_eq!((uuid.len(), &uuid[14..15], "89ab".contains(&uuid[19..20])), (36, "4", true), "{text}");
    }
    assert!(texts.windows(2).all(|pair| pair[0] != pair[1]));
}
