//! Small families in Prometheus' text format 0.0.4. Their labels are words of ours, so nothing is escaped.

use std::fmt::Write as _;

use super::schema::SmallFamily;
use super::schema::target::type_name;

/// Every family with its rows.
pub(super) fn families<T>(out: &mut String, all: &[SmallFamily<T>], of: &T) -> std::fmt::Result {
    for family in all {
        head(out, (family.name, family.help), type_name(family.kind))?;
        let mut rows = Ok(());
        (family.rows)(of, &mut |labels, value| {
            let labels: Vec<String> =
                labels.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
            let braced = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
            rows = rows.and_then(|()| writeln!(out, "{}{braced} {value}", family.name));
        });
        rows?;
    }
    Ok(())
}

/// The two lines above the rows of a family.
pub(super) fn head(out: &mut String, (name, help): (&str, &str), kind: &str) -> std::fmt::Result {
    writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}")
}
