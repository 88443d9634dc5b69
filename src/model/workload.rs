//! What Kubernetes says of a pod beyond its name: owner, phase, resources, states of its containers.

/// Requests or limits. What is not set is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amounts {
    pub cpu_millicores: Option<u64>,
    pub memory_bytes: Option<u64>,
}

/// What a container or a pod asked for and may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resources {
    pub requests: Amounts,
    pub limits: Amounts,
}

/// A pod's resources, summed over the containers that run beside each other (applications and sidecars).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PodResources {
    /// Sums over those containers that set a value; RuntimeClass overhead included in both where it is set.
    pub sums: Resources,
    /// How many containers the sums are over, and how many of them limit CPU and memory. A limit that does not
    /// cover all of them does not bound the pod.
    pub containers: u32,
    pub cpu_limited: u32,
    pub memory_limited: u32,
    /// RuntimeClass overhead alone.
    pub overhead: Amounts,
}

/// The workload that a pod belongs to: a Deployment rather than its ReplicaSet, a CronJob rather than its Job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    pub kind: Box<str>,
    pub name: Box<str>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Phase {
    Pending,
    Running,
    Succeeded,
    Failed,
    #[default]
    Unknown,
}

impl Phase {
    pub const ALL: [Phase; 5] =
        [Phase::Pending, Phase::Running, Phase::Succeeded, Phase::Failed, Phase::Unknown];

    pub const fn name(self) -> &'static str {
        match self {
            Phase::Pending => "Pending",
            Phase::Running => "Running",
            Phase::Succeeded => "Succeeded",
            Phase::Failed => "Failed",
            Phase::Unknown => "Unknown",
        }
    }

    pub fn from_name(name: &str) -> Phase {
        Phase::ALL.into_iter().find(|phase| phase.name() == name).unwrap_or_default()
    }
}

/// What a container does now, with Kubernetes' own word for why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ContainerState {
    #[default]
    Unknown,
    Waiting {
        reason: Box<str>,
    },
    /// Seconds since the epoch.
    Running {
        started_at: Option<i64>,
    },
    Terminated {
        reason: Box<str>,
        exit_code: i32,
        finished_at: Option<i64>,
    },
}

impl ContainerState {
    pub const fn name(&self) -> &'static str {
        match self {
            ContainerState::Unknown => "unknown",
            ContainerState::Waiting { .. } => "waiting",
            ContainerState::Running { .. } => "running",
            ContainerState::Terminated { .. } => "terminated",
        }
    }
}
