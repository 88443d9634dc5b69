//! `kubernetes_node` as kube_inventory has it: the node, its conditions, and how many nodes there are.

use super::condition_fields;
use crate::encode::schema::host::point::{Points, integer};
use crate::model::inventory::{NodeAmounts, NodeRecord};

const NODE: &str = "kubernetes_node";

/// Field names of the amounts: whole cores, thousandths of cores, bytes, pods.
const CAPACITY: [&str; 4] =
    ["capacity_cpu_cores", "capacity_millicpu_cores", "capacity_memory_bytes", "capacity_pods"];
const ALLOCATABLE: [&str; 4] =
    ["allocatable_cpu_cores", "allocatable_millicpu_cores", "allocatable_memory_bytes", "allocatable_pods"];

/// The number of nodes is written where these are all: of one node it would say that the cluster has one.
pub(super) fn write_nodes(nodes: &[NodeRecord], has_all: bool, points: &mut Points<'_, '_>) {
    if has_all {
        points.point(NODE, &[], |out| out.integer("node_count", nodes.len() as u64));
    }
    for node in nodes {
        write_node(node, points);
    }
}

fn write_node(node: &NodeRecord, points: &mut Points<'_, '_>) {
    let own = [
        ("node_name", &*node.name.name),
        ("cluster_namespace", &*node.cluster_namespace),
        ("version", &*node.kubelet_version),
    ];
    for condition in &node.conditions {
        let mut own = own.to_vec();
        own.extend([("status", condition.status.name()), ("condition", &*condition.kind)]);
        points.point(NODE, &own, |out| condition_fields(condition, out));
    }
    points.point(NODE, &own, |out| {
        for (names, amounts) in [(CAPACITY, &node.capacity), (ALLOCATABLE, &node.allocatable)] {
            for (name, value) in names.iter().zip(values(amounts)) {
                integer(out, name, value);
            }
        }
        out.integer("spec_unschedulable", u64::from(node.is_unschedulable));
    });
}

fn values(amounts: &NodeAmounts) -> [Option<u64>; 4] {
    // Whole cores are cut, as Telegraf cuts them.
    let cores = amounts.cpu_millicores.map(|millicores| millicores / 1000);
    [cores, amounts.cpu_millicores, amounts.memory_bytes, amounts.pods]
}
