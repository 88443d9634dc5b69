//! Line protocol over HTTP: three endpoints, one table of answers.

use hyper::Method;
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue};

use super::config::{Consistency, Version};
use super::lines::{halves, parted_by};
use super::reply::judge;
use crate::encode::influx::Precision;
use crate::sink::http::percent_encode;
use crate::sink::parcel::Parcel;
use crate::sink::protocol::{Outgoing, Protocol, Reply, Verdict};

/// Where the points go.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) version: Version,
    pub(super) database: String,
    pub(super) retention_policy: Option<String>,
    pub(super) consistency: Option<Consistency>,
    pub(super) org: Option<String>,
    pub(super) bucket: String,
    pub(super) may_create: bool,
}

#[derive(Debug)]
pub(super) struct InfluxDb {
    pub(super) target: Target,
}

impl InfluxDb {
    fn path(&self, precision: Precision) -> String {
        let target = &self.target;
        let unit = precision.parameter(target.version == Version::V2);
        match target.version {
            Version::V1 => path(
                "/write",
                &[
                    ("db", Some(&target.database)),
                    ("rp", target.retention_policy.as_deref()),
                    ("consistency", target.consistency.map(word)),
                    ("precision", Some(unit)),
                ],
            ),
            Version::V2 => path(
                "/api/v2/write",
                &[
                    ("org", target.org.as_deref()),
                    ("bucket", Some(&target.bucket)),
                    ("precision", Some(unit)),
                ],
            ),
            Version::V3 => path(
                "/api/v3/write_lp",
                &[
                    ("db", Some(&target.database)),
                    ("accept_partial", Some("true")),
                    ("precision", Some(long_word(precision))),
                ],
            ),
        }
    }
}

impl Protocol for InfluxDb {
    fn request(&self, parcel: &Parcel) -> Outgoing {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        if let Some(encoding) = parcel.packing().encoding() {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        // What waits may have been written with another precision than the configuration now has.
        let path = self.path(precision(parcel.form()));
        Outgoing { method: Method::POST, path, headers, body: parcel.body() }
    }

    fn judge(&self, _: &Parcel, reply: &Reply) -> Verdict {
        let verdict = judge(self.target.version, reply.status.as_u16(), &reply.text(), reply.retry_after());
        match verdict {
            Verdict::Hold { mend, remedy } => {
                Verdict::Hold { mend, remedy: remedy && self.target.may_create }
            }
            other => other,
        }
    }

    /// A type conflict is mostly that of a whole measurement, whose lines stand between others.
    fn part(&self, parcel: &Parcel, subject: Option<&str>) -> Option<[Parcel; 2]> {
        let lines = parcel.unpacked()?;
        let parts = subject.and_then(|measurement| parted_by(&lines, measurement));
        parts.or_else(|| halves(&lines, parcel.points())).map(|parts| parcel.parts(parts))
    }

    fn remedy(&self) -> Option<Outgoing> {
        if !self.target.may_create {
            return None;
        }
        let quoted = self.target.database.replace('\\', "\\\\").replace('"', "\\\"");
        let mut form = String::from("q=");
        percent_encode(&mut form, &format!("CREATE DATABASE \"{quoted}\""));
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        Some(Outgoing { method: Method::POST, path: "/query".into(), headers, body: form.into() })
    }
}

fn path(endpoint: &str, parameters: &[(&str, Option<&str>)]) -> String {
    let mut out = endpoint.to_owned();
    for (at, (key, value)) in parameters.iter().filter_map(|(key, value)| Some((key, (*value)?))).enumerate()
    {
        out.push(if at == 0 { '?' } else { '&' });
        out.push_str(key);
        out.push('=');
        percent_encode(&mut out, value);
    }
    out
}

fn precision(form: u8) -> Precision {
    let all = [Precision::Ns, Precision::Us, Precision::Ms, Precision::S];
    all.into_iter().find(|precision| *precision as u8 == form).unwrap_or_default()
}

fn word(consistency: Consistency) -> &'static str {
    match consistency {
        Consistency::All => "all",
        Consistency::Any => "any",
        Consistency::One => "one",
        Consistency::Quorum => "quorum",
    }
}

/// InfluxDB 3's words.
fn long_word(precision: Precision) -> &'static str {
    match precision {
        Precision::Ns => "nanosecond",
        Precision::Us => "microsecond",
        Precision::Ms => "millisecond",
        Precision::S => "second",
    }
}
