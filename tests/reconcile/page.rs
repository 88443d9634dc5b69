//! `/metrics/resource` from its text.

use podometer::model::kubelet::{ResourceContainer, ResourcePage, ResourcePod, ResourceSample, Timed};
use podometer::model::stamp::Stamp;

pub(crate) fn parse(text: &str, fetched: Stamp) -> ResourcePage {
    let mut page = ResourcePage { fetched, ..ResourcePage::default() };
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, labels, rest) = if let Some((name, rest)) = line.split_once('{') {
            let (labels, rest) = rest.split_once('}').unwrap();
            (name, labels, rest)
        } else {
            let (name, rest) = line.split_once(' ').unwrap();
            (name, "", rest)
        };
        let label = |key: &str| {
            let start = labels.find(&format!("{key}=\"")).map(|start| start + key.len() + 2);
            start.map_or("", |start| labels[start..].split('"').next().unwrap())
        };
        let mut words = rest.split_whitespace();
        let value: f64 = words.next().unwrap().parse().unwrap();
        let at_ms = words.next().map(|at| at.parse::<i64>().unwrap());
        let timed = |value: f64| at_ms.map(|at_ms| Timed { value: value.round() as u64, at_ms });
        let Some((whose, what)) = name.split_once('_') else { continue };
        let sample = match whose {
            "node" => &mut page.node,
            "pod" => &mut pod(&mut page, label("namespace"), label("pod")).sample,
            "container" => {
                let found = container(&mut page, label("namespace"), label("pod"), label("container"));
                if what == "start_time_seconds" {
                    found.start_time_s = Some(value);
                    continue;
                }
                &mut found.sample
            }
            _ => continue,
        };
        match what {
            "cpu_usage_seconds_total" => sample.cpu_usage_ns = timed(value * 1e9),
            "memory_working_set_bytes" => sample.working_set_bytes = timed(value),
            _ => {}
        }
    }
    page
}

fn pod<'a>(page: &'a mut ResourcePage, namespace: &str, name: &str) -> &'a mut ResourcePod {
    let is_it = |pod: &ResourcePod| &*pod.namespace == namespace && &*pod.pod == name;
    let place = page.pods.iter().position(is_it).unwrap_or_else(|| {
        page.pods.push(ResourcePod {
            namespace: namespace.into(),
            pod: name.into(),
            sample: ResourceSample::default(),
        });
        page.pods.len() - 1
    });
    &mut page.pods[place]
}

fn container<'a>(
    page: &'a mut ResourcePage,
    namespace: &str,
    name: &str,
    container: &str,
) -> &'a mut ResourceContainer {
    let is_it = |found: &ResourceContainer| {
        &*found.namespace == namespace && &*found.pod == name && &*found.container == container
    };
    let place = page.containers.iter().position(is_it).unwrap_or_else(|| {
        page.containers.push(ResourceContainer {
            namespace: namespace.into(),
            pod: name.into(),
            container: container.into(),
            ..ResourceContainer::default()
        });
        page.containers.len() - 1
    });
    &mut page.containers[place]
}
