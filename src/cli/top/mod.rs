//! `podometer top`: the table of what runs, from a running agent or from the cgroups themselves.

/// How a number is written: kubectl's rounding.
mod cells;
/// Which rows, in which order, with how many columns.
mod choice;
/// What kubectl printed beside what the agent says.
mod compare;
/// Where documents come from: an agent, or sampling in this process.
mod feed;
/// kubectl's tables.
mod kubectl;
/// The namespace that kubectl would list.
mod namespace;
/// One print, or one after the other in place.
mod screen;
/// The live tables.
mod table;
/// Cells in columns, as kubectl's printer lays them out.
mod tabs;

pub(super) use feed::PODS_PATH;
pub(super) use screen::run;
