//! A load test in one YAML file, with k6's words. All that is wrong with it is told at once, each with its line and
//! column and with the name that was probably meant, before anything is sent.

/// Bodies and headers: what a request carries.
mod bodies;
/// What must hold of an answer, and what is taken out of it.
mod checks;
/// Datasets out of CSV and JSON.
mod data;
/// What stands on disk, bounded.
mod disk;
/// YAML text to nodes.
mod document;
/// Names that stand for words of the environment.
mod environment;
/// The keys of a map, taken one by one until none is left.
mod fields;
/// Flows out of nodes, for each scenario that runs them.
mod flows;
/// Metrics of the file's own, and thresholds.
mod metrics;
/// Values of YAML that know their place.
mod node;
/// The options of k6.
mod options;
/// What can be wrong, in words that name the place.
mod problem;
/// `${NAME}` in texts.
mod reference;
/// Requests out of nodes.
mod requests;
/// CSV and JSON to tables.
mod rows;
/// Scenarios as they are written.
mod scenarios;
/// What is known while a flow is read: variables, rows, environment.
mod scope;
/// Steps out of nodes.
mod steps;
/// Single values out of nodes.
mod values;
/// The whole file.
mod whole;

pub use disk::read;
pub use node::Place;
pub use options::{Dns, DnsPolicy, DnsSelect, Options, TimeUnit, TlsAuth, TlsVersion};
pub use problem::{Fault, Problem, Remark};
pub use whole::{File, Metric, Plan, Surroundings};
