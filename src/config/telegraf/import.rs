//! From a telegraf.conf to our YAML, and to one line for everything that did not come along.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::agent::{self, General};
use super::document::{self, Entry, Value};
use super::draft::Draft;
use super::plugin::{Plugin, Reason};
use super::remark::{Kind, Remarks};
use super::{host, influxdb, kubernetes, listener, scrape};

/// Telegraf's own sample of all plugins has half a megabyte.
const MAX_FILE_BYTES: u64 = 4 << 20;

/// What became of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    pub yaml: String,
    /// What was left out, is to be done by hand or needs no line; each names file, line, plugin and key.
    pub remarks: Vec<String>,
}

/// Why there is nothing to import.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("{}: cannot be read: {error}; name a telegraf.conf", path.display())]
    Unreadable { path: PathBuf, error: std::io::Error },
    #[error("{}: is larger than {limit} bytes, which no telegraf.conf is", path.display())]
    TooLarge { path: PathBuf, limit: u64 },
    /// The text itself is not shown: it may hold passwords.
    #[error("{file}:{line}:{column}: is no TOML: {message}")]
    Malformed { file: String, line: usize, column: usize, message: String },
}

/// Plugins without a counterpart, and what does their work here. Sorted.
const PLUGINS: [Reason; 6] = [
    (
        "inputs.cgroup",
        "cgroups are in kubernetes_pod, kubernetes_pod_container and podometer_unit, not in cgroup",
    ),
    (
        "inputs.docker",
        "containers are in kubernetes_pod_container and podometer_unit, not in docker_container_*",
    ),
    ("inputs.jolokia", "Telegraf dropped it in 1.30; write it as inputs.jolokia2_agent and import again"),
    ("outputs.discard", "without a sink nothing is written"),
    ("outputs.file", "points are not written to files; see /metrics and podometer top"),
    ("outputs.http", "there is no sink of this kind; points go to sinks.influxdb"),
];

/// Kinds of plugins that have no counterpart at all, and inputs and outputs that are not known. Sorted.
const KINDS: [Reason; 5] = [
    (
        "aggregators",
        "points are not aggregated on their way; means, peaks and quantiles are measured (sampler.windows)",
    ),
    ("inputs", "there is no source of this kind; let Telegraf go on with it"),
    ("outputs", "there is no sink of this kind; let Telegraf go on with it"),
    ("processors", "points are not changed on their way; a sink has filter and tags"),
    ("secretstores", "secrets are files or environment variables; set the keys that end in _file or _env"),
];

/// Reads and imports a file.
pub fn import_file(path: &Path) -> Result<Imported, ImportError> {
    let unreadable = |error| ImportError::Unreadable { path: path.to_owned(), error };
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mut text = String::new();
    let read = file.take(MAX_FILE_BYTES + 1).read_to_string(&mut text).map_err(unreadable)?;
    if read as u64 > MAX_FILE_BYTES {
        return Err(ImportError::TooLarge { path: path.to_owned(), limit: MAX_FILE_BYTES });
    }
    import(&text, &path.display().to_string())
}

/// Imports a text; `file` is what it is called in messages.
pub fn import(text: &str, file: &str) -> Result<Imported, ImportError> {
    let entries = document::parse(text).map_err(|found| ImportError::Malformed {
        file: file.to_owned(),
        line: found.line,
        column: found.column,
        message: found.message,
    })?;
    let mut remarks = Remarks::default();
    let mut draft = Draft::default();
    let mut general = General::default();
    let mut plugins = Vec::new();
    for Entry { key, line, value } in entries {
        match (key.as_str(), value) {
            ("agent", Value::Table(line, entries)) => {
                agent::agent(Plugin::new(key, line, entries, &mut remarks), &mut draft, &mut general);
            }
            ("global_tags" | "tags", Value::Table(line, entries)) => {
                agent::global_tags(Plugin::new(key, line, entries, &mut remarks), &mut general);
            }
            (kind, Value::Table(_, entries)) if KINDS.iter().any(|(known, _)| *known == kind) => {
                plugins.extend(entries.into_iter().flat_map(|entry| instances(&key, entry)));
            }
            _ => remarks.add(line, &key, Kind::LeftOut, "is no section of a telegraf.conf"),
        }
    }
    // Inputs first: some of them say what the sinks shall write.
    plugins.sort_by_key(|(place, _, _)| !place.starts_with("inputs."));
    for (place, line, entries) in plugins {
        let plugin = Plugin::new(place.clone(), line, entries, &mut remarks);
        take(&place, plugin, &mut draft, &general);
    }
    if draft.sinks.is_empty() {
        for (line, place) in &general.of_sinks {
            remarks.add(*line, place, Kind::LeftOut, "is of use to a sink, and there is none");
        }
    }
    Ok(Imported { yaml: draft.into_yaml(file), remarks: remarks.into_lines(file) })
}

/// Every instance of one plugin: `[[inputs.cpu]]` may be there several times, and `[inputs.cpu]` once.
fn instances(kind: &str, entry: Entry) -> Vec<(String, usize, Vec<Entry>)> {
    let place = format!("{kind}.{}", entry.key);
    let items = match entry.value {
        Value::List(items) => items,
        other => vec![other],
    };
    let instance = |item| match item {
        Value::Table(line, entries) => (place.clone(), line, entries),
        _ => (place.clone(), entry.line, Vec::new()),
    };
    items.into_iter().map(instance).collect()
}

fn take(place: &str, plugin: Plugin<'_>, draft: &mut Draft, general: &General) {
    match place {
        "inputs.jolokia2_agent" => scrape::jolokia(plugin, draft, general),
        "inputs.kube_inventory" => kubernetes::inventory(plugin, draft),
        "inputs.kubernetes" => kubernetes::kubelet(plugin, draft),
        "inputs.nginx" => scrape::nginx(plugin, draft, general),
        "inputs.prometheus" => scrape::prometheus(plugin, draft, general),
        "outputs.influxdb" => influxdb::v1(plugin, draft, general),
        "outputs.influxdb_v2" => influxdb::v2(plugin, draft, general),
        "outputs.prometheus_client" => listener::take(plugin, draft),
        _ => {
            let (kind, name) = place.split_once('.').unwrap_or((place, ""));
            if kind == "inputs" && host::knows(name) {
                return host::take(name, plugin, draft);
            }
            let mut known = PLUGINS.iter().filter(|(known, _)| *known == place);
            let known = known.next().or_else(|| KINDS.iter().find(|(known, _)| *known == kind));
            plugin.leave(known.map_or("is not known here", |(_, reason)| reason));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Whatever plugin and key a secret stands at, and whatever it looks like there.
    #[test]
    fn no_key_of_any_plugin_gives_a_secret_away() {
        let plugins = [
            "agent",
            "aggregators.minmax",
            "inputs.cpu",
            "inputs.jolokia2_agent",
            "inputs.kube_inventory",
            "inputs.kubernetes",
            "inputs.nginx",
            "inputs.prometheus",
            "inputs.redfish",
            "outputs.influxdb",
            "outputs.influxdb_v2",
            "outputs.kafka",
            "outputs.prometheus_client",
            "processors.rename",
            "secretstores.os",
        ];
        let keys = [
            "basic_password",
            "bearer_token",
            "bearer_token_string",
            "http_headers",
            "http_proxy",
            "password",
            "token",
            "unheard_of",
            "url",
            "urls",
        ];
        let values = ["hunter2", "@{store:hunter2}", "$A-hunter2", "${A:-hunter2}", "https://u:hunter2@h/"];
        for (plugin, key) in plugins.iter().flat_map(|plugin| keys.map(|key| (plugin, key))) {
            for value in values {
                let is_address = key.starts_with("url") || key == "http_proxy";
                if is_address && !value.contains("://") {
                    continue;
                }
                for written in [format!("{value:?}"), format!("[{value:?}]"), format!("{{x = {value:?}}}")] {
                    let text = format!("[{plugin}]\nusername = \"u\"\n{key} = {written}\n");
                    let imported = import(&text, "f").unwrap();
                    let told = format!("{}{}", imported.yaml, imported.remarks.join("\n"));
                    assert!(!told.contains("hunter2"), "{text}\n{told}");
                }
            }
        }
    }

    #[test]
    fn what_only_sinks_use_is_told_where_there_is_none() {
        let text = "[global_tags]\na = \"b\"\n[agent]\nprecision = \"1s\"\n";
        let told = import(text, "f").unwrap().remarks.join("\n");
        assert_eq!(
            told,
            "f:1: global_tags: left out: is of use to a sink, and there is none\n\
             f:4: agent.precision: left out: is of use to a sink, and there is none"
        );
        let with_sink = format!("{text}[[outputs.influxdb]]\n");
        assert_eq!(import(&with_sink, "f").unwrap().remarks, Vec::<String>::new());
    }

    #[test]
    fn tables_are_sorted() {
        for table in [&PLUGINS[..], &KINDS] {
            assert!(table.is_sorted_by_key(|(place, _)| place));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "([\\[\\]a-z.=\"' \n{}0-9$,-]|inputs|outputs|cpu|influxdb|urls){0,60}") {
            if let Ok(imported) = import(&text, "f") {
                prop_assert!(imported.yaml.starts_with("# Made from f"));
            }
        }
    }
}
