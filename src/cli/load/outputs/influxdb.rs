//! InfluxDB in k6's schema, and in JMeter's: settings from the URL over those of the environment.
//!
//! Source: k6 `internal/output/influxdb/config.go`, JMeter `InfluxdbBackendListenerClient`. `trendPoints` is ours.

use super::address::{Address, decoded};
use super::form::{Beside, Form, Output};
use super::open::Opening;
use super::variables::{Variables, every, truth};
use crate::config::sinks::Sinks;
use crate::encode::Batch;
use crate::encode::influx::Limits;
use crate::encode::load::{jmeter, k6};
use crate::load::interval::Interval;
use crate::load::results::Results;
use crate::load::span::Span;

const ADDRESS: &str = "http://localhost:8086";
/// k6 writes every sample; so many quantiles of a second are close to that for a reader who asks for percentiles.
const TREND_POINTS: u32 = 20;
const MOST_TREND_POINTS: u32 = 10_000;
/// JMeter's listener sends so often, and its dashboards divide by it.
const JMETER_EVERY: Span = Span::from_secs(5);
/// JMeter writes milliseconds.
const MILLI_NS: i64 = 1_000_000;
/// What waits in memory at most where nothing can wait on disk.
const QUEUE: (u64, usize) = (5_000_000, 64 << 20);

/// Parameters of a URL that both have; the first two of k6's are of senders that we do not have, and change nothing.
const COMMON: [&str; 6] =
    ["concurrentWrites", "payload_size", "consistency", "insecure", "precision", "retention"];
const K6: [&str; 3] = ["pushInterval", "tagsAsFields", "trendPoints"];
const JMETER: [&str; 8] =
    ["application", "db", "eventTags", "measurement", "percentiles", "summaryOnly", "testTitle", "TAG_NAME"];

struct K6Form {
    options: k6::Options,
    limits: Limits,
    every: Span,
    events: jmeter::Options,
}

struct JmeterForm {
    options: jmeter::Options,
    limits: Limits,
}

/// k6's schema.
pub(super) fn k6(target: Option<&str>, opening: &Opening<'_>, sinks: &mut Sinks) -> Result<Output, String> {
    let variables = Variables::new("K6_INFLUXDB_", opening.variable);
    let mut address = address_of(target, variables)?;
    let pushed =
        |address: &mut Address| address.take("pushInterval").map(|text| ("pushInterval".to_owned(), text));
    let from_variable = variables.get("PUSH_INTERVAL").map(|text| (variables.name("PUSH_INTERVAL"), text));
    let every = match pushed(&mut address).or(from_variable) {
        Some((name, text)) => every(&name, &text)?,
        None => Span::SECOND,
    };
    let fields = address.take("tagsAsFields").or_else(|| variables.get("TAGS_AS_FIELDS")).unwrap_or_default();
    if let Some(other) = fields.split(',').find(|name| !matches!(name.trim(), "" | "vu" | "iter" | "url")) {
        return Err(format!("tagsAsFields: \"{other}\" cannot be a field; allowed: vu, iter, url"));
    }
    let trend_points = match address.take("trendPoints") {
        None => TREND_POINTS,
        Some(text) => {
            let points = text.parse().ok().filter(|points| (1..=MOST_TREND_POINTS).contains(points));
            points.ok_or_else(|| {
                format!("trendPoints: \"{text}\" is out of range; allowed: 1 to {MOST_TREND_POINTS}")
            })?
        }
    };
    let database = decoded(&address.path);
    let database = Some(database).filter(|path| !path.is_empty()).or_else(|| variables.get("DB"));
    let known = [&COMMON[..], &K6].concat();
    let (sink, limits) =
        sink("influxdb", database.unwrap_or_else(|| "k6".to_owned()), address, variables, &known, sinks)?;
    let events = jmeter::Options {
        application: "k6".to_owned(),
        title: "podometer".to_owned(),
        test_title: opening.title.to_owned(),
        tags: opening.labels.clone(),
        ..jmeter::Options::default()
    };
    let options = k6::Options { tags: opening.labels.clone(), trend_points };
    Ok(Output { sink, form: Box::new(K6Form { options, limits, every, events }) })
}

/// JMeter's.
pub(super) fn jmeter(
    target: Option<&str>,
    opening: &Opening<'_>,
    sinks: &mut Sinks,
) -> Result<Output, String> {
    let variables = Variables::new("K6_INFLUXDB_", opening.variable);
    let mut address = address_of(target, variables)?;
    let mut options = jmeter::Options {
        test_title: opening.title.to_owned(),
        tags: opening.labels.clone(),
        ..jmeter::Options::default()
    };
    options.tags.extend(address.take_all("TAG_"));
    for (name, place) in [
        ("application", &mut options.application),
        ("eventTags", &mut options.event_tags),
        ("measurement", &mut options.measurement),
        ("testTitle", &mut options.test_title),
    ] {
        if let Some(text) = address.take(name).filter(|text| !text.is_empty()) {
            *place = text;
        }
    }
    if let Some(text) = address.take("summaryOnly") {
        options.summary_only = truth("summaryOnly", &text)?;
    }
    if let Some(text) = address.take("percentiles") {
        // JMeter has semicolons.
        let parse =
            |part: &str| part.trim().parse().ok().filter(|percentile| (0.0..=100.0).contains(percentile));
        let parsed: Option<Vec<f64>> = text.split([';', ',']).map(parse).collect();
        options.percentiles =
            parsed.ok_or_else(|| format!("percentiles: \"{text}\" is no list such as 99;95;90"))?;
    }
    // The listener's own form of a URL is that of the endpoint.
    let path = decoded(&address.path);
    let database = address.take("db").or(Some(path).filter(|path| !matches!(path.as_str(), "" | "write")));
    let known = [&COMMON[..], &JMETER].concat();
    let database = database.or_else(|| variables.get("DB")).unwrap_or_else(|| "jmeter".to_owned());
    let (sink, limits) = sink("jmeter", database, address, variables, &known, sinks)?;
    Ok(Output { sink, form: Box::new(JmeterForm { options, limits }) })
}

fn address_of(target: Option<&str>, variables: Variables<'_>) -> Result<Address, String> {
    match target {
        Some(target) => Address::parse(target),
        None => match variables.get("ADDR") {
            Some(target) => {
                Address::parse(&target).map_err(|problem| format!("{}: {problem}", variables.name("ADDR")))
            }
            None => Address::parse(ADDRESS),
        },
    }
}

/// The settings of the sink: its name and how large batches may be.
fn sink(
    kind: &str,
    database: String,
    mut address: Address,
    variables: Variables<'_>,
    known: &[&str],
    sinks: &mut Sinks,
) -> Result<(String, Limits), String> {
    let mut option = |name: &str, variable: &str| {
        address.take(name).or_else(|| variables.get(variable)).filter(|text| !text.is_empty())
    };
    let (_senders, _payload) =
        (option("concurrentWrites", "CONCURRENT_WRITES"), option("payload_size", "PAYLOAD_SIZE"));
    if let Some(precision) =
        option("precision", "PRECISION").filter(|text| !matches!(text.as_str(), "n" | "ns"))
    {
        return Err(format!(
            "precision: \"{precision}\" cannot be; allowed: ns, since points of a second differ in nanoseconds"
        ));
    }
    let retention_policy = option("retention", "RETENTION");
    let consistency = option("consistency", "CONSISTENCY");
    let insecure = match option("insecure", "INSECURE") {
        Some(text) => truth("insecure", &text)?,
        None => false,
    };
    address.rest(known)?;
    let name = format!("{kind} {}/{database}", address.base);
    let sink = sinks.add_influxdb();
    let login = variables.login();
    (sink.username, sink.password_env, sink.password_file) =
        (login.username, login.password_env, login.password_file);
    if let Some(text) = consistency {
        sink.consistency = Some(
            serde_json::from_value(text.as_str().into())
                .map_err(|_| format!("consistency: \"{text}\" is none; allowed: any, one, quorum, all"))?,
        );
    }
    if let Some(proxy) = variables.get("PROXY") {
        sink.http.proxy = proxy;
    }
    sink.name.clone_from(&name);
    sink.url = address.base;
    sink.database = Some(database);
    sink.retention_policy = retention_policy;
    sink.tls.insecure_skip_verify = insecure;
    sink.create_database = true;
    (sink.queue.points, sink.queue.bytes) = QUEUE;
    Ok((name, sink.limits()))
}

impl Form for K6Form {
    fn every(&self) -> Span {
        self.every
    }

    /// Each series of requests takes as many nanoseconds as it has points.
    fn gap_ns(&self, interval: &Interval) -> i64 {
        (interval.requests.len() as i64 + 1).saturating_mul(i64::from(self.options.trend_points))
    }

    fn batches(&mut self, interval: &Interval, beside: Beside<'_>) -> Vec<Batch> {
        let common = self.options.tags.len();
        self.options.tags.extend(beside.stage.map(|stage| ("stage".to_owned(), stage.to_string())));
        let batches = k6::batches(interval, &self.options, self.limits);
        self.options.tags.truncate(common);
        batches
    }

    fn begin(&mut self, wall_ns: i64) -> Option<Batch> {
        Some(jmeter::event(true, wall_ns, &self.events))
    }

    fn event(&mut self, text: &str, wall_ns: i64) -> Option<Batch> {
        Some(jmeter::annotation(text, wall_ns, &self.events))
    }

    fn end(&mut self, _: &Results, wall_ns: i64) -> Vec<Batch> {
        vec![jmeter::event(false, wall_ns, &self.events)]
    }
}

impl Form for JmeterForm {
    fn every(&self) -> Span {
        JMETER_EVERY
    }

    fn gap_ns(&self, _: &Interval) -> i64 {
        MILLI_NS
    }

    fn batches(&mut self, interval: &Interval, _: Beside<'_>) -> Vec<Batch> {
        jmeter::batches(interval, &self.options, self.limits)
    }

    fn begin(&mut self, wall_ns: i64) -> Option<Batch> {
        Some(jmeter::event(true, wall_ns, &self.options))
    }

    fn event(&mut self, text: &str, wall_ns: i64) -> Option<Batch> {
        Some(jmeter::annotation(text, wall_ns, &self.options))
    }

    fn end(&mut self, _: &Results, wall_ns: i64) -> Vec<Batch> {
        vec![jmeter::event(false, wall_ns, &self.options)]
    }
}
