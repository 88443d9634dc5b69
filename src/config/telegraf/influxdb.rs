//! `outputs.influxdb` and `outputs.influxdb_v2` as entries of `sinks.influxdb`.

use std::collections::BTreeMap;

use super::agent::General;
use super::document::{Entry, Value};
use super::draft::Draft;
use super::plugin::{Plugin, Reason, Word, texts_of};
use super::secret::{self, Keys};
use super::variable;
use super::yaml::Block;
use crate::sink::influxdb::Config;

const SECTION: &str = "sinks.influxdb";

/// Where Telegraf writes to when it is told nothing.
const DEFAULT_URL: &str = "http://127.0.0.1:8086";

const BY_TAG: &str = "a sink writes to one place; give another sink a filter with tagpass";

/// Keys without a counterpart. Sorted by key.
const REASONS: [Reason; 13] = [
    ("bucket_tag", BY_TAG),
    ("database_tag", BY_TAG),
    ("exclude_bucket_tag", BY_TAG),
    ("exclude_database_tag", BY_TAG),
    ("exclude_retention_policy_tag", BY_TAG),
    ("flush_interval", "points are sent as soon as they are made, every sinks.influxdb.interval"),
    ("flush_jitter", "points are sent as soon as they are made, every sinks.influxdb.interval"),
    ("http_headers", "only the headers of the protocol are sent"),
    ("influx_omit_timestamp", "points keep their time"),
    (
        "influx_uint_support",
        "all whole numbers are written as signed ones, as Telegraf does unless told otherwise",
    ),
    ("retention_policy_tag", BY_TAG),
    ("udp_payload", "points are sent over HTTP"),
    ("user_agent", "only the headers of the protocol are sent"),
];

/// How a list of patterns is tried on a sink.
type Try = fn(&mut Config, Vec<String>);

/// Telegraf's filters are ours, by name.
const LISTS: [(&str, Try); 8] = [
    ("namepass", |probe, list| probe.filter.namepass = list),
    ("namedrop", |probe, list| probe.filter.namedrop = list),
    ("fieldinclude", |probe, list| probe.filter.fieldinclude = list),
    ("fieldexclude", |probe, list| probe.filter.fieldexclude = list),
    ("fieldpass", |probe, list| probe.filter.fieldpass = list),
    ("fielddrop", |probe, list| probe.filter.fielddrop = list),
    ("taginclude", |probe, list| probe.filter.taginclude = list),
    ("tagexclude", |probe, list| probe.filter.tagexclude = list),
];

/// Why a sink would refuse what `change` sets; the sink itself is asked.
pub(super) fn refusal(change: impl FnOnce(&mut Config)) -> Option<String> {
    let mut probe =
        Config { url: DEFAULT_URL.to_owned(), database: Some("telegraf".to_owned()), ..Config::default() };
    change(&mut probe);
    let message = probe.validate().err()?.to_string();
    let own = format!("{SECTION} {}: ", probe.name);
    Some(message.strip_prefix(&own).unwrap_or(&message).to_owned())
}

/// The most points in one request, where a sink takes it.
pub(super) fn take_batch(plugin: &mut Plugin<'_>) -> Option<u64> {
    const KEY: &str = "metric_batch_size";
    let (line, points) = plugin.number(KEY)?;
    let change = |probe: &mut Config| {
        probe.batch_points = usize::try_from(points).unwrap_or(usize::MAX);
        probe.queue.points = u64::MAX;
    };
    let refusal = refusal(change);
    if let Some(refusal) = &refusal {
        plugin.refuse(line, KEY, refusal);
    }
    refusal.is_none().then_some(points)
}

/// `outputs.influxdb`.
pub(super) fn v1(mut plugin: Plugin<'_>, draft: &mut Draft, general: &General) {
    let Some((name, mut out)) = begin(&mut plugin, draft) else {
        return plugin.leave("names no address that can be written to");
    };
    match plugin.word("database") {
        Some(word) => plugin.put(&word, SECTION, "database", &mut out),
        None => out.text("database", "telegraf"),
    }
    plugin.copy("retention_policy", SECTION, "retention_policy", &mut out);
    match (plugin.word("username"), plugin.word("password")) {
        (Some(user), Some(password)) => {
            plugin.put(&user, SECTION, "username", &mut out);
            let keys = Keys { file: "password_file", env: Some("password_env"), section: SECTION };
            secret::place(&mut plugin, &password, keys, &name, "password", &mut out);
        }
        (Some(user), None) => plugin.left_out(user.line, "username", "there is no password beside it"),
        (None, Some(password)) => {
            plugin.left_out(password.line, "password", "there is no username beside it");
        }
        (None, None) => {}
    }
    plugin.copy("write_consistency", SECTION, "consistency", &mut out);
    // Telegraf creates the database unless it is told not to.
    if !plugin.flag("skip_database_creation").is_some_and(|(_, skip)| skip) {
        out.plain("create_database", true);
    }
    end(plugin, out, draft, general);
}

/// `outputs.influxdb_v2`.
pub(super) fn v2(mut plugin: Plugin<'_>, draft: &mut Draft, general: &General) {
    let Some((name, mut out)) = begin(&mut plugin, draft) else {
        return plugin.leave("names no address that can be written to");
    };
    plugin.copy("organization", SECTION, "org", &mut out);
    plugin.copy("bucket", SECTION, "bucket", &mut out);
    if let Some(token) = plugin.word("token") {
        let keys = Keys { file: "token_file", env: Some("token_env"), section: SECTION };
        secret::place(&mut plugin, &token, keys, &name, "token", &mut out);
    }
    end(plugin, out, draft, general);
}

/// Name and addresses; absent where there is no address that a sink can write to.
fn begin(plugin: &mut Plugin<'_>, draft: &mut Draft) -> Option<(String, Block)> {
    let (line, urls) = plugin.words("urls").unwrap_or_else(|| (plugin.line, vec![DEFAULT_URL.to_owned()]));
    let mut usable = Vec::new();
    for text in urls {
        if ["http://", "https://", "$"].iter().any(|start| text.starts_with(start)) {
            usable.push(Word { key: "urls".to_owned(), line, text });
        } else {
            plugin.left_out(
                line,
                "urls",
                "only addresses that begin with http:// or https:// can be written to",
            );
        }
    }
    if usable.is_empty() {
        return None;
    }
    let alias = plugin.alias();
    let name = draft.fresh_name(alias.as_deref().unwrap_or("influxdb"));
    let mut out = Block::default();
    out.text("name", &name);
    plugin.put_all(&usable, SECTION, ("url", "urls"), &mut out);
    Some((name, out))
}

/// What both versions have in common.
fn end(mut plugin: Plugin<'_>, mut out: Block, draft: &mut Draft, general: &General) {
    if let Some(interval) = general.interval {
        out.plain("interval", humantime::format_duration(interval));
    }
    let batch = take_batch(&mut plugin).or(general.batch_points);
    if let Some(points) = batch {
        out.plain("batch_points", points);
    }
    let queue = plugin.number("metric_buffer_limit").map(|(_, points)| points).or(general.queue_points);
    let least = 2 * batch.unwrap_or(Config::default().batch_points as u64);
    let mut queued = Block::default();
    if let Some(points) = queue {
        if points < least {
            plugin.note(format!("metric_buffer_limit is raised to {least}, twice the points of a request"));
        }
        queued.plain("points", points.max(least));
    } else if least > Config::default().queue.points {
        queued.plain("points", least);
    }
    out.block("queue", &queued);
    let mut http = Block::default();
    plugin.copy_duration("timeout", "timeout", &mut http);
    match plugin.word("content_encoding") {
        Some(word) if word.text == "identity" => out.plain("gzip", false),
        Some(word) if word.text != "gzip" => {
            plugin.left_out(
                word.line,
                "content_encoding",
                "requests are compressed with gzip, or with gzip: false not",
            );
        }
        _ => {}
    }
    if let Some(precision) = general.precision {
        out.text("precision", precision);
    }
    plugin.copy("http_proxy", "sinks.influxdb.http", "proxy", &mut http);
    out.block("http", &http);
    out.block("tls", &plugin.tls(SECTION));
    out.block("tags", &general.tags);
    out.block("filter", &filter(&mut plugin, general.without_host));
    if draft.protocol_row {
        out.plain("net_protocol_row", true);
    }
    plugin.finish(&REASONS);
    draft.sinks.push(out);
}

fn filter(plugin: &mut Plugin<'_>, without_host: bool) -> Block {
    let mut filter = Block::default();
    for (key, set) in LISTS {
        let (line, mut patterns) = plugin.words(key).unwrap_or((plugin.line, Vec::new()));
        if key == "tagexclude" && without_host {
            patterns.push("host".to_owned());
        }
        if !patterns.is_empty()
            && is_taken(plugin, line, key, &patterns, |probe| set(probe, patterns.clone()))
        {
            filter.list(key, &patterns);
        }
    }
    for key in ["tagpass", "tagdrop"] {
        let Some(Entry { line, value, .. }) = plugin.take(key) else { continue };
        let Value::Table(_, entries) = value else {
            plugin.left_out(line, key, "is no table of lists");
            continue;
        };
        let mut tags = Block::default();
        for Entry { key: tag, line, value } in entries {
            let patterns = texts_of(value).unwrap_or_default();
            let place = format!("{key}.{tag}");
            let by_tag = BTreeMap::from([(tag.clone(), patterns.clone())]);
            let set = |probe: &mut Config| match key {
                "tagpass" => probe.filter.tagpass = by_tag,
                _ => probe.filter.tagdrop = by_tag,
            };
            if is_taken(plugin, line, &place, &patterns, set) {
                tags.list(&tag, &patterns);
            }
        }
        filter.block(key, &tags);
    }
    filter
}

/// Whether a sink takes the patterns; what it does not take is told.
fn is_taken(
    plugin: &mut Plugin<'_>,
    line: usize,
    key: &str,
    patterns: &[String],
    set: impl FnOnce(&mut Config),
) -> bool {
    if patterns.iter().any(|pattern| variable::is_in(pattern)) {
        plugin.left_out(
            line,
            key,
            format!("variables are not read here; write the patterns to {SECTION}.filter.{key}"),
        );
        return false;
    }
    let refusal = refusal(set);
    if let Some(refusal) = &refusal {
        plugin.refuse(line, key, refusal);
    }
    refusal.is_none()
}
