//! The dashboards and alerts of `deploy/`: made of tables, asked of real servers, and held against the names that the
//! program exports. `--nocapture` prints each panel.
#![allow(
    clippy::expect_used,
    clippy::float_cmp,
    clippy::format_collect,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::unnecessary_debug_formatting,
    reason = "tests fail by panicking, compare exactly and say loudly what they skip; paths are quoted as YAML wants them"
)]

mod board;
mod made;
mod panel;
mod table;
