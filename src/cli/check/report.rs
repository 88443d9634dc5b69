//! The printed report.

use std::fmt::Write as _;

use super::examine;
use super::finding::{Group, State};
use crate::cli::arguments::Check;
use crate::cli::{Failure, Wiring, output};
use crate::config::{self, Config};

pub(in crate::cli) fn run(arguments: &Check, wiring: &dyn Wiring) -> Result<(), Failure> {
    let sources = arguments.settings.sources();
    let loaded = config::load(&sources);
    let mut groups = vec![examine::configuration(&sources, &loaded)];
    // With a broken configuration the rest is examined by the defaults: that is still worth knowing.
    let config = loaded.map_or_else(|_| Config::default(), |loaded| loaded.config);
    groups.extend(wiring.examine(&config));
    groups.extend(examine::machine(&config)?);
    let works = groups.iter().all(Group::works);
    let text = if arguments.json {
        let report = serde_json::json!({ "works": works, "groups": groups });
        format!("{report:#}\n")
    } else {
        text(&groups, works, output::colour())
    };
    output::print(&text)?;
    if works { Ok(()) } else { Err(Failure::Unwell) }
}

fn text(groups: &[Group], works: bool, colour: bool) -> String {
    let mut text = String::new();
    for group in groups {
        let _ = writeln!(text, "{}", group.source);
        let row = |cells: [&str; 3]| cells.map(output::harmless).to_vec();
        let rows: Vec<Vec<String>> = group
            .findings
            .iter()
            .map(|finding| row([finding.state.name(), &finding.what, &finding.detail]))
            .collect();
        for (line, finding) in output::aligned(&rows).iter().zip(&group.findings) {
            let _ = writeln!(text, "  {}", painted(line, finding.state, colour));
            if let Some(remedy) = &finding.remedy {
                let _ = writeln!(text, "    -> {}", output::harmless(remedy));
            }
        }
        text.push('\n');
    }
    text.push_str(if works {
        "The agent can do its work here.\n"
    } else {
        "The agent cannot do its work here: mend what is missing above.\n"
    });
    text
}

/// The state in its colour; it stands first on the line.
fn painted(line: &str, state: State, colour: bool) -> String {
    let paint = match state {
        State::Ok => "\x1b[32m",
        State::Degraded => "\x1b[33m",
        State::Missing => "\x1b[31m",
    };
    match line.strip_prefix(state.name()).filter(|_| colour) {
        Some(rest) => format!("{paint}{}\x1b[0m{rest}", state.name()),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Finding;
    use super::*;

    fn group(essential: bool) -> Group {
        let findings = vec![
            Finding::new("cgroup2 mount", State::Ok, "/sys/fs/cgroup"),
            Finding::new("memory", State::Missing, "controller is on v1")
                .remedy("boot with cgroup_no_v1=all"),
        ];
        Group { source: "cgroups", essential, findings }
    }

    #[test]
    fn the_report_is_aligned_and_tells_the_remedy() {
        assert_eq!(
            text(&[group(true)], false, false),
            "cgroups\n  ok        cgroup2 mount   /sys/fs/cgroup\n  missing   memory          controller is on v1\n    \
             -> boot with cgroup_no_v1=all\n\nThe agent cannot do its work here: mend what is missing above.\n"
        );
        assert!(text(&[group(false)], true, true).contains("\x1b[31mmissing\x1b[0m   memory"));
    }

    #[test]
    fn only_what_is_essential_and_missing_stops_the_agent() {
        assert!(!group(true).works());
        assert!(group(false).works());
        let degraded = Finding::new("io", State::Degraded, "");
        assert!(Group { source: "cgroups", essential: true, findings: vec![degraded] }.works());
    }
}
