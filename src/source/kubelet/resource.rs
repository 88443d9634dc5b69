//! `/metrics/resource`: the numbers that metrics-server sees, with the kubelet's own times to the millisecond.
//!
//! Seconds become nanoseconds without a float between. A sample without time counts as of the moment it was fetched,
//! as metrics-server has it. The kubelet ends the page with `resource_scrape_error` (`scrape_error` before 1.29): a
//! page without it is half a page, and an error.
//!
//! Source: kubelet `metrics/collectors/resource_metrics.go`; metrics-server `pkg/scraper/client/resource/decode.go`.

use std::borrow::Cow;
use std::collections::HashMap;

use super::decimal::scaled;
use super::store::set;
use crate::model::kubelet::{ResourceContainer, ResourcePage, ResourcePod, ResourceSample, Timed};
use crate::model::stamp::Stamp;
use crate::source::exposition::Sample;

/// Far above a full node.
const MAX_ROWS: usize = 50_000;

/// The page as it stands in its bytes.
#[derive(Debug, Default)]
pub struct Page<'a> {
    node: Values,
    pods: Rows<'a>,
    containers: Rows<'a>,
    scrape_error: bool,
    /// Lines that are not what is documented.
    pub faults: u32,
}

/// A page that is no `/metrics/resource`, or half of one.
#[derive(Debug, thiserror::Error)]
#[error("is no whole /metrics/resource: it does not end with resource_scrape_error")]
pub struct ResourceError;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Subject {
    Node,
    Pod,
    Container,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quantity {
    Cpu,
    WorkingSet,
    Swap,
    Start,
}

/// The families that are taken, sorted by name.
const FAMILIES: [(&str, Subject, Quantity); 10] = [
    ("container_cpu_usage_seconds_total", Subject::Container, Quantity::Cpu),
    ("container_memory_working_set_bytes", Subject::Container, Quantity::WorkingSet),
    ("container_start_time_seconds", Subject::Container, Quantity::Start),
    ("container_swap_usage_bytes", Subject::Container, Quantity::Swap),
    ("node_cpu_usage_seconds_total", Subject::Node, Quantity::Cpu),
    ("node_memory_working_set_bytes", Subject::Node, Quantity::WorkingSet),
    ("node_swap_usage_bytes", Subject::Node, Quantity::Swap),
    ("pod_cpu_usage_seconds_total", Subject::Pod, Quantity::Cpu),
    ("pod_memory_working_set_bytes", Subject::Pod, Quantity::WorkingSet),
    ("pod_swap_usage_bytes", Subject::Pod, Quantity::Swap),
];

#[derive(Clone, Copy, Debug, Default)]
struct Values {
    cpu: Option<Value>,
    working_set: Option<Value>,
    swap: Option<Value>,
    start_time_s: Option<f64>,
}

#[derive(Clone, Copy, Debug)]
struct Value {
    value: u64,
    at_ms: Option<i64>,
}

/// Namespace, pod and container; the last is empty for a pod.
type Name<'a> = [Cow<'a, str>; 3];

#[derive(Debug, Default)]
struct Rows<'a> {
    rows: Vec<(Name<'a>, Values)>,
    places: HashMap<Name<'a>, usize>,
}

impl<'a> Rows<'a> {
    /// The row of that name; `None` where there are too many.
    fn row(&mut self, name: Name<'a>) -> Option<&mut Values> {
        let place = match self.places.get(&name) {
            Some(&place) => place,
            None if self.rows.len() >= MAX_ROWS => return None,
            None => {
                self.places.insert(name.clone(), self.rows.len());
                self.rows.push((name, Values::default()));
                self.rows.len() - 1
            }
        };
        self.rows.get_mut(place).map(|(_, values)| values)
    }
}

/// Reads the whole page.
pub fn parse_resource(text: &[u8]) -> Result<Page<'_>, ResourceError> {
    let mut page = Page::default();
    let mut has_end = false;
    let mut rest = text;
    while !rest.is_empty() {
        let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let (line, next) = rest.split_at(end);
        rest = next.get(1..).unwrap_or_default();
        match Sample::parse(line) {
            None => {}
            Some(Ok(sample)) if matches!(sample.name, b"resource_scrape_error" | b"scrape_error") => {
                has_end = true;
                page.scrape_error = scaled(sample.value, 0) != Some(0);
            }
            Some(Ok(sample)) => {
                let family = FAMILIES.iter().find(|(name, ..)| name.as_bytes() == sample.name);
                if let Some(&(_, subject, quantity)) = family
                    && page.take(&sample, subject, quantity).is_none()
                {
                    page.faults = page.faults.saturating_add(1);
                }
            }
            Some(Err(_)) => page.faults = page.faults.saturating_add(1),
        }
    }
    if has_end { Ok(page) } else { Err(ResourceError) }
}

impl<'a> Page<'a> {
    /// How many containers are on it.
    pub fn containers(&self) -> usize {
        self.containers.rows.len()
    }

    fn take(&mut self, sample: &Sample<'a>, subject: Subject, quantity: Quantity) -> Option<()> {
        let mut name: Name<'a> = Name::default();
        sample
            .labels(|label, value| match label {
                b"namespace" => name[0] = value,
                b"pod" => name[1] = value,
                b"container" => name[2] = value,
                _ => {}
            })
            .ok()?;
        let power = if quantity == Quantity::Cpu { 9 } else { 0 };
        // Before the row is made: a bad value shall not leave an empty one.
        let (value, start) = match quantity {
            Quantity::Start => (None, Some(seconds(sample.value)?)),
            _ => (Some(Value { value: scaled(sample.value, power)?, at_ms: sample.at_ms }), None),
        };
        let is_named = match subject {
            Subject::Node => true,
            Subject::Pod => !name[1].is_empty(),
            Subject::Container => !name[1].is_empty() && !name[2].is_empty(),
        };
        let values = match subject {
            _ if !is_named => return None,
            Subject::Node => &mut self.node,
            Subject::Pod => self.pods.row(name)?,
            Subject::Container => self.containers.row(name)?,
        };
        match quantity {
            Quantity::Cpu => values.cpu = value,
            Quantity::WorkingSet => values.working_set = value,
            Quantity::Swap => values.swap = value,
            Quantity::Start => values.start_time_s = start,
        }
        Some(())
    }

    /// Writes the page over `into`, whatever that was before; names that did not change keep their memory.
    pub fn store(&self, fetched: Stamp, into: &mut ResourcePage) {
        into.fetched = fetched;
        into.node = self.node.sample(fetched);
        into.scrape_error = self.scrape_error;
        into.pods.resize_with(self.pods.rows.len(), ResourcePod::default);
        for ((name, values), pod) in self.pods.rows.iter().zip(&mut into.pods) {
            set(&mut pod.namespace, &name[0]);
            set(&mut pod.pod, &name[1]);
            pod.sample = values.sample(fetched);
        }
        into.containers.resize_with(self.containers.rows.len(), ResourceContainer::default);
        for ((name, values), container) in self.containers.rows.iter().zip(&mut into.containers) {
            set(&mut container.namespace, &name[0]);
            set(&mut container.pod, &name[1]);
            set(&mut container.container, &name[2]);
            container.sample = values.sample(fetched);
            container.start_time_s = values.start_time_s;
        }
    }
}

impl Values {
    fn sample(&self, fetched: Stamp) -> ResourceSample {
        let timed = |value: Option<Value>| {
            value.map(|Value { value, at_ms }| Timed { value, at_ms: at_ms.unwrap_or(fetched.wall_ms()) })
        };
        ResourceSample {
            cpu_usage_ns: timed(self.cpu),
            working_set_bytes: timed(self.working_set),
            swap_usage_bytes: timed(self.swap),
        }
    }
}

fn seconds(text: &[u8]) -> Option<f64> {
    let seconds: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    (seconds.is_finite() && seconds >= 0.0).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FETCHED: Stamp = Stamp { boot_ns: 1, wall_ns: 77_000_000 };

    fn page(text: &str) -> (ResourcePage, u32) {
        let text = format!("{text}\nresource_scrape_error 0\n");
        let page = parse_resource(text.as_bytes()).unwrap();
        let mut model = ResourcePage::default();
        page.store(FETCHED, &mut model);
        (model, page.faults)
    }

    #[test]
    fn rows_of_one_container_meet_in_any_order() {
        let (page, faults) = page(
            "# HELP container_cpu_usage_seconds_total x\n\
             container_cpu_usage_seconds_total{container=\"a\",namespace=\"n\",pod=\"p\"} 3.1748096e+07 1795222700626\n\
             container_cpu_usage_seconds_total{container=\"b\",namespace=\"n\",pod=\"p\"} 0.899977\n\
             container_memory_working_set_bytes{pod=\"p\",namespace=\"n\",container=\"b\"} 5.13916928e+08 5\n\
             container_start_time_seconds{container=\"a\",namespace=\"n\",pod=\"p\"} 1.7952223949175823e+09\n\
             container_swap_limit_bytes{container=\"a\",namespace=\"n\",pod=\"p\"} 0 1\n\
             pod_swap_usage_bytes{namespace=\"n\",pod=\"p\"} 0 9\n\
             node_cpu_usage_seconds_total 2279.052 1795222698950",
        );
        assert_eq!(faults, 0);
        let [a, b] = &page.containers[..] else { panic!("{page:?}") };
        assert_eq!((&*a.namespace, &*a.pod, &*a.container), ("n", "p", "a"));
        let timed = |value, at_ms| Some(Timed { value, at_ms });
        assert_eq!(a.sample.cpu_usage_ns, timed(31_748_096_000_000_000, 1_795_222_700_626));
        assert_eq!((a.start_time_s, a.sample.working_set_bytes), (Some(1_795_222_394.917_582_3), None));
        assert_eq!(
            b.sample.cpu_usage_ns,
            timed(899_977_000, 77),
            "without a time of its own: when it was fetched"
        );
        assert_eq!(b.sample.working_set_bytes, timed(513_916_928, 5));
        assert_eq!((page.pods.len(), page.pods[0].sample.swap_usage_bytes), (1, timed(0, 9)));
        assert_eq!(page.pods[0].sample.cpu_usage_ns, None);
        assert_eq!(page.node.cpu_usage_ns, timed(2_279_052_000_000, 1_795_222_698_950));
    }

    #[test]
    fn a_bad_line_loses_itself_alone() {
        let good = "pod_cpu_usage_seconds_total{namespace=\"n\",pod=\"p\"} 1 2";
        for bad in [
            "pod_cpu_usage_seconds_total{namespace=\"n\",pod=\"q\"} NaN 2",
            "pod_cpu_usage_seconds_total{namespace=\"n\",pod=\"q\"} -1 2",
            "container_start_time_seconds{namespace=\"n\",pod=\"q\",container=\"c\"} -Inf",
            "pod_cpu_usage_seconds_total{namespace=\"n\"} 1 2",
            "pod_cpu_usage_seconds_total{namespace=\"n\",pod=\"q\" 1 2",
            "container_cpu_usage_seconds_total{namespace=\"n\",pod=\"q\"} 1 2",
            "pod_cpu_usage_seconds_total",
            "\u{0}\u{1}",
        ] {
            let (page, faults) = page(&format!("{bad}\n{good}"));
            assert_eq!((page.pods.len(), page.containers.len(), faults), (1, 0, 1), "{bad}");
        }
        let (_, faults) = page("kubelet_other{x=\"y\"} 1\nprocess_start_time_seconds 5");
        assert_eq!(faults, 0, "families of others are no fault");
    }

    #[test]
    fn the_last_line_tells_that_the_page_is_whole() {
        assert!(parse_resource(b"").is_err());
        assert!(parse_resource(b"node_cpu_usage_seconds_total 1 2\n").is_err());
        for (line, is_error) in [
            ("scrape_error 0", false),
            ("resource_scrape_error 1\n", true),
            ("resource_scrape_error 0", false),
        ] {
            assert_eq!(parse_resource(line.as_bytes()).unwrap().scrape_error, is_error, "{line}");
        }
    }

    #[test]
    fn an_older_page_is_written_over_without_a_trace() {
        let (mut reused, _) = page("pod_cpu_usage_seconds_total{namespace=\"n\",pod=\"p\"} 1 2");
        let text =
            b"container_start_time_seconds{container=\"a\",namespace=\"n\",pod=\"p\"} 1\nscrape_error 1";
        parse_resource(text).unwrap().store(FETCHED, &mut reused);
        let mut fresh = ResourcePage::default();
        parse_resource(text).unwrap().store(FETCHED, &mut fresh);
        assert_eq!(reused, fresh);
        assert!(fresh.scrape_error && fresh.pods.is_empty());
    }
}
