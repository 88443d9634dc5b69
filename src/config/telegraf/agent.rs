//! The sections `agent` and `global_tags`: some of it is set on each sink here.

use std::time::Duration;

use super::draft::Draft;
use super::influxdb::{refusal, take_batch};
use super::plugin::{Plugin, Reason};
use super::yaml::Block;

/// What each sink and target takes from these sections.
#[derive(Debug, Default)]
pub(super) struct General {
    pub(super) interval: Option<Duration>,
    pub(super) batch_points: Option<u64>,
    pub(super) queue_points: Option<u64>,
    pub(super) precision: Option<&'static str>,
    /// Points shall not carry the tag `host`.
    pub(super) without_host: bool,
    pub(super) tags: Block,
    /// Line and place of what only sinks have a use for.
    pub(super) of_sinks: Vec<(usize, String)>,
}

/// Keys of the section `agent` without a counterpart. Sorted by key.
const REASONS: [Reason; 10] = [
    ("always_include_local_tags", "tags of one input are not known"),
    (
        "buffer_directory",
        "what waits is kept below spool.directory, and in memory as far as queue of the sink says",
    ),
    (
        "buffer_strategy",
        "what waits is kept below spool.directory, and in memory as far as queue of the sink says",
    ),
    ("flush_interval", "points are sent as soon as they are made, every sinks.influxdb.interval"),
    ("flush_jitter", "points are sent as soon as they are made, every sinks.influxdb.interval"),
    ("logfile", "the log goes to standard error"),
    ("logfile_rotation_interval", "the log goes to standard error"),
    ("logfile_rotation_max_archives", "the log goes to standard error"),
    ("logfile_rotation_max_size", "the log goes to standard error"),
    ("logtarget", "the log goes to standard error"),
];

/// Telegraf's words for precisions and ours.
const PRECISIONS: [(&str, &str); 9] = [
    ("1ms", "ms"),
    ("1ns", "ns"),
    ("1s", "s"),
    ("1us", "us"),
    ("1µs", "us"),
    ("ms", "ms"),
    ("ns", "ns"),
    ("s", "s"),
    ("us", "us"),
];

/// Takes the section `agent`.
pub(super) fn agent(mut plugin: Plugin<'_>, draft: &mut Draft, general: &mut General) {
    for key in ["metric_batch_size", "metric_buffer_limit", "omit_hostname", "precision"] {
        general.of_sinks.extend(plugin.line_of(key).map(|line| (line, format!("agent.{key}"))));
    }
    general.interval = plugin.duration("interval").filter(|interval| !interval.is_zero());
    general.batch_points = take_batch(&mut plugin);
    general.queue_points = plugin.number("metric_buffer_limit").map(|(_, points)| points);
    general.without_host = plugin.flag("omit_hostname").is_some_and(|(_, omit)| omit);
    if let Some(word) = plugin.word("precision").filter(|word| word.text != "0s") {
        let known = PRECISIONS.iter().find(|(theirs, _)| *theirs == word.text);
        general.precision = known.map(|(_, ours)| *ours);
        if known.is_none() {
            plugin.left_out(word.line, "precision", "allowed for sinks.influxdb.precision: ns, us, ms, s");
        }
    }
    if let Some(word) = plugin.word("hostname") {
        let unless = "NODE_NAME holds the node's name (spec.nodeName)";
        plugin.put_unless(&word, "agent", "node_name", unless, &mut draft.agent);
    }
    let mut log = Block::default();
    let debug = plugin.flag("debug").is_some_and(|(_, debug)| debug);
    let quiet = plugin.flag("quiet").is_some_and(|(_, quiet)| quiet);
    if debug || quiet {
        log.text("level", if debug { "debug" } else { "error" });
    }
    if let Some(word) = plugin.word("logformat") {
        match word.text.as_str() {
            "text" => {}
            "structured" => log.text("format", "json"),
            _ => plugin.left_out(word.line, "logformat", "allowed for agent.log.format: text, json"),
        }
    }
    draft.agent.block("log", &log);
    // Readings are at whole multiples here, always.
    if let Some((line, false)) = plugin.flag("round_interval") {
        plugin.left_out(line, "round_interval", "readings are at whole multiples of their interval");
    }
    plugin.finish(&REASONS);
}

/// Takes the section `global_tags`.
pub(super) fn global_tags(mut plugin: Plugin<'_>, general: &mut General) {
    general.of_sinks.push((plugin.line, "global_tags".to_owned()));
    for word in plugin.all_words() {
        let set = |tags: &mut std::collections::BTreeMap<String, String>| {
            tags.insert(word.key.clone(), String::new());
        };
        match refusal(|probe| set(&mut probe.tags)) {
            Some(refusal) => plugin.refuse(word.line, &word.key, refusal),
            None => plugin.put(&word, "sinks.influxdb.tags", &word.key, &mut general.tags),
        }
    }
    plugin.finish(&[]);
}
