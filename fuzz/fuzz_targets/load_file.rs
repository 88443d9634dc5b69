//! Any file of a load test, beside a file of data that it may name, and its paths in any answer.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use podometer::load::file::{File, Surroundings};
use podometer::load::flow::{Reply, Step, Values};
use podometer::load::shortcuts::Shortcuts;
use podometer::load::span::Span;

struct Answer<'a>(&'a [u8]);

impl Reply for Answer<'_> {
    fn status(&self) -> u16 {
        200
    }

    fn header(&self, _: &str) -> Option<&[u8]> {
        Some(self.0)
    }

    fn body(&self) -> &[u8] {
        self.0
    }

    fn duration(&self) -> Span {
        Span::SECOND
    }
}

fuzz_target!(|input: &[u8]| {
    // What stands behind a zero is the other file, and the answer.
    let at = input.iter().position(|byte| *byte == 0).unwrap_or(input.len());
    let (text, other) = (&input[..at], input.get(at + 1..).unwrap_or_default());
    let read = |_: &Path| Ok(other.to_vec());
    let variable = |name: &str| (name == "HOST").then(|| "http://h:1".to_owned());
    let surroundings =
        Surroundings { variable: &variable, read: &read, overrides: Shortcuts::default(), metrics: &[] };
    let text = String::from_utf8_lossy(text);
    match File::parse(Path::new("t"), &text, &surroundings) {
        Err(problems) => {
            assert!(!problems.is_empty(), "refused without a reason");
            assert!(problems.iter().all(|problem| !problem.to_string().is_empty()));
        }
        Ok(file) => {
            for plan in &file.plans {
                let mut values = Values::new(&file.vocabulary, 1, 1);
                values.begin(0, &plan.flow.data);
                run(&plan.flow.steps, &mut values, &Answer(other));
            }
        }
    }
});

fn run(steps: &[Step], values: &mut Values, answer: &Answer<'_>) {
    for step in steps {
        match step {
            Step::Request(request) => {
                let mut text = Vec::new();
                for template in request.templates() {
                    let _ = template.render(values, &mut text);
                }
                for check in &request.checks {
                    check.holds(answer);
                }
                for extract in &request.extract {
                    extract.apply(answer, values);
                }
            }
            Step::Group(group) => run(&group.steps, values, answer),
            Step::Mix(mix) => {
                let steps = mix.choose(values.random()).clone();
                run(&steps, values, answer);
            }
            Step::Repeat { steps, .. } => run(steps, values, answer),
            _ => {}
        }
    }
}
