//! Samples of the run's own metrics: k6's `Counter`, `Gauge`, `Rate` and `Trend`.

use super::json_path::{JsonPath, plain};
use super::reply::Reply;
use super::template::Template;

/// One sample of one metric.
#[derive(Clone, Debug)]
pub struct Record {
    /// An index into the file's own metrics.
    pub metric: usize,
    pub sample: Sample,
}

/// Where the number comes from.
#[derive(Clone, Debug)]
pub enum Sample {
    Number(f64),
    /// 1 where the request failed, its status was unexpected or one of its checks did not hold; else 0.
    Failed,
    /// The opposite.
    Passed,
    /// Milliseconds of `http_req_duration`.
    Duration,
    /// Bytes of the body.
    Size,
    Status,
    Json(JsonPath),
    /// A text with holes that comes to a number; the engine renders it.
    Text(Template),
}

impl Sample {
    /// `None` where there is no such number, and for [`Sample::Text`].
    pub fn of(&self, reply: &impl Reply, has_failed: bool) -> Option<f64> {
        match self {
            Sample::Number(number) => Some(*number),
            Sample::Failed => Some(f64::from(u8::from(has_failed))),
            Sample::Passed => Some(f64::from(u8::from(!has_failed))),
            Sample::Duration => Some(reply.duration().nanos() as f64 / 1e6),
            Sample::Size => Some(reply.body().len() as f64),
            Sample::Status => Some(f64::from(reply.status())),
            Sample::Json(path) => {
                plain(&path.find(reply.body())?).parse().ok().filter(|n: &f64| n.is_finite())
            }
            Sample::Text(_) => None,
        }
    }

    pub fn needs_body(&self) -> bool {
        matches!(self, Sample::Size | Sample::Json(_))
    }
}
