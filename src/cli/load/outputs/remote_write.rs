//! k6's remote write: settings of the environment, the address from the flag.
//!
//! Source: k6 `internal/output/prometheusrw/remotewrite/config.go`.

use std::path::PathBuf;

use super::address::Address;
use super::form::{Beside, Form, Output};
use super::open::Opening;
use super::variables::{Variables, every};
use crate::config::sinks::Sinks;
use crate::encode::Batch;
use crate::encode::load::remote_write::{Encoder, Options, Stat};
use crate::encode::remote_write::Limits;
use crate::load::interval::Interval;
use crate::load::results::Results;
use crate::load::span::Span;

const ADDRESS: &str = "http://localhost:9090/api/v1/write";
const EVERY: Span = Span::from_secs(5);

struct RemoteForm {
    encoder: Encoder,
    every: Span,
    has_stale_markers: bool,
    last_ns: i64,
}

pub(super) fn output(
    target: Option<&str>,
    opening: &Opening<'_>,
    sinks: &mut Sinks,
) -> Result<Output, String> {
    let variables = Variables::new("K6_PROMETHEUS_RW_", opening.variable);
    let url = target.map(str::to_owned).or_else(|| variables.get("SERVER_URL"));
    let address = Address::parse(&url.unwrap_or_else(|| ADDRESS.to_owned()))?;
    address.rest(&[])?;
    if variables.is_true("TREND_AS_NATIVE_HISTOGRAM")? {
        let name = variables.name("TREND_AS_NATIVE_HISTOGRAM");
        return Err(format!(
            "{name}: native histograms are not there; K6_PROMETHEUS_RW_TREND_STATS has numbers"
        ));
    }
    let push_interval = variables.name("PUSH_INTERVAL");
    let every = variables.get("PUSH_INTERVAL").map_or(Ok(EVERY), |text| every(&push_interval, &text))?;
    let stats = match variables.get("TREND_STATS") {
        Some(list) => {
            Stat::parse_list(&list).map_err(|error| format!("{}: {error}", variables.name("TREND_STATS")))?
        }
        None => Stat::defaults(),
    };
    let has_stale_markers = variables.is_true("STALE_MARKERS")?;
    // What is wrong with them is said of the variable, not of the flag.
    let headers = variables.get("HTTP_HEADERS").map(|text| headers(&text)).transpose()?.unwrap_or_default();
    let insecure = variables.is_true("INSECURE_SKIP_TLS_VERIFY")?;
    let sink = sinks.add_remote_write();
    sink.url = format!("{}/{}", address.base, address.path);
    sink.name = format!("remote-write {}", sink.url);
    let login = variables.login();
    (sink.username, sink.password_env, sink.password_file) =
        (login.username, login.password_env, login.password_file);
    sink.token_env = variables.name_of_set("BEARER_TOKEN");
    sink.headers = headers.into_iter().collect();
    sink.tls.insecure_skip_verify = insecure;
    sink.tls.cert_file = variables.get("CLIENT_CERTIFICATE").map(PathBuf::from);
    sink.tls.key_file = variables.get("CLIENT_CERTIFICATE_KEY").map(PathBuf::from);
    let limits = Limits { series: sink.batch_series, bytes: sink.batch_bytes };
    let encoder = Encoder::new(Options { labels: opening.labels.clone(), stats, limits });
    let form = RemoteForm { encoder, every, has_stale_markers, last_ns: 0 };
    Ok(Output { sink: sink.name.clone(), form: Box::new(form) })
}

/// `name:value`, with commas between them. Values are not told: somebody may have put a secret there.
fn headers(text: &str) -> Result<Vec<(String, String)>, String> {
    let pair = |part: &str| {
        let (name, value) = part.split_once(':')?;
        Some((name.trim().to_owned(), value.trim().to_owned()))
    };
    let pairs: Option<Vec<(String, String)>> = text.split(',').map(pair).collect();
    pairs.ok_or_else(|| {
        "K6_PROMETHEUS_RW_HTTP_HEADERS: a header has no \":\"; allowed: NAME:VALUE,...".to_owned()
    })
}

impl Form for RemoteForm {
    fn every(&self) -> Span {
        self.every
    }

    /// Prometheus has milliseconds.
    fn gap_ns(&self, _: &Interval) -> i64 {
        1_000_000
    }

    fn batches(&mut self, interval: &Interval, _: Beside<'_>) -> Vec<Batch> {
        self.last_ns = interval.end_ns;
        self.encoder.encode(interval)
    }

    fn end(&mut self, _: &Results, wall_ns: i64) -> Vec<Batch> {
        if self.has_stale_markers {
            self.encoder.end(wall_ns.max(self.last_ns + 1_000_000))
        } else {
            Vec::new()
        }
    }
}
