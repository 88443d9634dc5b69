//! `outputs.prometheus_client` as the section `server`.

use std::net::SocketAddr;

use super::draft::Draft;
use super::plugin::{Plugin, Reason, Word};
use super::variable;
use super::yaml::Block;

const LOGIN: &str = "the server knows bearer tokens alone; set server.bearer_token_file";
const NAMES: &str = "samples carry our own names and types";

/// Keys without a counterpart. Sorted by key.
const REASONS: [Reason; 9] = [
    ("basic_password", LOGIN),
    ("basic_username", LOGIN),
    ("collectors_exclude", "there are no collectors of Go's runtime"),
    ("expiration_interval", "series end with what they tell of"),
    ("export_timestamp", "values of another source carry its time where the page's form has one"),
    ("ip_range", "addresses are not checked; set server.listen to the one to be reached by"),
    ("metric_version", NAMES),
    ("string_as_label", NAMES),
    ("tls_allowed_cacerts", "certificates of clients are not asked for; set server.bearer_token_file"),
];

/// Takes the first of them; there is one server.
pub(super) fn take(mut plugin: Plugin<'_>, draft: &mut Draft) {
    if !draft.is_first("outputs.prometheus_client") {
        return plugin.leave("there is one server, and an earlier output of this kind has set it");
    }
    plugin.note("/metrics has the names of cAdvisor and the kubelet, /metrics/node those of node_exporter; none is Telegraf's");
    let key = "listen".to_owned();
    let default = Word { key, line: plugin.line, text: ":9273".to_owned() };
    let mut word = plugin.word("listen").unwrap_or(default);
    if word.text.starts_with(':') {
        word.text.insert_str(0, "0.0.0.0");
    }
    if variable::is_in(&word.text) || word.text.parse::<SocketAddr>().is_ok() {
        plugin.put(&word, "server", "listen", &mut draft.server);
    } else {
        plugin.left_out(word.line, "listen", "is no IP address with a port; set server.listen to one");
    }
    if let Some(path) = plugin.word("path").filter(|word| word.text != "/metrics") {
        plugin.left_out(path.line, "path", "the page is /metrics; change the scrape job");
    }
    match (plugin.word("tls_cert"), plugin.word("tls_key")) {
        (Some(cert), Some(key)) => {
            let mut tls = Block::default();
            plugin.put(&cert, "server.tls", "cert_file", &mut tls);
            plugin.put(&key, "server.tls", "key_file", &mut tls);
            draft.server.block("tls", &tls);
        }
        (Some(word), None) | (None, Some(word)) => {
            plugin.left_out(word.line, &word.key, "server.tls needs both a certificate and its key");
        }
        (None, None) => {}
    }
    plugin.finish(&REASONS);
}
