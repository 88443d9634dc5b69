//! Steps, groups, mixes and pauses.

use std::sync::Arc;

use super::record::Record;
use super::request::Request;
use super::template::Template;
use crate::load::random::Random;
use crate::load::span::Span;

/// What one iteration does from its beginning to its end.
#[derive(Clone, Debug)]
pub struct Flow {
    pub name: Box<str>,
    pub steps: Box<[Step]>,
    /// The datasets that it uses, as indices: [`Values::begin`](super::Values::begin) takes a row of each.
    pub data: Box<[usize]>,
}

#[derive(Clone, Debug)]
pub enum Step {
    Request(Box<Request>),
    Group(Group),
    /// Think time, drawn anew each time.
    Sleep(Range),
    /// The iteration waits until so long after it began, and goes on at once when it is later than that.
    Pacing(Range),
    /// Sent at once; their values are there when all of them were answered.
    Batch(Box<[Request]>),
    /// One of several, by chance.
    Mix(Mix),
    Repeat {
        times: u32,
        steps: Arc<[Step]>,
    },
    /// Variables by their index.
    Set(Box<[(usize, Template)]>),
    /// Samples that come from no answer: numbers and texts alone.
    Record(Box<[Record]>),
    /// Ends the iteration, with a message.
    Fail(Template),
    /// Ends the run, with a message.
    Abort(Template),
}

/// Steps whose duration together is a sample of `group_duration`. The groups around it are not in its name.
#[derive(Clone, Debug)]
pub struct Group {
    pub name: Box<str>,
    pub steps: Box<[Step]>,
}

/// A duration, drawn evenly between two; both are the same where it is constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    pub least: Span,
    pub most: Span,
}

/// Steps with their weights.
#[derive(Clone, Debug)]
pub struct Mix {
    /// With the sum of the weights up to here.
    choices: Box<[(u64, Arc<[Step]>)]>,
}

impl Range {
    /// `1s`, or `1s-3s`. A number without a unit is refused: k6's `sleep` takes seconds, its options milliseconds.
    pub fn parse(text: &str) -> Result<Range, &'static str> {
        let span = |text: &str| {
            let text = text.trim();
            if text != "0" && text.ends_with(|c: char| c.is_ascii_digit() || c == '.') {
                return Err("lacks a unit");
            }
            Span::parse(text).map_err(|error| error.reason)
        };
        // A dash in front is the sign of a negative number, which the span complains of.
        let dash = text.trim_start().starts_with('-');
        let (least, most) = match text.split_once('-') {
            Some((least, most)) if !dash => (span(least)?, span(most)?),
            _ => (span(text)?, span(text)?),
        };
        if most < least { Err("ends before it begins") } else { Ok(Range { least, most }) }
    }

    pub fn draw(self, random: &mut Random) -> Span {
        let width = self.most.nanos() - self.least.nanos();
        if width == 0 {
            return self.least;
        }
        Span::from_nanos(self.least.nanos() + random.below(width + 1))
    }
}

impl Mix {
    /// Weights of zero are never chosen; `None` where nothing is left.
    pub fn new(choices: impl IntoIterator<Item = (u32, Arc<[Step]>)>) -> Option<Mix> {
        let mut sum = 0;
        let weighted = choices.into_iter().filter(|(weight, _)| *weight > 0).map(|(weight, steps)| {
            sum += u64::from(weight);
            (sum, steps)
        });
        let choices: Box<[_]> = weighted.collect();
        (!choices.is_empty()).then_some(Mix { choices })
    }

    pub fn choose(&self, random: &mut Random) -> &Arc<[Step]> {
        let last = self.choices.len() - 1;
        let drawn = random.below(self.choices[last].0);
        let at = self.choices.partition_point(|(sum, _)| *sum <= drawn);
        &self.choices[at.min(last)].1
    }

    /// Each choice with its weight.
    pub fn choices(&self) -> impl Iterator<Item = (u64, &Arc<[Step]>)> {
        let before = [0].into_iter().chain(self.choices.iter().map(|(sum, _)| *sum));
        self.choices.iter().zip(before).map(|((sum, steps), before)| (sum - before, steps))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        let range = |least, most| Range { least: Span::from_millis(least), most: Span::from_millis(most) };
        for (text, expected) in [
            ("1s", Ok(range(1000, 1000))),
            ("1s-3s", Ok(range(1000, 3000))),
            ("300ms - 1.5s", Ok(range(300, 1500))),
            ("0-1s", Ok(range(0, 1000))),
            ("3", Err("lacks a unit")),
            ("1-3", Err("lacks a unit")),
            ("1.5", Err("lacks a unit")),
            ("3s-1s", Err("ends before it begins")),
            ("-1s", Err("is negative")),
            ("", Err("is no duration")),
            ("1s-", Err("is no duration")),
        ] {
            assert_eq!(Range::parse(text), expected, "{text}");
        }
        let mut random = Random::new(3);
        let drawn: Vec<Span> = (0..100).map(|_| range(1, 3).draw(&mut random)).collect();
        assert!(drawn.iter().all(|span| (1_000_000..=3_000_000).contains(&span.nanos())));
        assert!(drawn.iter().max() > drawn.iter().min());
    }

    #[test]
    fn choices_come_as_often_as_they_weigh() {
        let steps = |times: u32| -> Arc<[Step]> { [Step::Repeat { times, steps: [].into() }].into() };
        assert!(Mix::new([(0, steps(1))]).is_none());
        let mix = Mix::new([(35, steps(0)), (0, steps(1)), (60, steps(2)), (5, steps(3))]).unwrap();
        assert_eq!(mix.choices().map(|(weight, _)| weight).collect::<Vec<_>>(), [35, 60, 5]);
        let mut random = Random::new(5);
        let mut chosen = [0u32; 4];
        for _ in 0..100_000 {
            if let [Step::Repeat { times, .. }] = &**mix.choose(&mut random) {
                chosen[*times as usize] += 1;
            }
        }
        for (count, expected) in chosen.into_iter().zip([35_000, 0, 60_000, 5_000]) {
            assert!(count.abs_diff(expected) < 600, "{chosen:?}");
        }
    }
}
