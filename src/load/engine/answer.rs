//! What is made of an answer: checks, values for later steps, samples of the run's own metrics.

use super::asking::Asking;
use super::lane::Ended;
use super::note::Spot;
use super::script::Script;
use super::thread::Thread;
use crate::load::flow::{Reply, Sample, Template, Unset, Values};
use crate::load::protocol::http1::Reader;
use crate::load::span::Span;

/// An answer, or that there was none.
struct Answer<'a> {
    reader: Option<&'a Reader>,
    duration: Span,
}

impl Reply for Answer<'_> {
    fn status(&self) -> u16 {
        self.reader.map_or(0, |reader| reader.response().status)
    }

    fn header(&self, name: &str) -> Option<&[u8]> {
        self.reader?.field(name)
    }

    fn body(&self) -> &[u8] {
        self.reader.map_or(&[], Reader::content)
    }

    fn duration(&self) -> Span {
        self.duration
    }
}

/// A request has ended for good. No check holds where there was no answer.
pub(super) fn answered(
    asking: &Asking<'_>,
    script: &Script,
    reader: &Reader,
    ended: &Ended,
    values: &mut Values,
) {
    let Asking { thread, scenario, prepared, .. } = *asking;
    let request = &prepared.request;
    if request.checks.is_empty() && request.extract.is_empty() && request.records.is_empty() {
        return;
    }
    let is_answered = ended.result.is_ok();
    let timing = &ended.timing;
    let answer = Answer {
        reader: is_answered.then_some(reader),
        duration: Span::from_nanos(timing.sending + timing.waiting + timing.receiving),
    };
    let mut has_failed = !is_answered || !prepared.expects(answer.status());
    {
        let mut meter = thread.meter.borrow_mut();
        let step = &mut meter.scenarios[scenario].steps[asking.place];
        for (number, check) in request.checks.iter().enumerate() {
            let holds = is_answered && check.holds(&answer);
            step.checked(number, holds);
            has_failed |= !holds;
        }
    }
    for extract in &request.extract {
        extract.apply(&answer, values);
    }
    for place in prepared.records.clone() {
        let number = match &script.records[place].record.sample {
            Sample::Text(text) => number_of(text, thread, scenario, place, values),
            // Without a connection there is no duration, and without an answer no size and no status.
            Sample::Duration if !timing.was_sent => None,
            Sample::Size | Sample::Status if !is_answered => None,
            sample => sample.of(&answer, has_failed),
        };
        if let Some(number) = number {
            record(thread, scenario, place, number);
        }
    }
}

/// Samples that come from no answer.
pub(super) fn recorded(
    thread: &Thread,
    scenario: usize,
    script: &Script,
    places: std::ops::Range<usize>,
    values: &mut Values,
) {
    for place in places {
        let number = match &script.records[place].record.sample {
            Sample::Number(number) => Some(*number),
            Sample::Text(text) => number_of(text, thread, scenario, place, values),
            _ => None,
        };
        if let Some(number) = number {
            record(thread, scenario, place, number);
        }
    }
}

/// A text as people are to see it, whatever it lacks.
pub(super) fn said(text: &Template, values: &mut Values) -> String {
    let mut said = Vec::new();
    if let Err(Unset(variable)) = text.render(values, &mut said) {
        said.extend_from_slice(format!("${{{}}}", values.name_of(variable)).as_bytes());
    }
    String::from_utf8_lossy(&said).into_owned()
}

fn number_of(
    text: &Template,
    thread: &Thread,
    scenario: usize,
    place: usize,
    values: &mut Values,
) -> Option<f64> {
    let mut scratch = thread.scratch.borrow_mut();
    scratch.clear();
    let rendered = text.render(values, &mut scratch);
    let number = std::str::from_utf8(&scratch).ok().and_then(|text| text.trim().parse().ok());
    let number = number.filter(|number: &f64| rendered.is_ok() && number.is_finite());
    if number.is_none() {
        let why = match rendered {
            Err(Unset(variable)) => format!("the variable {} has no value", values.name_of(variable)),
            Ok(()) => "it came to no number".to_owned(),
        };
        lost(thread, scenario, place, &why);
    }
    number
}

fn record(thread: &Thread, scenario: usize, place: usize, number: f64) {
    let is_taken = thread.meter.borrow_mut().scenarios[scenario].records[place].add(number);
    if !is_taken {
        lost(thread, scenario, place, "a trend has no negative samples");
    }
}

fn lost(thread: &Thread, scenario: usize, place: usize, why: &str) {
    thread.note(scenario, Spot::Record(place), || {
        let script = thread.plan.script(scenario);
        let metric = script.map_or(0, |script| script.records[place].record.metric);
        let name = thread.plan.metrics.get(metric).map_or("", |metric| &metric.name);
        format!("metric {name}: a sample is left out: {why}")
    });
}
