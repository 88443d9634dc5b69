//! Annotations that describe inputs, as settings of `scrape`: by way of a telegraf.conf, which `config import` reads.

use std::fmt::Write as _;

use super::annotations::Scraped;
use super::class::refusals;
use super::environment::{Leaf, bound_targets, layered, leaves};
use super::text::from_yaml;
use super::tree::Tree;
use crate::config::telegraf;

/// Nobody writes more into an annotation.
const MOST_BYTES: usize = 64 << 10;
/// As many are no sidecar's work any more.
const MOST_TARGETS: usize = 64;
/// What a text of ours is called in messages.
const PLACE: &str = "inputs";

/// The settings, and what did not come along.
pub(super) fn settings(scraped: &Scraped) -> (Vec<Leaf>, Vec<String>) {
    let mut warnings = Vec::new();
    if scraped.inputs.as_ref().is_some_and(|text| text.len() > MOST_BYTES) {
        return (Vec::new(), vec![format!("{PLACE}: left out: is longer than {MOST_BYTES} bytes")]);
    }
    let described = imported(&single(scraped), &mut warnings);
    let mut given = match scraped.inputs.as_deref() {
        // Only a telegraf.conf has headers of tables.
        Some(text) if text.lines().any(|line| line.trim_start().starts_with("[[")) => {
            imported(text, &mut warnings)
        }
        Some(text) => own(text, &mut warnings),
        None => Vec::new(),
    };
    // Before they are put together, which looks at each beside each.
    let mut left_out = bound_targets(&mut given, MOST_TARGETS);
    let mut found = layered(described, given);
    left_out += bound_targets(&mut found, MOST_TARGETS);
    if left_out > 0 {
        warnings.push(format!("{PLACE}: left out: {left_out} targets; at most {MOST_TARGETS} are scraped"));
    }
    // One that the agent would refuse would keep all of it from starting.
    let problems = refusals(&found);
    if !problems.is_empty() {
        warnings.extend(problems.into_iter().map(|problem| format!("{PLACE}: left out: {problem}")));
        found.clear();
    }
    (found, warnings)
}

/// The input that single annotations describe, as telegraf-operator writes it.
fn single(scraped: &Scraped) -> String {
    if scraped.ports.is_empty() {
        return String::new();
    }
    let scheme = scraped.scheme.as_deref().unwrap_or("http");
    let path = scraped.path.as_deref().unwrap_or("/metrics").trim_start_matches('/');
    let urls = scraped.ports.iter().map(|port| quoted(&format!("{scheme}://127.0.0.1:{port}/{path}")));
    let mut text = format!("[[inputs.prometheus]]\nurls = [{}]\n", urls.collect::<Vec<_>>().join(", "));
    // Writing to a String never fails.
    if let Some(interval) = &scraped.interval {
        let _ = writeln!(text, "interval = {}", quoted(interval));
    }
    if let Some(version) = &scraped.metric_version {
        let _ = writeln!(text, "metric_version = {version}");
    }
    text
}

/// JSON's quotes are TOML's.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn imported(text: &str, warnings: &mut Vec<String>) -> Vec<Leaf> {
    if text.is_empty() {
        return Vec::new();
    }
    let imported = match telegraf::import(text, PLACE) {
        Ok(imported) => imported,
        Err(error) => {
            warnings.push(error.to_string());
            return Vec::new();
        }
    };
    // A note says that all is well.
    warnings.extend(imported.remarks.into_iter().filter(|remark| !remark.contains(": note: ")));
    match from_yaml(&imported.yaml) {
        Ok(read) => read.root.map(|root| leaves(&root)).unwrap_or_default(),
        Err(error) => {
            warnings.push(format!("{PLACE}:{}: {}", error.line, error.message));
            Vec::new()
        }
    }
}

/// Entries of `scrape.targets`.
fn own(text: &str, warnings: &mut Vec<String>) -> Vec<Leaf> {
    match from_yaml(text) {
        Ok(read) => match read.root {
            Some(list @ Tree::List(_)) => {
                return leaves(&Tree::map(vec![("scrape", Tree::map(vec![("targets", list)]))]));
            }
            Some(_) => warnings.push(format!("{PLACE}: is neither a list of targets nor [[inputs...]]")),
            None => {}
        },
        Err(error) => warnings.push(format!("{PLACE}:{}: {}", error.line, error.message)),
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::super::environment::variables;
    use super::*;

    fn of(scraped: &Scraped) -> (Vec<String>, Vec<String>) {
        let (leaves, warnings) = settings(scraped);
        (variables(&leaves).unwrap().into_iter().map(|(_, value)| value).collect(), warnings)
    }

    #[test]
    fn ports_and_inputs_become_targets() {
        let inputs =
            "[[inputs.jolokia2_agent]]\n  urls = [\"http://127.0.0.1:8778/jolokia\"]\n[[inputs.redis]]\n";
        let scraped = Scraped {
            ports: vec![8080, 9090],
            path: Some("stats".to_owned()),
            interval: Some("30s".to_owned()),
            metric_version: Some("2".to_owned()),
            inputs: Some(inputs.to_owned()),
            ..Scraped::default()
        };
        let (values, warnings) = of(&scraped);
        assert_eq!(
            values,
            [concat!(
                r#"[{"kind":"prometheus","name":"prometheus","url":"http://127.0.0.1:8080/stats","interval":"30s","schema":"telegraf_v2"},"#,
                r#"{"kind":"prometheus","name":"prometheus-2","url":"http://127.0.0.1:9090/stats","interval":"30s","schema":"telegraf_v2"},"#,
                r#"{"kind":"jolokia","name":"jolokia","url":"http://127.0.0.1:8778/jolokia"}]"#
            )]
        );
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        // The line of the annotation.
        assert!(warnings[0].starts_with("inputs:3: inputs.redis: left out"), "{warnings:?}");
    }

    #[test]
    fn targets_are_few_and_the_rest_is_told() {
        let urls: Vec<String> = (1..2_000).map(|port| format!("\"http://a:{port}\"")).collect();
        let own: Vec<String> =
            (0..900).map(|n| format!("- {{name: n{n}, kind: nginx, url: \"http://a/\"}}\n")).collect();
        for inputs in [format!("[[inputs.prometheus]]\nurls = [{}]\n", urls.join(", ")), own.concat()] {
            let scraped = Scraped { ports: vec![80, 81], inputs: Some(inputs), ..Scraped::default() };
            let (values, warnings) = of(&scraped);
            assert_eq!(values[0].matches("\"name\"").count(), MOST_TARGETS);
            assert!(warnings.last().unwrap().ends_with("targets; at most 64 are scraped"), "{warnings:?}");
        }
    }

    #[test]
    fn what_the_agent_would_refuse_is_left_out() {
        let given = |text: &str| of(&Scraped { inputs: Some(text.to_owned()), ..Scraped::default() });
        let (values, warnings) = given("- {name: web, kind: nginx, url: \"http://127.0.0.1/stub_status\"}\n");
        assert_eq!((values.len(), warnings.len()), (1, 0), "{warnings:?}");
        for (text, told) in [
            ("- {name: web, kind: nginx, url: nowhere}\n", "left out"),
            ("[[inputs.prometheus]\n", "is no TOML"),
            ("web: nginx\n", "neither a list"),
            ("- [\n", "inputs:"),
        ] {
            let (values, warnings) = given(text);
            assert_eq!(values, [""; 0]);
            assert!(warnings.iter().any(|warning| warning.contains(told)), "{warnings:?}");
        }
    }
}
