//! Prometheus by remote write, and the Pushgateway, which keeps the newest push alone.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::points::{Form, numbers_of_page, range_of};
use crate::servers::{Server, program};
use crate::store::Store;

/// Prometheus as a receiver of remote write.
pub(crate) struct Receiver(Server);

impl Receiver {
    /// 2.42, as this Debian has it.
    pub(crate) fn two() -> Option<Receiver> {
        Some(Receiver(Server::prometheus(program("prometheus")?)))
    }

    /// 3.5, as CI unpacks it.
    pub(crate) fn three() -> Option<Receiver> {
        let cache = std::env::var_os("PODOMETER_LAB_CACHE")
            .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/cache"), PathBuf::from);
        let file = cache.join("prometheus3/usr/bin/prometheus");
        if !file.is_file() {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "Prometheus 3 must be there on CI");
            eprintln!("!!! SKIPPED: Prometheus 3 is not installed, nothing was tested");
            return None;
        }
        Some(Receiver(Server::prometheus(file)))
    }
}

impl Store for Receiver {
    fn server(&mut self) -> &mut Server {
        &mut self.0
    }

    fn form(&self) -> Form {
        Form::Series
    }

    fn kind(&self) -> &'static str {
        "remote_write"
    }

    fn readable(&self, first: u64, end: u64) -> BTreeSet<u64> {
        let ranges: Vec<String> = (range_of(first)..=range_of(end)).map(|range| range.to_string()).collect();
        let query = format!("query=chaos%7Br%3D~%22{}%22%7D%5B2h%5D", ranges.join("%7C"));
        let (status, body) = self.0.request("POST", "/api/v1/query", None, &query);
        assert_eq!(status, 200, "{body}");
        let answer: serde_json::Value = serde_json::from_str(&body).unwrap();
        let series = answer["data"]["result"].as_array().unwrap();
        let numbers = series.iter().map(|series| {
            let number: u64 = series["metric"]["n"].as_str().unwrap().parse().unwrap();
            for sample in series["values"].as_array().unwrap() {
                assert_eq!(sample[1], number.to_string(), "another value than was written");
            }
            number
        });
        numbers.filter(|number| (first..end).contains(number)).collect()
    }

    fn refuses(&self) -> bool {
        false
    }

    fn survives_kill(&self) -> bool {
        true
    }
}

/// A Pushgateway.
pub(crate) struct Gateway(Server);

impl Gateway {
    pub(crate) fn start() -> Option<Gateway> {
        Some(Gateway(Server::pushgateway(program("prometheus-pushgateway")?)))
    }
}

impl Store for Gateway {
    fn server(&mut self) -> &mut Server {
        &mut self.0
    }

    fn form(&self) -> Form {
        Form::Page
    }

    fn kind(&self) -> &'static str {
        "pushgateway"
    }

    fn readable(&self, _: u64, _: u64) -> BTreeSet<u64> {
        let (status, page) = self.0.request("GET", "/metrics", None, "");
        assert_eq!(status, 200, "{page}");
        numbers_of_page(&page).into_iter().collect()
    }

    fn refuses(&self) -> bool {
        false
    }

    fn survives_kill(&self) -> bool {
        false
    }
}
