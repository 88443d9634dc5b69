//! The wiring: which part hands what to which. Threads and tasks start and end here, and nowhere else.

/// The way to the API server that several tasks share.
mod access;
/// What pods may use of this node.
mod allocatable;
/// Who may read the pages, by the API server.
mod authority;
/// A cgroup for a child of ours, for the demo.
mod child_cgroup;
/// Batches from snapshots to the sinks.
mod deliver;
/// What `check` says of the parts that the command line does not know.
mod doctor;
/// Takes part in the election of mode cluster.
mod election;
/// How a source outside of the kernel is doing.
mod health;
/// Lists the cluster's objects.
mod inventory;
/// The kubelet's documents, read again and again.
mod kubelet;
/// The sources that Kubernetes has beside the kernel.
mod kubernetes;
/// Snapshots for `top` without a running agent.
mod local;
/// Asks metrics-server.
mod metrics;
/// Names, fetched again and again.
mod names;
/// The node's own reading and the pods' networks, on a thread of their own.
mod node;
/// Sinks without an agent, for load tests.
mod outlets;
/// The pod that the agent runs in.
mod own_pod;
/// One page over HTTP, for load tests.
mod page;
/// The seam to the command line.
mod parts;
/// What the agent says about itself.
mod reconcile;
mod report;
/// From start to shutdown.
mod run;
/// Finds the hierarchy and makes a sampler for it.
mod sampling;
/// How much the agent can see.
mod scope;
/// Reads what stands beside the application.
mod scrape;
/// What a sidecar adds to what its cgroups show.
mod sidecar;

pub use parts::Parts;
