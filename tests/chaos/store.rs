//! The real servers, behind what the rounds need of them.

use std::collections::BTreeSet;

use rustix::process::Signal;

use crate::points::{Form, time_ns};
use crate::servers::Server;

/// A server that keeps what it acknowledged, and can be asked for it.
pub(crate) trait Store {
    /// The process.
    fn server(&mut self) -> &mut Server;

    /// Kills it at once and starts it again on the same data; `between` is called while it is away.
    fn restart(&mut self, between: &mut dyn FnMut()) {
        self.server().kill();
        between();
        self.server().start();
    }

    fn signal(&mut self, signal: Signal) {
        self.server().signal(signal);
    }

    /// How points are written for it.
    fn form(&self) -> Form;

    /// The kind of its sink, as the spool has it in its path.
    fn kind(&self) -> &'static str {
        "influxdb"
    }

    /// The numbers from `first` up to, and without, `end` that a query gives back.
    fn readable(&self, first: u64, end: u64) -> BTreeSet<u64>;

    /// Some points are refused by it.
    fn refuses(&self) -> bool;

    /// What it acknowledged is on its disk.
    fn survives_kill(&self) -> bool;
}

/// InfluxDB 1.
pub(crate) struct Influx(Server);

impl Influx {
    pub(crate) fn start() -> Option<Influx> {
        let server = Server::influxdb(false)?;
        server.query("d", "CREATE DATABASE d");
        // The field's type, with which others are in conflict.
        let line = format!("chaos n=0i {}", time_ns(0));
        let (status, body) = server.request("POST", "/write?db=d", None, &line);
        assert_eq!(status, 204, "{body}");
        Some(Influx(server))
    }
}

impl Store for Influx {
    fn server(&mut self) -> &mut Server {
        &mut self.0
    }

    fn form(&self) -> Form {
        Form::Lines
    }

    fn readable(&self, first: u64, end: u64) -> BTreeSet<u64> {
        let (from, to) = (time_ns(first), time_ns(end));
        let statement = format!("SELECT n FROM chaos WHERE time >= {from} AND time < {to}");
        let series = self.0.series("d", &statement);
        let rows = series.first().and_then(|series| series["values"].as_array()).into_iter().flatten();
        rows.map(|row| {
            let number = row[1].as_u64().unwrap();
            assert_eq!(row[0].as_u64(), Some(time_ns(number)), "another value than was written");
            number
        })
        .collect()
    }

    fn refuses(&self) -> bool {
        true
    }

    fn survives_kill(&self) -> bool {
        true
    }
}

/// VictoriaMetrics, by its endpoint for line protocol.
pub(crate) struct Victoria(Server);

impl Victoria {
    pub(crate) fn start() -> Option<Victoria> {
        Server::victoria_metrics().map(Victoria)
    }
}

impl Store for Victoria {
    fn server(&mut self) -> &mut Server {
        &mut self.0
    }

    fn form(&self) -> Form {
        Form::Lines
    }

    fn readable(&self, first: u64, end: u64) -> BTreeSet<u64> {
        self.0.request("GET", "/internal/force_flush", None, "");
        let seconds = |number: u64| time_ns(number) as f64 / 1e9;
        let path = format!(
            "/api/v1/export?match%5B%5D=chaos_n&start={:.3}&end={:.3}",
            seconds(first),
            seconds(end) - 0.001
        );
        let (status, export) = self.0.request("GET", &path, None, "");
        assert_eq!(status, 200, "{export}");
        let mut numbers = BTreeSet::new();
        for line in export.lines() {
            let series: serde_json::Value = serde_json::from_str(line).unwrap();
            let (values, times) =
                (series["values"].as_array().unwrap(), series["timestamps"].as_array().unwrap());
            for (value, time) in values.iter().zip(times) {
                let number = value.as_f64().unwrap() as u64;
                assert_eq!(
                    time.as_u64(),
                    Some(time_ns(number) / 1_000_000),
                    "another value than was written"
                );
                numbers.insert(number);
            }
        }
        numbers
    }

    fn refuses(&self) -> bool {
        false
    }

    fn survives_kill(&self) -> bool {
        false
    }
}
