//! The page for Prometheus, made of the run so far when somebody asks for it.

use std::net::{Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use super::form::{Beside, Form};
use crate::cli::MakePage;
use crate::encode::Batch;
use crate::encode::load::page;
use crate::load::interval::Interval;
use crate::load::results::{Results, Schedule};

/// That of statsd_exporter, which continuous-load scrapes.
const PORT: u16 = 9102;

/// The run so far. A page that is made holds up the thread of the outputs, and nobody else.
#[derive(Clone, Default)]
pub(super) struct Whole(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    interval: Interval,
    schedules: Vec<Schedule>,
    is_invalid: bool,
}

pub(super) struct PageForm(pub(super) Whole);

impl Whole {
    /// What makes the page, with these labels on every row.
    pub(super) fn maker(&self, labels: Vec<(String, String)>) -> MakePage {
        let whole = self.clone();
        Arc::new(move || {
            let state = whole.0.lock().unwrap_or_else(PoisonError::into_inner);
            (page::CONTENT_TYPE, page(&state.interval, &state.schedules, state.is_invalid, &labels))
        })
    }
}

impl Form for PageForm {
    fn batches(&mut self, interval: &Interval, beside: Beside<'_>) -> Vec<Batch> {
        let mut state = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.interval.append(interval);
        state.schedules = beside.schedules.to_vec();
        state.is_invalid = beside.is_invalid;
        Vec::new()
    }

    fn end(&mut self, results: &Results, _: i64) -> Vec<Batch> {
        let mut state = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.schedules.clone_from(&results.schedules);
        state.is_invalid = !results.invalid.is_empty();
        Vec::new()
    }
}

/// `:9102`, `9102`, `host address:port`; all addresses where none is given.
pub(super) fn listen(target: Option<&str>) -> Result<SocketAddr, String> {
    let all = |port| SocketAddr::from((Ipv6Addr::UNSPECIFIED, port));
    let Some(text) = target else { return Ok(all(PORT)) };
    let port = text.strip_prefix(':').unwrap_or(text).parse().map(all);
    port.or_else(|_| text.parse()).map_err(|_| {
        // A URL may hold a password.
        let what = if text.contains("://") {
            "a URL is no address to listen at (remote-write= sends to one)".to_owned()
        } else {
            format!("\"{text}\" is no address to listen at")
        };
        format!("{what}; allowed: :PORT, ADDRESS:PORT such as 127.0.0.1:9102")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_to_listen_at() {
        for (text, address) in [
            (None, "[::]:9102"),
            (Some(":9100"), "[::]:9100"),
            (Some("9100"), "[::]:9100"),
            (Some("127.0.0.1:0"), "127.0.0.1:0"),
            (Some("[::1]:9"), "[::1]:9"),
        ] {
            assert_eq!(listen(text).unwrap().to_string(), address);
        }
        for text in ["", "h:1", "http://h:1/", ":x"] {
            assert!(listen(Some(text)).is_err());
        }
    }
}
