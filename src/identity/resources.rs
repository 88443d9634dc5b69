//! Requests and limits: of a container as they are applied, of a pod as their sum.

use super::pods::{Amounts as Said, ContainerStatus, Pod, Resources as SaidResources};
use crate::model::identity::{ContainerInfo, ContainerRole};
use crate::model::quantity::Quantity;
use crate::model::workload::{Amounts, PodResources, Resources};

/// What a container may use. Once it runs the status knows better than the specification: a resize in place
/// counts when it is applied. Requests are taken as allocated, because the runtime gives them back rounded.
pub(super) fn of_container(
    spec: Option<&SaidResources<'_>>,
    status: Option<&ContainerStatus<'_>>,
) -> Resources {
    let runs =
        |status: &&ContainerStatus<'_>| status.state.as_ref().is_some_and(|state| state.running.is_some());
    let running = status.filter(runs);
    let applied = running.and_then(|status| status.resources.as_ref());
    let allocated = applied.and(running.and_then(|status| status.allocated_resources.as_ref()));
    let base = applied.or(spec);
    let requests = allocated.or(base.and_then(|base| base.requests.as_ref()));
    let limits = base.and_then(|base| base.limits.as_ref());
    Resources { requests: amounts(requests), limits: amounts(limits) }
}

/// The sum over the containers that run beside each other, with what the RuntimeClass adds. Resources of the
/// pod as a whole, where they are set, stand for the sum and cover every container.
pub(super) fn of_pod<'c>(pod: &Pod<'_>, containers: impl Iterator<Item = &'c ContainerInfo>) -> PodResources {
    let mut sum = PodResources { overhead: amounts(pod.spec.overhead.as_ref()), ..PodResources::default() };
    let beside =
        |container: &&ContainerInfo| matches!(container.role, ContainerRole::App | ContainerRole::Sidecar);
    for container in containers.filter(beside) {
        let Resources { requests, limits } = container.resources;
        sum.containers += 1;
        sum.cpu_limited += u32::from(limits.cpu_millicores.is_some());
        sum.memory_limited += u32::from(limits.memory_bytes.is_some());
        add(&mut sum.sums.requests, requests);
        add(&mut sum.sums.limits, limits);
    }
    if let Some(whole) = &pod.spec.resources {
        let (requests, limits) = (amounts(whole.requests.as_ref()), amounts(whole.limits.as_ref()));
        replace(&mut sum.sums.requests, requests);
        replace(&mut sum.sums.limits, limits);
        sum.cpu_limited = if limits.cpu_millicores.is_some() { sum.containers } else { sum.cpu_limited };
        sum.memory_limited = if limits.memory_bytes.is_some() { sum.containers } else { sum.memory_limited };
    }
    // A limit that nobody set stays unset: Kubernetes adds the overhead to limits that are there.
    let is_limited = sum.sums.limits;
    add(&mut sum.sums.requests, sum.overhead);
    add(
        &mut sum.sums.limits,
        Amounts {
            cpu_millicores: is_limited.cpu_millicores.and(sum.overhead.cpu_millicores),
            memory_bytes: is_limited.memory_bytes.and(sum.overhead.memory_bytes),
        },
    );
    sum
}

fn amounts(said: Option<&Said<'_>>) -> Amounts {
    let Some(said) = said else { return Amounts::default() };
    Amounts {
        cpu_millicores: Quantity::parse(&said.cpu).map(Quantity::millis),
        memory_bytes: Quantity::parse(&said.memory).map(Quantity::units),
    }
}

fn add(sum: &mut Amounts, more: Amounts) {
    let both = |sum: Option<u64>, more: Option<u64>| match (sum, more) {
        (Some(sum), Some(more)) => Some(sum.saturating_add(more)),
        (sum, more) => sum.or(more),
    };
    sum.cpu_millicores = both(sum.cpu_millicores, more.cpu_millicores);
    sum.memory_bytes = both(sum.memory_bytes, more.memory_bytes);
}

fn replace(sum: &mut Amounts, by: Amounts) {
    sum.cpu_millicores = by.cpu_millicores.or(sum.cpu_millicores);
    sum.memory_bytes = by.memory_bytes.or(sum.memory_bytes);
}

#[cfg(test)]
mod tests {
    use super::super::describe::describe;
    use super::*;
    use crate::identity::Allowed;

    fn of(text: &str) -> (PodResources, Vec<Resources>) {
        let pod: Pod<'_> = serde_json::from_str(text).unwrap();
        let entry = describe(&pod, &Allowed::default()).unwrap();
        let containers = entry.info.containers.iter().map(|container| container.resources).collect();
        (entry.info.resources, containers)
    }

    const fn amounts_of(cpu: Option<u64>, memory: Option<u64>) -> Amounts {
        Amounts { cpu_millicores: cpu, memory_bytes: memory }
    }

    #[test]
    fn sidecars_count_and_init_containers_do_not() {
        let (pod, _) = of(r#"{"metadata":{"uid":"u"},"spec":{"overhead":{"cpu":"250m","memory":"120Mi"},
            "initContainers":[{"name":"setup","resources":{"requests":{"cpu":"4"},"limits":{"cpu":"4"}}},
              {"name":"proxy","restartPolicy":"Always","resources":{"requests":{"cpu":"100m"}}}],
            "containers":[{"name":"a","resources":{"requests":{"cpu":"1","memory":"1Gi"},"limits":{"memory":"1Gi"}}},
              {"name":"b"}],
            "ephemeralContainers":[{"name":"debug","resources":{"requests":{"cpu":"9"}}}]}}"#);
        assert_eq!(pod.sums.requests, amounts_of(Some(1350), Some((1 << 30) + (120 << 20))));
        assert_eq!(pod.sums.limits, amounts_of(None, Some((1 << 30) + (120 << 20))));
        assert_eq!((pod.containers, pod.cpu_limited, pod.memory_limited), (3, 0, 1));
        assert_eq!(pod.overhead, amounts_of(Some(250), Some(120 << 20)));
    }

    #[test]
    fn a_resize_counts_when_it_is_applied() {
        let spec = r#""spec":{"containers":[{"name":"a","resources":{"requests":{"cpu":"2"},"limits":{"cpu":"2"}}}]}"#;
        let status = |state: &str| {
            of(&format!(
                r#"{{"metadata":{{"uid":"u"}},{spec},"status":{{"containerStatuses":[{{"name":"a","state":{{"{state}":{{}}}},
                "allocatedResources":{{"cpu":"1"}},"resources":{{"requests":{{"cpu":"998m"}},"limits":{{"cpu":"1"}}}}}}]}}}}"#
            ))
            .1[0]
        };
        let running = status("running");
        assert_eq!(running.requests.cpu_millicores, Some(1000), "as allocated, not as rounded");
        assert_eq!(running.limits.cpu_millicores, Some(1000));
        assert_eq!(status("waiting").limits.cpu_millicores, Some(2000));
    }

    #[test]
    fn resources_of_the_whole_pod_cover_all_of_it() {
        let (pod, _) = of(r#"{"metadata":{"uid":"u"},"spec":{"resources":{"limits":{"cpu":"2"}},
            "containers":[{"name":"a"},{"name":"b","resources":{"limits":{"memory":1048576}}}]}}"#);
        assert_eq!(pod.sums.limits, amounts_of(Some(2000), Some(1 << 20)));
        assert_eq!((pod.cpu_limited, pod.memory_limited), (2, 1));
    }
}
