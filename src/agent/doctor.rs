//! What `check` says of the parts that the command line does not know, one file for each.

mod api;
mod cgroups;
mod kubelet;

use crate::cli::check::Group;
use crate::config::Config;

pub(super) fn examine(config: &Config) -> Vec<Group> {
    vec![cgroups::examine(config), kubelet::examine(config), api::examine(config)]
}
