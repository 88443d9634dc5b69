//! `inputs.prometheus`, `inputs.jolokia2_agent` and `inputs.nginx` as targets of the section `scrape`.

use super::agent::General;
use super::document::{Entry, Value};
use super::draft::Draft;
use super::plugin::{Plugin, Reason, Word};
use super::secret::{self, Keys};
use super::yaml::Block;

const SECTION: &str = "scrape.targets";
const METRICS: &str = "scrape.targets.metrics";
const DISCOVERY: &str = "targets are named by address; name each in scrape.targets";

/// Keys without a counterpart. Sorted by key.
const REASONS: [Reason; 12] = [
    ("default_field_separator", "fields are joined by a dot"),
    ("default_tag_prefix", "tags have the names of their keys"),
    ("field_name", "fields have the names of their paths"),
    ("field_separator", "fields are joined by a dot"),
    ("kubernetes_services", DISCOVERY),
    ("monitor_kubernetes_pods", DISCOVERY),
    ("pod_scrape_interval", DISCOVERY),
    ("pod_scrape_scope", DISCOVERY),
    ("tag_prefix", "tags have the names of their keys"),
    ("tls_cert", "targets are shown a token or password, no certificate"),
    ("tls_key", "targets are shown a token or password, no certificate"),
    ("url_tag", "points of a target carry its tags alone"),
];

/// `inputs.prometheus`.
pub(super) fn prometheus(plugin: Plugin<'_>, draft: &mut Draft, general: &General) {
    take("prometheus", plugin, draft, general);
}

/// `inputs.nginx`.
pub(super) fn nginx(plugin: Plugin<'_>, draft: &mut Draft, general: &General) {
    take("nginx", plugin, draft, general);
}

/// `inputs.jolokia2_agent`.
pub(super) fn jolokia(plugin: Plugin<'_>, draft: &mut Draft, general: &General) {
    take("jolokia", plugin, draft, general);
}

/// One target for each address; all else is the same for all of them.
fn take(kind: &str, mut plugin: Plugin<'_>, draft: &mut Draft, general: &General) {
    let Some((line, urls)) = plugin.words("urls") else {
        return plugin.leave("names no urls, and other ways to find targets are not known here");
    };
    let alias = plugin.alias();
    let base = alias.as_deref().unwrap_or(kind);
    let names: Vec<String> = urls.iter().map(|_| draft.fresh_name(base)).collect();
    let owner = names.first().map_or(kind, |name| name);

    let mut rest = Block::default();
    let interval = plugin.duration("interval").filter(|interval| !interval.is_zero()).or(general.interval);
    if let Some(interval) = interval {
        rest.plain("interval", humantime::format_duration(interval));
    }
    for key in ["response_timeout", "timeout"] {
        plugin.copy_duration(key, "timeout", &mut rest);
    }
    let keys = Keys { file: "token_file", env: Some("token_env"), section: SECTION };
    secret::token(&mut plugin, keys, owner, &mut rest);
    plugin.copy("username", SECTION, "username", &mut rest);
    if let Some(password) = plugin.word("password") {
        let keys = Keys { file: "password_file", env: Some("password_env"), section: SECTION };
        secret::place(&mut plugin, &password, keys, owner, "password", &mut rest);
    }
    plugin.trust(SECTION, &mut rest);
    // Telegraf's own default is 1, and so is ours.
    if kind == "prometheus" && plugin.number("metric_version").is_some_and(|(_, version)| version == 2) {
        rest.plain("schema", "telegraf_v2");
    }
    let mut tags = Block::default();
    for word in plugin.table("tags") {
        plugin.put(&word, "scrape.targets.tags", &word.key, &mut tags);
    }
    rest.block("tags", &tags);
    if kind == "jolokia" {
        let metrics = metrics(&mut plugin);
        rest.items("metrics", &metrics);
    }

    for (text, name) in urls.into_iter().zip(names) {
        let mut target = Block::default();
        target.text("kind", kind);
        target.text("name", &name);
        plugin.put(&Word { key: "urls".to_owned(), line, text }, SECTION, "url", &mut target);
        target.append(rest.clone());
        draft.targets.push(target);
    }
    plugin.finish(&REASONS);
}

/// What a JVM is asked for: one table for each measurement.
fn metrics(plugin: &mut Plugin<'_>) -> Vec<Block> {
    let prefix = plugin.word("name_prefix").map_or_else(String::new, |word| word.text);
    let field_prefix = plugin.word("default_field_prefix");
    let tables = match plugin.take("metric") {
        Some(Entry { value: Value::List(items), .. }) => items,
        Some(Entry { value, .. }) => vec![value],
        None => Vec::new(),
    };
    let mut metrics = Vec::new();
    for table in tables {
        let Value::Table(line, entries) = table else { continue };
        let mut table = plugin.below("metric", line, entries);
        let (Some(mut name), Some(mbean)) = (table.word("name"), table.word("mbean")) else {
            table.leave("lacks name or mbean");
            continue;
        };
        name.text.insert_str(0, &prefix);
        let mut metric = Block::default();
        table.put(&name, METRICS, "name", &mut metric);
        table.put(&mbean, METRICS, "mbean", &mut metric);
        for key in ["paths", "tag_keys"] {
            table.copy_list(key, METRICS, key, &mut metric);
        }
        if let Some(word) = table.word("field_prefix").or_else(|| field_prefix.clone()) {
            table.put(&word, METRICS, "field_prefix", &mut metric);
        }
        table.finish(&REASONS);
        metrics.push(metric);
    }
    metrics
}
