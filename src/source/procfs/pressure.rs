//! /proc/pressure/{cpu,memory,io}.

use super::fault::Unread;
use crate::model::node::{PressureLine, PressureResource};

/// Lines are `some avg10=0.00 avg60=0.00 avg300=0.00 total=0`. Source: Linux `Documentation/accounting/psi.rst`.
pub fn parse_pressure(text: &str, unread: &mut Unread) -> PressureResource {
    let mut resource = PressureResource::default();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.is_empty()) {
        let (kind, rest) = line.split_once(' ').unwrap_or((line, ""));
        let slot = match kind {
            "some" => &mut resource.some,
            "full" => &mut resource.full,
            _ => {
                unread.note(index, line);
                continue;
            }
        };
        let values = parse_values(rest);
        if [values.avg10, values.avg60, values.avg300].contains(&None) || values.total_usec.is_none() {
            unread.note(index, line);
        }
        if values != PressureLine::default() {
            *slot = Some(values);
        }
    }
    resource
}

fn parse_values(text: &str) -> PressureLine {
    let mut line = PressureLine::default();
    for (key, value) in text.split_ascii_whitespace().filter_map(|word| word.split_once('=')) {
        let average = || value.parse::<f64>().ok().filter(|average| average.is_finite());
        match key {
            "avg10" => line.avg10 = average(),
            "avg60" => line.avg60 = average(),
            "avg300" => line.avg300 = average(),
            "total" => line.total_usec = value.parse().ok(),
            _ => {}
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_lines_one_line_and_a_torn_one() {
        let mut unread = Unread::default();
        let resource = parse_pressure(
            "some avg10=14.68 avg60=3.95 avg300=1.76 total=23777119\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
            &mut unread,
        );
        let some = resource.some.unwrap();
        assert_eq!((some.avg10, some.avg60, some.avg300), (Some(14.68), Some(3.95), Some(1.76)));
        assert_eq!(some.total_usec, Some(23_777_119));
        assert_eq!(resource.full.unwrap().total_usec, Some(0));
        assert_eq!(unread.count, 0);

        let torn = parse_pressure("some avg10=1.0 avg60=2.0 avg300=x tot", &mut unread);
        assert_eq!((torn.some.unwrap().avg60, torn.some.unwrap().total_usec), (Some(2.0), None));
        assert_eq!(torn.full, None);
        for text in ["none", "some", "full avg10=nan"] {
            assert_eq!(parse_pressure(text, &mut unread), PressureResource::default(), "{text}");
        }
        assert_eq!(unread.count, 4);
    }
}
