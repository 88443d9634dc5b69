//! `inputs.kubernetes` as the section `kubelet`, `inputs.kube_inventory` as the section `inventory`.

use super::draft::Draft;
use super::plugin::{Plugin, Reason};
use super::secret::{self, Keys};
use crate::source::inventory::Resource;

const API: &str = "the API server is found by kubeconfig or service account; see the section api_server";

/// Keys of `inputs.kubernetes` without a counterpart. Sorted by key.
const KUBELET: [Reason; 5] = [
    ("interval", "cgroups are read each second; for the kubelet set kubelet.summary_interval"),
    ("node_metric_name", "the measurement is kubernetes_node"),
    ("tags", "tags of one input are not known; sinks.influxdb.tags are on every point"),
    ("tls_cert", "the kubelet is shown a token, no certificate"),
    ("tls_key", "the kubelet is shown a token, no certificate"),
];

/// Keys of `inputs.kube_inventory` without a counterpart. Sorted by key.
const INVENTORY: [Reason; 10] = [
    ("bearer_token", API),
    ("bearer_token_string", API),
    ("insecure_skip_verify", API),
    ("kubelet_url", "the section kubelet says how it is asked"),
    ("tags", "tags of one input are not known; sinks.influxdb.tags are on every point"),
    ("tls_ca", API),
    ("tls_cert", API),
    ("tls_key", API),
    ("tls_server_name", API),
    ("url", API),
];

/// `inputs.kubernetes`.
pub(super) fn kubelet(mut plugin: Plugin<'_>, draft: &mut Draft) {
    if !draft.is_first("inputs.kubernetes") {
        return plugin.leave("an agent asks the kubelet of its own node; run one on each node");
    }
    plugin.note("its measurements are written always, pods and containers from their cgroups");
    if let Some(word) = plugin.word("url") {
        let unless = "NODE_IP or HOST_IP holds the node's address (status.hostIP) and the port is 10250";
        plugin.put_unless(&word, "kubelet", "url", unless, &mut draft.kubelet);
    }
    let keys = Keys { file: "token_file", env: None, section: "kubelet" };
    secret::token(&mut plugin, keys, "kubelet", &mut draft.kubelet);
    plugin.copy("tls_ca", "kubelet", "ca_file", &mut draft.kubelet);
    plugin.copy("tls_server_name", "kubelet", "server_name", &mut draft.kubelet);
    plugin.copy_flag("insecure_skip_verify", "insecure_skip_verify", false, &mut draft.kubelet);
    plugin.copy_duration("response_timeout", "timeout", &mut draft.kubelet);
    labels(&mut plugin, draft);
    plugin.finish(&KUBELET);
}

/// Ours are keys, or beginnings of keys with a star behind.
fn labels(plugin: &mut Plugin<'_>, draft: &mut Draft) {
    if let Some((line, patterns)) = plugin.words("label_include") {
        let is_ours = |pattern: &String| !pattern.trim_end_matches('*').contains(['*', '?', '[', '$']);
        let (ours, others): (Vec<String>, Vec<String>) = patterns.into_iter().partition(is_ours);
        if !ours.is_empty() {
            draft.identity.list("labels", &ours);
        }
        if !others.is_empty() {
            let reason = "only keys, and beginnings of keys with * behind, are known to identity.labels";
            plugin.left_out(line, "label_include", reason);
        }
    }
    match plugin.words("label_exclude") {
        Some((line, patterns)) if patterns != ["*"] => {
            plugin.left_out(line, "label_exclude", "only the labels of identity.labels become tags");
        }
        _ => {}
    }
}

/// `inputs.kube_inventory`.
pub(super) fn inventory(mut plugin: Plugin<'_>, draft: &mut Draft) {
    if !draft.is_first("inputs.kube_inventory") {
        return plugin.leave("an agent lists one cluster");
    }
    let is_node = plugin.word("node_name").is_some();
    let out = &mut draft.inventory;
    out.plain("enabled", true);
    out.text("scope", if is_node { "node" } else { "cluster" });
    if !is_node {
        plugin.note("lists the whole cluster: let a Deployment do it (agent.mode cluster), not the agent of each node");
    }
    plugin.copy_duration("interval", "interval", out);
    plugin.copy_duration("response_timeout", "timeout", out);
    plugin.copy_list("namespace", "inventory", "namespaces", out);
    let (line, included) = plugin.words("resource_include").unwrap_or((plugin.line, Vec::new()));
    let excluded = plugin.words("resource_exclude").map_or_else(Vec::new, |(_, names)| names);
    let is_known = |name: &String| Resource::ALL.iter().any(|resource| resource.name() == name);
    for name in included.iter().filter(|name| !is_known(name)) {
        plugin.left_out(line, "resource_include", format!("{name:?} is not listed here"));
    }
    if !included.is_empty() || !excluded.is_empty() {
        let all = Resource::ALL.iter().map(|resource| resource.name().to_owned());
        let chosen =
            |name: &String| (included.is_empty() || included.contains(name)) && !excluded.contains(name);
        let resources: Vec<String> = all.filter(chosen).collect();
        draft.inventory.list("resources", &resources);
    }
    for key in ["selector_include", "selector_exclude"] {
        plugin.copy_list(key, "inventory", key, &mut draft.inventory);
    }
    plugin.finish(&INVENTORY);
}
