use super::*;
use crate::model::identity::PodUid;
use crate::model::kubelet;
use crate::model::stamp::Stamp;

const DOCUMENT: &str = r#"{
 "node": {"nodeName": "vm", "startTime": "2026-11-21T00:30:13Z",
  "systemContainers": [{"name": "kubelet", "cpu": {"usageNanoCores": 5}}],
  "cpu": {"time": "2026-11-21T00:56:32Z", "usageNanoCores": 1, "usageCoreNanoSeconds": 18446744073709551615, "psi": {"full": {"avg10": 45.48}}},
  "runtime": {"imageFs": {"usedBytes": 7}, "containerFs": {"usedBytes": 8}},
  "rlimit": {"maxpid": 31176, "curproc": 312}, "swap": {"swapUsageBytes": 0}},
 "pods": [
  {"podRef": {"name": "a", "namespace": "n", "uid": "u1"},
   "containers": [{"name": "c1", "memory": {"workingSetBytes": 0}}, {"name": "c2"}],
   "volume": [{"name": "v", "usedBytes": 3, "pvcRef": {"name": "claim", "namespace": "n"}}],
   "network": {"name": "eth0", "rxBytes": 1, "interfaces": [{"name": "eth1", "rxBytes": 9}]},
   "process_stats": {"process_count": 2}, "ephemeral-storage": {"inodesUsed": 4}},
  {"podRef": {"uid": "u2", "name": "b\u0041"}, "containers": [{"name": "c3"}]}
 ]}"#;

fn model(text: &str) -> kubelet::Summary {
    let mut model = kubelet::Summary::default();
    parse_summary(text.as_bytes()).unwrap().store(Stamp::default(), &mut model);
    model
}

#[test]
fn everything_has_its_place_and_what_is_absent_stays_absent() {
    let summary = model(DOCUMENT);
    assert_eq!(parse_summary(DOCUMENT.as_bytes()).unwrap().faults, 0);
    let node = &summary.node;
    assert_eq!((&*node.name, node.cpu.usage_core_nano_seconds), ("vm", Some(u64::MAX)));
    assert_eq!(node.cpu.time_s, Some(1_795_222_592));
    assert_eq!((node.image_fs.used_bytes, node.container_fs.used_bytes), (Some(7), Some(8)));
    assert_eq!(
        (node.max_pid, node.running_processes, node.swap_usage_bytes),
        (Some(31176), Some(312), Some(0))
    );
    assert_eq!(node.memory, kubelet::MemoryStats::default());
    assert_eq!(node.system_containers[0].cpu.usage_nano_cores, Some(5));
    let pod = summary.pod("u1").unwrap();
    let names =
        |pod| -> Vec<&str> { summary.containers_of(pod).iter().map(|container| &*container.name).collect() };
    assert_eq!(names(pod), ["c1", "c2"]);
    assert_eq!(summary.containers[0].memory.working_set_bytes, Some(0), "zero was measured");
    assert_eq!(summary.containers[1].memory.working_set_bytes, None);
    assert_eq!(
        (&*pod.network.name, pod.network.rx_bytes),
        ("eth0", Some(1)),
        "interfaces are not the default one"
    );
    let volume = &summary.volumes_of(pod)[0];
    assert_eq!((volume.fs.used_bytes, volume.claim.clone()), (Some(3), Some(("n".into(), "claim".into()))));
    assert_eq!((pod.process_count, pod.ephemeral_storage.inodes_used), (Some(2), Some(4)));
    let second = &summary.pods[1];
    assert_eq!((&*second.name, names(second)), ("bA", vec!["c3"]));
    assert_eq!((second.process_count, second.start_time_s), (None, None));
}

#[test]
fn a_value_of_another_type_loses_itself_alone() {
    for (from, to, faults) in [
        (r#""usageNanoCores": 1,"#, r#""usageNanoCores": "1","#, 1),
        (r#""usageNanoCores": 1,"#, r#""usageNanoCores": -1,"#, 1),
        (r#""usageNanoCores": 1,"#, r#""usageNanoCores": 1.5,"#, 1),
        (r#""usageNanoCores": 1,"#, r#""usageNanoCores": [1, {}],"#, 1),
        (r#""usageNanoCores": 1,"#, r#""usageNanoCores": {"a": 1},"#, 1),
        (r#""usageNanoCores": 1,"#, r#""usageNanoCores": true,"#, 1),
        (r#""usageNanoCores": 1,"#, r#""usageNanoCores": 99999999999999999999999,"#, 1),
        (r#""usageNanoCores": 1,"#, r#""usageNanoCores": null,"#, 0),
    ] {
        let changed = DOCUMENT.replacen(from, to, 1);
        assert_eq!(parse_summary(changed.as_bytes()).unwrap().faults, faults, "{to}");
        let mut expected = model(DOCUMENT);
        expected.node.cpu.usage_nano_cores = None;
        assert_eq!(model(&changed), expected, "{to}");
    }
    let whole = DOCUMENT.replacen(r#""usageNanoCores": 1,"#, r#""usageNanoCores": 1e0,"#, 1);
    assert_eq!(model(&whole), model(DOCUMENT));
}

#[test]
fn an_object_or_list_of_another_type_loses_itself_alone() {
    let changed = DOCUMENT.replacen(r#"{"process_count": 2}"#, "[2]", 1);
    let mut expected = model(DOCUMENT);
    expected.pods[0].process_count = None;
    assert_eq!(model(&changed), expected);
    for list in ["null", "{}", "3", r#""x""#] {
        let changed = DOCUMENT.replacen(r#"[{"name": "c3"}]"#, list, 1);
        let summary = model(&changed);
        assert_eq!(summary.pods.len(), 2);
        assert!(summary.containers_of(&summary.pods[1]).is_empty() && summary.containers.len() == 2);
    }
}

#[test]
fn what_has_no_name_is_left_out_with_all_that_is_in_it() {
    let summary = model(&DOCUMENT.replacen(r#""uid": "u1""#, r#""uid": 7"#, 1));
    assert_eq!((summary.pods.len(), &*summary.pods[0].uid.0), (1, "u2"));
    assert_eq!((summary.containers.len(), summary.volumes.len()), (1, 0));
    assert_eq!(&*summary.containers_of(&summary.pods[0])[0].name, "c3");
    let summary = model(&DOCUMENT.replacen(r#"{"name": "c2"}"#, "null, 3, {}", 1));
    assert_eq!(summary.containers_of(&summary.pods[0]).len(), 1);
}

#[test]
fn half_a_document_is_none_wherever_it_breaks_off() {
    for end in 0..DOCUMENT.len() - 1 {
        assert!(parse_summary(&DOCUMENT.as_bytes()[..end]).is_err(), "{end}");
    }
    for (text, words) in [
        ("{}", "neither node nor pods"),
        ("[]", "neither node nor pods"),
        ("Forbidden", "no whole JSON"),
        ("{\"pods\":[]} x", "no whole JSON"),
    ] {
        assert!(parse_summary(text.as_bytes()).unwrap_err().to_string().contains(words), "{text}");
    }
    assert!(
        parse_summary(b"{\"pods\":[],\"\xff\":1}").unwrap_err().to_string().contains("not UTF-8 after 12")
    );
    assert!(parse_summary(b"{\"pods\":[]}").unwrap().pods.is_empty());
}

#[test]
fn lists_stay_within_their_bounds() {
    let pods = r#"{"podRef":{"uid":"u"},"containers":[{"name":"c"}]},"#.repeat(MAX_PODS + 5);
    let text = format!("{{\"pods\":[{}]}}", pods.trim_end_matches(','));
    let summary = parse_summary(text.as_bytes()).unwrap();
    assert_eq!((summary.pods.len(), summary.containers.len(), summary.faults), (MAX_PODS, MAX_PODS, 5));
}

#[test]
fn an_older_reading_is_written_over_without_a_trace() {
    let mut reused = model(DOCUMENT);
    let other = r#"{"node":{"nodeName":"vm"},"pods":[{"podRef":{"uid":"u9"},"volume":[{"name":"v"}]}]}"#;
    parse_summary(other.as_bytes()).unwrap().store(Stamp::default(), &mut reused);
    assert_eq!(reused, model(other));
    assert_eq!(reused.pods[0].uid, PodUid("u9".into()));
    assert_eq!(reused.volumes[0].claim, None);
}

#[test]
fn a_steady_node_costs_no_allocation_of_its_own() {
    let mut reused = model(DOCUMENT);
    let summary = parse_summary(DOCUMENT.as_bytes()).unwrap();
    let counted = allocation_counter::measure(|| summary.store(Stamp::default(), &mut reused));
    assert_eq!(counted.count_total, 0);
}
