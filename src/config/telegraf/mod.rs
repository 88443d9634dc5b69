//! Another agent's configuration made ours: `podometer config import` reads a telegraf.conf.

/// The sections `agent` and `global_tags`.
mod agent;
/// From text to entries with their lines.
mod document;
/// The configuration under construction, section by section.
mod draft;
/// Go's way to write durations.
mod duration;
/// The inputs that tell of the host, which are always written here.
mod host;
/// From a file to YAML and to what was left out.
mod import;
/// The outputs that become entries of `sinks.influxdb`.
mod influxdb;
/// The inputs that ask Kubernetes.
mod kubernetes;
/// The output that becomes the section `server`.
mod listener;
/// One plugin's entries, taken one by one until none is left.
mod plugin;
/// What is said of a line.
mod remark;
/// The inputs that become targets of `scrape`.
mod scrape;
/// Secrets stay where they are; addresses lose theirs.
mod secret;
/// References to the environment.
mod variable;
/// Blocks of YAML.
mod yaml;

pub use import::{ImportError, Imported, import, import_file};
