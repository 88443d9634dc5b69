//! A recorded kubelet that lives: its counters go on with those of the recorded hierarchy, and its times are now.

use std::fmt::Write;
use std::path::Path;
use std::time::SystemTime;

use serde_json::Value;

use super::kubelet_server::KubeletServer;

/// What each turn adds to every counter of CPU.
pub(crate) const STEP_USEC: u64 = 20_000;

pub(crate) struct Kubelet {
    server: KubeletServer,
    summary: Value,
    resource: String,
}

impl Kubelet {
    pub(crate) fn new(server: KubeletServer, folder: &Path) -> Kubelet {
        let summary = std::fs::read(folder.join("stats-summary.json")).unwrap();
        let resource = std::fs::read_to_string(folder.join("metrics-resource.txt")).unwrap();
        Kubelet { server, summary: serde_json::from_slice(&summary).unwrap(), resource }
    }

    /// The documents after so many turns.
    pub(crate) fn turn(&self, turns: u64) {
        let now = SystemTime::now();
        let mut summary = self.summary.clone();
        renew(&mut summary, &humantime::format_rfc3339_seconds(now).to_string(), turns * STEP_USEC * 1000);
        self.server.set_document("/stats/summary", summary.to_string());

        let ms = now.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis();
        let added = (turns * STEP_USEC) as f64 / 1e6;
        let mut page = String::new();
        for line in self.resource.lines() {
            let cells: Vec<&str> = line.rsplitn(3, ' ').collect();
            match cells[..] {
                [_, value, series]
                    if !line.starts_with('#') && series.contains("cpu_usage_seconds_total") =>
                {
                    _ = writeln!(page, "{series} {} {ms}", value.parse::<f64>().unwrap() + added);
                }
                [time, value, series] if !line.starts_with('#') && time.len() == 13 => {
                    _ = writeln!(page, "{series} {value} {ms}");
                }
                _ => _ = writeln!(page, "{line}"),
            }
        }
        self.server.set_document("/metrics/resource", page);
    }
}

fn renew(value: &mut Value, now: &str, added: u64) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                match &**name {
                    "time" => *field = now.into(),
                    "usageCoreNanoSeconds" => *field = (field.as_u64().unwrap() + added).into(),
                    _ => renew(field, now, added),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| renew(item, now, added)),
        _ => {}
    }
}
