use super::*;

const UID: &str = "18451618-ada8-4b1c-a71e-5d336ca178d6";

fn document() -> PodsDocument {
    let text = format!(
        r#"{{"node":"n1","taken":"2026-11-21T00:00:10.000Z","scope":"node","windows_seconds":[15.0,60.0],
        "pods":[{{"namespace":"shop","pod":"web-0","uid":"{UID}","qos":"Burstable","path":"/kubepods/burstable/pod{UID}",
          "kind":"pod","age_seconds":60.5,"pids":7,"oom_kills":2,
          "cpu":{{"read_at":"2026-11-21T00:00:09.250000Z","usage_seconds":12.345678,"live_cores":0.5,"error_cores":0.001,
            "windows":[{{"window_seconds":60.0,"mean_cores":0.25,"max_cores":1.0,"p50_cores":0.2,"p95_cores":0.9,"p99_cores":1.0}}]}},
          "memory":{{"read_at":"2026-11-21T00:00:09.500000Z","working_set_bytes":1048576,"usage_bytes":2097152,"max_bytes":null,
            "windows":[{{"window_seconds":15.0,"max_bytes":3145728}}],"peak_method":"kernel"}},
          "containers":[{{"container":"app","container_id":"abc","image":"app:1","role":"sidecar","path":"/x","kind":"container",
            "cpu":{{"usage_seconds":0.000001,"windows":[]}},"memory":{{"windows":[]}}}}]}}]}}"#
    );
    serde_json::from_str(&text).unwrap()
}

fn now() -> Stamp {
    // 00:00:11 on the wall, 100 s after the boot.
    Stamp { boot_ns: 100_000_000_000, wall_ns: 1_795_219_211_000_000_000 }
}

fn units() -> Vec<Unit> {
    let windows = [Duration::from_secs(15), Duration::from_mins(1)];
    units_from(&document(), &PodUid(UID.into()), now(), &windows).unwrap()
}

#[test]
fn counters_come_over_to_the_microsecond_with_their_own_times() {
    let units = units();
    let pod = &units[0];
    assert_eq!(pod.values.get(Field::UsageUsec), Some(12_345_678));
    assert_eq!(units[1].values.get(Field::UsageUsec), Some(1));
    assert_eq!(pod.stamp(Pace::Fast).unwrap().boot_ns, 98_250_000_000, "1.75 s before now");
    assert_eq!(pod.stamp(Pace::Memory).unwrap().wall_ns, now().wall_ns - 1_500_000_000);
    assert_eq!((pod.source, pod.oom_kills), (SourceKind::NodeAgent, Some(2)));
    assert_eq!(pod.memory.working_set_bytes, Some(1 << 20));
    assert_eq!(pod.values.limit(Field::MemoryMax), Some(crate::model::field::Limit::Max));
    assert_eq!(pod.cpu.live.map(|rate| rate.cores.to_bits()), Some(0.5_f64.to_bits()));
    assert_eq!((pod.cpu.windows[0], pod.cpu.windows[1].unwrap().max), (None, 1.0), "by length, not by place");
    assert_eq!(pod.memory.window_max_bytes[..2], [Some(3 << 20), None]);
    assert_eq!(pod.created_wall_s, Some(1_795_219_210.0 - 60.5));
}

#[test]
fn what_the_document_leaves_out_is_absent() {
    let units = units();
    let container = &units[1];
    assert_eq!(container.stamp(Pace::Fast), None);
    assert_eq!(container.memory, MemoryUse::default());
    assert_eq!((container.cpu.live, container.created_wall_s, container.oom_kills), (None, None, None));
    assert_eq!(container.values.get(Field::MemoryCurrent), None);
}

#[test]
fn names_come_with_the_rows_and_ids_are_stable() {
    let units = units();
    assert_eq!(units[1].parent, Some(0));
    let identity = units[1].identity.as_ref().unwrap();
    let (pod, container) = (identity.pod.as_ref().unwrap(), identity.container.as_ref().unwrap());
    assert_eq!((&*pod.namespace, &*pod.name, &*pod.node), ("shop", "web-0", "n1"));
    assert_eq!((&*container.name, container.role), ("app", ContainerRole::Sidecar));
    let again: Vec<UnitId> = self::units().iter().map(|unit| unit.id).collect();
    assert_eq!(again, units.iter().map(|unit| unit.id).collect::<Vec<_>>());
    assert!(again[0] != again[1] && again.iter().all(|id| id.0 >> 63 == 1));
}

#[test]
fn another_pod_or_half_of_one_is_refused() {
    let of = |document: &PodsDocument, uid: &str| {
        units_from(document, &PodUid(uid.into()), now(), &[]).map(|units| units.len())
    };
    assert_eq!(of(&document(), "other"), Err(NoUnits::OtherPod));
    let mut empty = document();
    empty.pods.clear();
    assert_eq!(of(&empty, UID), Err(NoUnits::NotWhole));
}
