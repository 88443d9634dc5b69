//! A file as text: everything that it came to, line by line, for golden files.

use std::fmt::Write;

use podometer::load::file::File;
use podometer::load::flow::{Address, Auth, Extract, Flow, Range, Record, Request, Step, Template};

pub(crate) fn show(file: &File) -> String {
    let mut text = String::new();
    for plan in &file.plans {
        let scenario = &plan.scenario;
        writeln!(text, "scenario {}: {:?}", scenario.name, scenario.executor).unwrap();
        writeln!(
            text,
            "  from {}, stops within {}, runs {}",
            scenario.start_time, scenario.graceful_stop, plan.flow.name
        )
        .unwrap();
        writeln!(text, "  env {:?}, tags {:?}", scenario.env, scenario.tags).unwrap();
    }
    for threshold in &file.thresholds {
        let (source, over) = (&threshold.expression.source, threshold.over);
        writeln!(
            text,
            "threshold {}: {source}, over {over:?}, abort {}, not before {:?}",
            threshold.selector, threshold.abort_on_fail, threshold.delay_abort_eval
        )
        .unwrap();
    }
    for metric in &file.metrics {
        writeln!(text, "metric {metric:?}").unwrap();
    }
    writeln!(text, "tags {:?}", file.tags).unwrap();
    writeln!(text, "variables {:?}", file.vocabulary.variables).unwrap();
    for data in &file.vocabulary.data {
        writeln!(text, "data {}: {:?}, {:?}", data.name, data.table, data.order).unwrap();
    }
    let mut seen: Vec<*const Flow> = Vec::new();
    let flows = file.setup.iter().chain(file.plans.iter().map(|plan| &*plan.flow)).chain(&file.teardown);
    for flow in flows {
        if !seen.contains(&std::ptr::from_ref(flow)) {
            seen.push(flow);
            writeln!(text, "flow {} with rows of {:?}", flow.name, flow.data).unwrap();
            steps(&flow.steps, 1, &mut text);
        }
    }
    for remark in &file.remarks {
        writeln!(text, "remark {remark}").unwrap();
    }
    text
}

fn steps(all: &[Step], depth: usize, text: &mut String) {
    let indent = "  ".repeat(depth);
    for step in all {
        match step {
            Step::Request(one) => request(one, &indent, text),
            Step::Group(group) => {
                writeln!(text, "{indent}group {}", group.name).unwrap();
                steps(&group.steps, depth + 1, text);
            }
            Step::Sleep(range) => writeln!(text, "{indent}sleep {}", shown(*range)).unwrap(),
            Step::Pacing(range) => writeln!(text, "{indent}pacing {}", shown(*range)).unwrap(),
            Step::Batch(requests) => {
                writeln!(text, "{indent}batch").unwrap();
                requests.iter().for_each(|one| request(one, &format!("{indent}  "), text));
            }
            Step::Mix(mix) => {
                for (weight, inner) in mix.choices() {
                    writeln!(text, "{indent}with weight {weight}").unwrap();
                    steps(inner, depth + 1, text);
                }
            }
            Step::Repeat { times, steps: inner } => {
                writeln!(text, "{indent}{times} times").unwrap();
                steps(inner, depth + 1, text);
            }
            Step::Set(set) => {
                set.iter()
                    .for_each(|(variable, to)| writeln!(text, "{indent}set {variable} to {to}").unwrap());
            }
            Step::Record(all) => records(all, &indent, text),
            Step::Fail(message) => writeln!(text, "{indent}fail {message}").unwrap(),
            Step::Abort(message) => writeln!(text, "{indent}abort {message}").unwrap(),
        }
    }
}

fn shown(range: Range) -> String {
    if range.least == range.most {
        range.least.to_string()
    } else {
        format!("{} to {}", range.least, range.most)
    }
}

fn request(one: &Request, indent: &str, text: &mut String) {
    let address = match &one.address {
        Address::Known { origin, target } => {
            format!("{} of {}{}", target, if origin.is_tls { "TLS " } else { "" }, origin.authority())
        }
        Address::Rendered(url) => format!("{url}"),
    };
    writeln!(text, "{indent}{} {address} named {}", one.method.name(), one.name).unwrap();
    let mut line = |what: &str| writeln!(text, "{indent}  {what}").unwrap();
    let pair = |(name, value): &(Box<str>, Template)| format!("{name}: {value}");
    one.headers.iter().for_each(|header| line(&format!("header {}", pair(header))));
    one.cookies.iter().for_each(|cookie| line(&format!("cookie {}", pair(cookie))));
    if let Some(body) = &one.body {
        line(&format!("body of type {:?}: {}", body.content_type, body.content));
    }
    match &one.auth {
        Some(Auth::Basic { user, password }) => line(&format!("basic {user} {password}")),
        Some(Auth::Bearer(token)) => line(&format!("bearer {token}")),
        None => {}
    }
    if one.redirects.is_some() || one.timeout.is_some() || !one.tags.is_empty() || one.expected.is_some() {
        line(&format!(
            "redirects {:?}, timeout {:?}, tags {:?}, expects {:?}",
            one.redirects, one.timeout, one.tags, one.expected
        ));
    }
    for check in &one.checks {
        let predicates: Vec<String> = check.predicates.iter().map(ToString::to_string).collect();
        line(&format!("check {:?}: {}", check.name, predicates.join(" and ")));
    }
    for Extract { variable, source, default } in &one.extract {
        let default = default.as_deref().map(String::from_utf8_lossy);
        line(&format!("variable {variable} from {source:?}, else {default:?}"));
    }
    line(&format!("constant {}, keeps its body {}", one.is_constant(), one.needs_body()));
    records(&one.records, &format!("{indent}  "), text);
}

fn records(all: &[Record], indent: &str, text: &mut String) {
    for record in all {
        writeln!(text, "{indent}sample of metric {} from {:?}", record.metric, record.sample).unwrap();
    }
}
