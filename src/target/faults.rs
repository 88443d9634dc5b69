//! What an answer can be made to suffer: by the request's query, by its header, or for all requests at once.

use std::time::Duration;

use serde_json::{Map, Value};

use super::size;
use crate::model::bounds::OutOfRange;

/// Longest stall and delay: a request never hangs for ever.
const MAX_WAIT: Duration = Duration::from_mins(1);

/// Longest time of computing: it holds up all other connections of its thread.
const MAX_BURN: Duration = Duration::from_secs(5);

/// Most memory that one request can keep; `max_leak_bytes` bounds the sum.
const MAX_LEAK_BYTES: u64 = 64 << 20;

/// Each `None` is a fault that does not happen.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Faults {
    /// Nothing at all is answered for so long, from the request that asks for it.
    pub stall: Option<Duration>,
    /// Share of requests that get a 500.
    pub error_share: Option<f64>,
    /// Time that the answer takes beside its own.
    pub delay: Option<Duration>,
    /// CPU time that the request takes.
    pub burn: Option<Duration>,
    /// Bytes that the request keeps.
    pub leak: Option<u64>,
}

/// Each key, in the order of [`Faults`].
pub(super) const KEYS: [&str; 5] = ["stall", "error_share", "delay", "burn", "leak"];

impl Faults {
    /// Sets one fault. `Ok(false)` says that the key is none of ours.
    pub fn set(&mut self, key: &str, value: &str) -> Result<bool, OutOfRange> {
        match key {
            "stall" => self.stall = Some(span(key, value, MAX_WAIT)?),
            "delay" => self.delay = Some(span(key, value, MAX_WAIT)?),
            "burn" => self.burn = Some(span(key, value, MAX_BURN)?),
            "error_share" => self.error_share = Some(share(key, value)?),
            "leak" => self.leak = Some(bytes(key, value)?),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Reads `key=value&key=value`, as queries have it. Keys of others are left alone.
    pub(super) fn read_query(&mut self, query: &str) -> Result<(), OutOfRange> {
        pairs(query).try_for_each(|(key, value)| self.set(key, value).map(drop))
    }

    /// The same where nothing but faults belongs, as in our own header.
    pub(super) fn read_strictly(&mut self, text: &str) -> Result<(), OutOfRange> {
        pairs(text).try_for_each(|(key, value)| {
            let is_known = self.set(key, value)?;
            let unknown = || OutOfRange::new(key, value, "is no fault", KEYS.join(", "));
            is_known.then_some(()).ok_or_else(unknown)
        })
    }

    pub(super) fn is_none(&self) -> bool {
        *self == Faults::default()
    }

    /// These, and what they do not say from the others.
    pub(super) fn or(self, others: Faults) -> Faults {
        Faults {
            stall: self.stall.or(others.stall),
            error_share: self.error_share.or(others.error_share),
            delay: self.delay.or(others.delay),
            burn: self.burn.or(others.burn),
            leak: self.leak.or(others.leak),
        }
    }

    /// Only what is set, each as it may be given back.
    pub(super) fn document(&self) -> Value {
        let span = |span: Duration| Value::from(humantime::format_duration(span).to_string());
        let values = [
            self.stall.map(span),
            self.error_share.map(Value::from),
            self.delay.map(span),
            self.burn.map(span),
            self.leak.map(|bytes| Value::from(size::show(bytes))),
        ];
        let set = KEYS.iter().zip(values).filter_map(|(key, value)| Some(((*key).to_owned(), value?)));
        Value::Object(set.collect::<Map<_, _>>())
    }
}

/// The parts of a query or form that are not empty.
fn pairs(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let parts = text.split('&').map(str::trim).filter(|part| !part.is_empty());
    parts.map(|part| part.split_once('=').unwrap_or((part, "")))
}

fn span(key: &str, value: &str, high: Duration) -> Result<Duration, OutOfRange> {
    let show = |span: Duration| humantime::format_duration(span).to_string();
    let Ok(span) = humantime::parse_duration(value) else {
        return Err(OutOfRange::new(key, value, "is no duration", format!("0s to {}", show(high))));
    };
    OutOfRange::check(key, span, (Duration::ZERO, high), show).map_or(Ok(span), Err)
}

fn share(key: &str, value: &str) -> Result<f64, OutOfRange> {
    let Ok(share) = value.parse::<f64>() else {
        return Err(OutOfRange::new(key, value, "is no number", "0 to 1"));
    };
    OutOfRange::check(key, share, (0.0, 1.0), |share| share.to_string()).map_or(Ok(share), Err)
}

fn bytes(key: &str, value: &str) -> Result<u64, OutOfRange> {
    let Some(bytes) = size::parse_size(value) else {
        let allowed = format!("0B to {}, such as 1MiB", size::show(MAX_LEAK_BYTES));
        return Err(OutOfRange::new(key, value, "is no size", allowed));
    };
    OutOfRange::check(key, bytes, (0, MAX_LEAK_BYTES), size::show).map_or(Ok(bytes), Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_sets_faults_and_leaves_other_keys_alone() {
        let mut faults = Faults::default();
        faults.read_query("user_id=1&stall=2s&error_share=0.1&&delay=300ms&burn=20ms&leak=1MiB&x").unwrap();
        let expected = Faults {
            stall: Some(Duration::from_secs(2)),
            error_share: Some(0.1),
            delay: Some(Duration::from_millis(300)),
            burn: Some(Duration::from_millis(20)),
            leak: Some(1 << 20),
        };
        assert_eq!(faults, expected);
        let shown = faults.document().to_string();
        assert_eq!(shown, r#"{"burn":"20ms","delay":"300ms","error_share":0.1,"leak":"1MiB","stall":"2s"}"#);
    }

    #[test]
    fn what_is_out_of_bounds_is_refused_with_what_is_allowed() {
        for (query, told) in [
            ("stall=61s", r#"stall: "1m 1s" is above 1m; allowed: 0s to 1m"#),
            ("delay=300", r#"delay: "300" is no duration; allowed: 0s to 1m"#),
            ("delay=", r#"delay: "" is no duration; allowed: 0s to 1m"#),
            ("burn=6s", r#"burn: "6s" is above 5s; allowed: 0s to 5s"#),
            ("error_share=1.1", r#"error_share: "1.1" is above 1; allowed: 0 to 1"#),
            ("error_share=NaN", r#"error_share: "NaN" is not a number; allowed: 0 to 1"#),
            ("error_share=x", r#"error_share: "x" is no number; allowed: 0 to 1"#),
            ("leak=65MiB", r#"leak: "65MiB" is above 64MiB; allowed: 0B to 64MiB"#),
            ("leak=much", r#"leak: "much" is no size; allowed: 0B to 64MiB, such as 1MiB"#),
        ] {
            assert_eq!(Faults::default().read_query(query).unwrap_err().to_string(), told);
        }
        let told = Faults::default().read_strictly("dely=1s").unwrap_err().to_string();
        assert_eq!(told, r#"dely: "1s" is no fault; allowed: stall, error_share, delay, burn, leak"#);
    }

    #[test]
    fn a_request_stands_above_what_is_set_for_all() {
        let of = |query: &str| {
            let mut faults = Faults::default();
            faults.read_query(query).unwrap();
            faults
        };
        assert_eq!(of("delay=1s").or(of("delay=2s&leak=1B")), of("delay=1s&leak=1B"));
    }
}
