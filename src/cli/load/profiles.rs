//! `podometer load profiles`: the load tests that are built in.

use super::arguments::Profiles;
use crate::cli::{Failure, output};
use crate::load::profiles::{ALL, find};
use crate::model::nearest::nearest;

pub(super) fn run(arguments: &Profiles) -> Result<(), Failure> {
    let Some(name) = &arguments.name else { return output::print(&list()) };
    if let Some(profile) = find(name) {
        return output::print(profile.text);
    }
    let names = ALL.map(|profile| profile.name);
    let meant = nearest(name, names).map(|meant| format!("; did you mean {meant}?"));
    let meant = meant.unwrap_or_else(|| format!("; allowed: {}", names.join(", ")));
    Err(Failure::Usage(vec![format!("no load test is called {name}{meant}")]))
}

fn list() -> String {
    let width = ALL.iter().map(|profile| profile.name.len()).max().unwrap_or(0);
    let lines = ALL.map(|profile| format!("{:<width$}  {}\n", profile.name, profile.about));
    lines.concat()
}
