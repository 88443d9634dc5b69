//! What a request costs while the run goes: no allocation, once the buffers have their size.

use podometer::load::flow::{Reply, Step, Values};
use podometer::load::span::Span;

use crate::reading::read;

const FLOW: &str = r#"
data: {users: users.csv}
metrics: {errors: rate, n: trend}
flows:
  default:
    - post: "http://h/${users.email}/${__VU}/${__ITER}/${__UUID}/${id:-none}"
      headers: {X-Word: "${word:-none}"}
      json: {id: "${id:-0}", roll: "${__RANDOM(1,6)}"}
      check:
        status: 2xx
        "json $.items[1].id": "> 1"
        "json $.name": plain
        header content-type contains: json
        body contains: items
        body matches: '"name"'
        duration: 1s
        size: "> 10"
      extract: {id: "$.items[1].id", word: regex pla.n, type: header Content-Type, code: status}
      record: {errors: failed, n: "$.items[0].id"}
    - get: "http://h/${id}/${word}"
"#;

struct Answer;

impl Reply for Answer {
    fn status(&self) -> u16 {
        200
    }

    fn header(&self, name: &str) -> Option<&[u8]> {
        name.eq_ignore_ascii_case("content-type").then_some(b"application/json")
    }

    fn body(&self) -> &[u8] {
        br#"{"items": [{"id": 1}, {"id": 2, "more": [1, 2, {"x": "y"}]}], "name": "plain"}"#
    }

    fn duration(&self) -> Span {
        Span::from_millis(3)
    }
}

#[test]
fn requests_checks_and_extraction_allocate_nothing() {
    let file = read(FLOW).unwrap_or_else(|problems| panic!("{problems}"));
    let flow = &file.plans[0].flow;
    let mut values = Values::new(&file.vocabulary, 1, 1);
    let mut buffer = Vec::with_capacity(4096);
    let mut held = 0;
    let mut iterate = |iteration| {
        values.begin(iteration, &flow.data);
        for step in &flow.steps {
            let Step::Request(request) = step else { continue };
            buffer.clear();
            for template in request.templates() {
                template.render(&mut values, &mut buffer).unwrap();
            }
            held += request.checks.iter().filter(|check| check.holds(&Answer)).count();
            for extract in &request.extract {
                assert!(extract.apply(&Answer, &mut values));
            }
            for record in &request.records {
                assert!(record.sample.of(&Answer, false).is_some());
            }
        }
    };
    // Patterns make their caches, and variables their buffers.
    (0..3).for_each(&mut iterate);
    let counted = allocation_counter::measure(|| (3..103).for_each(&mut iterate));
    assert_eq!(counted.count_total, 0);
    assert_eq!(held, 103 * 8);
}
