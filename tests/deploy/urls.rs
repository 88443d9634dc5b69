//! Hosts in arguments, variables and settings: each is a Service that is there, on that port.

use serde_json::Value;

use crate::build::{self, Build, called, containers, items, namespace_of, template, text};
use crate::elsewhere::{is_apart, is_outside};
use crate::selectors::serves;

/// Sources of dashboards that a stack does not have: directory, Service, why its source is left as it is.
const UNUSED: [(&str, &str, &str); 2] = [
    (
        "overlays/k8sfv",
        "influxdb",
        "the stack keeps nothing in a database; the source stays without an answer",
    ),
    (
        "overlays/jmeter-starterkit",
        "prometheus",
        "the kit has InfluxDB alone; the source stays without an answer",
    ),
];

/// Every `http://host:port` of a text.
fn urls(text: &str) -> Vec<(String, u16)> {
    let mut found = Vec::new();
    for rest in text.split("http://").skip(1) {
        let end =
            rest.find(|c: char| !(c.is_ascii_alphanumeric() || ".-:".contains(c))).unwrap_or(rest.len());
        let (host, port) = rest[..end].split_once(':').unwrap_or((&rest[..end], "80"));
        found.push((host.to_owned(), port.parse().unwrap_or_else(|_| panic!("{text}: port {port:?}"))));
    }
    found
}

/// Texts of an object that are addresses for programs, comments left out.
fn texts(object: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for container in template(object).into_iter().flat_map(containers) {
        found.extend(items(container, "/args").iter().filter_map(Value::as_str).map(str::to_owned));
        found.extend(items(container, "/env").iter().map(|variable| text(variable, "/value").to_owned()));
    }
    let is_dashboard = text(object, "/metadata/name").starts_with("dashboard-");
    if let (Some(data), false) = (object.get("data").and_then(Value::as_object), is_dashboard) {
        let lines = data.values().filter_map(Value::as_str).flat_map(str::lines);
        found.extend(lines.filter(|line| !line.trim_start().starts_with('#')).map(str::to_owned));
    }
    for trigger in items(object, "/spec/triggers") {
        found.push(text(trigger, "/metadata/serverAddress").to_owned());
    }
    found.push(text(object, "/spec/datasource/url").to_owned());
    found
}

fn complaint(build: &Build, all: &[Build], object: &Value, host: &str, port: u16) -> Option<String> {
    // NAME.NAMESPACE.svc, or a name in the own namespace.
    let mut parts = host.split('.');
    let name = parts.next().unwrap();
    let namespace = parts.next().unwrap_or_else(|| namespace_of(object));
    let is_unused =
        UNUSED.iter().any(|(directory, service, _)| *directory == build.directory && *service == name);
    if is_outside("Service", name) || is_unused || host == "localhost" {
        return None;
    }
    let places: Vec<&Build> = if is_apart(build, "Service", name) {
        std::iter::once(build).chain(all).collect()
    } else {
        vec![build]
    };
    let service = places.into_iter().find_map(|place| place.find("Service", Some(namespace), name));
    match service {
        None => Some(format!(
            "deploy/{}: {}: Service {namespace}/{name} is not there",
            build.directory,
            called(object)
        )),
        Some(service) if !serves(service, &port.into()) => {
            Some(format!("deploy/{}: {}: Service {name} has no port {port}", build.directory, called(object)))
        }
        Some(_) => None,
    }
}

#[test]
fn every_address_is_a_service() {
    let all = build::all();
    let mut faults = Vec::new();
    let mut count = 0;
    for build in all {
        for object in &build.objects {
            for (host, port) in texts(object).iter().flat_map(|text| urls(text)) {
                count += 1;
                faults.extend(complaint(build, all, object, &host, port));
            }
        }
    }
    faults.dedup();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(all.is_empty() || count > 50, "{count} addresses were found");
    println!("{count} addresses");
}

#[test]
fn addresses_are_found_in_what_surrounds_them() {
    assert_eq!(
        urls("--out=jmeter=http://influxdb:8086/telegraf?x=1 and 'http://a.b.svc:80'"),
        [("influxdb".to_owned(), 8086), ("a.b.svc".to_owned(), 80)]
    );
}
