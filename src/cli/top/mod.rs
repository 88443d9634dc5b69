//! `podometer top`: the table of what runs, from a running agent or from the cgroups themselves.

/// How a number is written: kubectl's rounding.
mod cells;
/// Where documents come from: an agent, or sampling in this process.
mod feed;
/// One print, or one after the other in place.
mod screen;
/// From a document to lines of text.
mod table;

pub(super) use feed::PODS_PATH;
pub(super) use screen::run;
