//! What `check` says of the parts that the command line does not know, one file for each.

/// The API server: rights.
mod api;
/// The hierarchy: where it is, what is in it, which value each file serves.
mod cgroups;
/// The kubelet: trust, token, rights.
mod kubelet;
/// How much can be seen.
mod scope;
/// The targets beside the application.
mod scrape;
/// Where values are sent.
mod sinks;

use crate::cli::check::Group;
use crate::config::Config;

pub(super) fn examine(config: &Config) -> Vec<Group> {
    let mut groups = cgroups::examine(config);
    groups.push(kubelet::examine(config));
    groups.push(api::examine(config));
    groups.push(scrape::examine(config));
    groups.push(sinks::examine(config));
    groups
}
