//! nginx's stub_status: seven numbers in four lines.
//!
//! Source: nginx `ngx_http_stub_status_module.c`.

use crate::model::scraped::{NginxStatus, Parsed};

/// Reads the page; each number that is not there is a fault.
pub fn parse_stub_status(text: &[u8]) -> Parsed<NginxStatus> {
    // A line that does not end may hold half of a number.
    let whole = memchr::memrchr(b'\n', text).map_or(0, |end| end + 1);
    let text = String::from_utf8_lossy(&text[..whole]);
    let mut status = NginxStatus::default();
    let mut counters = None;
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let mut words = line.split_whitespace().peekable();
        if let Some(rest) = line.strip_prefix("Active connections:") {
            status.active = rest.trim().parse().ok();
        } else if line.starts_with("server accepts handled requests") {
            // A page that logs request times has a fourth number.
            counters = lines.peek().map(|line| line.split_whitespace().map(|word| word.parse().ok()));
        } else if line.starts_with("Reading:") {
            while let Some(word) = words.next() {
                let value = words.peek().and_then(|word| word.parse().ok());
                match word {
                    "Reading:" => status.reading = value,
                    "Writing:" => status.writing = value,
                    "Waiting:" => status.waiting = value,
                    _ => {}
                }
            }
        }
    }
    let mut next = || counters.as_mut().and_then(Iterator::next).flatten();
    (status.accepts, status.handled, status.requests) = (next(), next(), next());
    let NginxStatus { accepts, active, handled, reading, requests, waiting, writing } = status;
    let all = [accepts, active, handled, reading, requests, waiting, writing];
    let samples = all.iter().flatten().count() as u64;
    Parsed { value: status, samples, faults: all.len() as u64 - samples }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "Active connections: 291 \nserver accepts handled requests\n 16630948 16630947 31070465 \n\
                        Reading: 6 Writing: 179 Waiting: 106 \n";

    #[test]
    fn all_seven_numbers_are_found() {
        let status = NginxStatus {
            accepts: Some(16_630_948),
            active: Some(291),
            handled: Some(16_630_947),
            reading: Some(6),
            requests: Some(31_070_465),
            waiting: Some(106),
            writing: Some(179),
        };
        assert_eq!(parse_stub_status(PAGE.as_bytes()), Parsed { value: status, samples: 7, faults: 0 });
        let timed = PAGE.replace("requests\n", "requests request_time\n").replace("31070465", "31070465 9");
        assert_eq!(parse_stub_status(timed.as_bytes()).value, status);
    }

    #[test]
    fn what_is_not_there_is_absent_and_counted() {
        for (page, samples) in [
            (&PAGE[..22], 0),
            (&PAGE[..60], 1),
            ("Active connections: many\nReading: 1 Writing: x Waiting: 2\n", 2),
            ("server accepts handled requests\n 1 -2 3\n", 2),
            ("server accepts handled requests\n 1 2 3", 0),
            ("server accepts handled requests", 0),
            ("<html>", 0),
            ("", 0),
        ] {
            let parsed = parse_stub_status(page.as_bytes());
            assert_eq!((parsed.samples, parsed.faults), (samples, 7 - samples), "{page}");
        }
    }
}
