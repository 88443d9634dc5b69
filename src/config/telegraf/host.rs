//! The inputs that tell of the host. Their measurements are always written, so that no line stands for them; what
//! they would do otherwise than Telegraf's defaults is told.

use super::document::Entry;
use super::draft::Draft;
use super::plugin::{Plugin, Reason, texts_of};
use crate::source::procfs;

/// The inputs of Telegraf whose measurements we write. Sorted.
const INPUTS: [&str; 15] = [
    "conntrack",
    "cpu",
    "disk",
    "diskio",
    "internal",
    "interrupts",
    "kernel",
    "linux_sysctl_fs",
    "mem",
    "net",
    "netstat",
    "nstat",
    "processes",
    "swap",
    "system",
];

/// Input and switch, the setting that is ours anyway, and what is to be said of the other. Sorted.
const SWITCHES: [(&str, &str, bool, &str); 9] = [
    ("cpu", "collect_cpu_time", false, "the fields time_* are not written"),
    ("cpu", "core_tags", false, "the tags core_id and physical_id are not written"),
    ("cpu", "percpu", true, "each CPU has points; set filter.tagdrop: {cpu: [\"cpu[0-9]*\"]} of the sink"),
    ("cpu", "report_active", false, "the field usage_active is not written; it is 100 - usage_idle"),
    (
        "cpu",
        "totalcpu",
        true,
        "all CPUs together have points; set filter.tagdrop: {cpu: [cpu-total]} of the sink",
    ),
    ("diskio", "skip_serial_number", true, "the tag serial is not written"),
    ("internal", "collect_gostats", false, "there is no runtime of Go to tell of"),
    (
        "internal",
        "collect_memstats",
        false,
        "there is no runtime of Go to tell of; see process_* of /metrics",
    ),
    ("processes", "use_sudo", false, "/proc is read without the help of ps"),
];

/// Keys without a counterpart. Sorted by key.
const REASONS: [Reason; 9] = [
    ("device_tags", "udev is not asked"),
    ("devices", "all devices are written; name those that are not in filter.tagdrop.name of the sink"),
    ("force_proc", "/proc is read always"),
    ("force_ps", "/proc is read always"),
    ("ignore_mount_opts", "mounts are not told apart by their options"),
    (
        "interfaces",
        "all links that are up are written; name those that are not in filter.tagdrop.interface of the sink",
    ),
    ("mount_points", "all mounts are written; name those that are not in procfs.ignored_mount_points"),
    ("name_templates", "udev is not asked"),
    ("tags", "tags of one input are not known; sinks.influxdb.tags are on every point"),
];

/// Whether an input is one of these.
pub(super) fn knows(input: &str) -> bool {
    INPUTS.contains(&input)
}

/// Takes one of them.
pub(super) fn take(input: &str, mut plugin: Plugin<'_>, draft: &mut Draft) {
    plugin.note("is written always and needs no line");
    for (_, key, ours, reason) in SWITCHES.into_iter().filter(|(name, ..)| *name == input) {
        if let Some((line, flag)) = plugin.flag(key)
            && flag != ours
        {
            plugin.left_out(line, key, reason);
        }
    }
    match input {
        "disk" => ignored(&mut plugin, draft),
        "kernel" => collected(&mut plugin, draft),
        // Telegraf wrote the row until 1.37 unless it was told not to; dashboards of that time ask for it.
        "net" => {
            draft.protocol_row |= !plugin.flag("ignore_protocol_stats").is_some_and(|(_, ignore)| ignore);
        }
        _ => {}
    }
    plugin.finish(&REASONS);
}

/// Our own list stays, since it holds what has no size; theirs comes on top.
fn ignored(plugin: &mut Plugin<'_>, draft: &mut Draft) {
    let Some((_, theirs)) = plugin.words("ignore_fs") else { return };
    let mut all = procfs::Config::default().ignored_filesystems;
    let ours = all.len();
    for name in theirs {
        if !all.contains(&name) {
            all.push(name);
        }
    }
    if all.len() > ours && draft.is_first("inputs.disk") {
        draft.procfs.list("ignored_filesystems", &all);
    }
}

fn collected(plugin: &mut Plugin<'_>, draft: &mut Draft) {
    let Some(Entry { key, line, value }) = plugin.take("collect") else { return };
    for name in texts_of(value).unwrap_or_default() {
        match name.as_str() {
            "ksm" if draft.is_first("inputs.kernel") => draft.procfs.plain("ksm", true),
            "ksm" | "psi" => {}
            _ => plugin.left_out(line, &key, "only ksm and psi are known"),
        }
    }
}
