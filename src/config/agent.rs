//! What concerns the agent as a whole: where it runs, what the node is called, how it logs.

use std::sync::Arc;

use serde::Deserialize;

/// Where the agent runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Picked from what is found, and said why.
    #[default]
    Auto,
    /// On a plain machine.
    Host,
    /// On a Kubernetes node, seeing all of its pods.
    Node,
    /// Beside one application, seeing its own pod.
    Sidecar,
    /// One of some replicas, of which the leader reads what the API server says of the whole cluster.
    Cluster,
}

/// How much is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    Error,
    Warn,
    #[default]
    Info,
    Debug,
    Trace,
}

impl LogLevel {
    /// The level as the configuration spells it.
    pub const fn name(self) -> &'static str {
        match self {
            LogLevel::Error => "error",
            LogLevel::Warn => "warn",
            LogLevel::Info => "info",
            LogLevel::Debug => "debug",
            LogLevel::Trace => "trace",
        }
    }
}

/// How a log line looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

/// The section `agent.log`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// The least grave messages that are written: error, warn, info, debug or trace.
    pub level: LogLevel,
    /// One line of text or one JSON object a message.
    pub format: LogFormat,
}

/// The section `agent`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Agent {
    /// Where the agent runs: auto, host, node, sidecar or cluster.
    pub mode: Mode,
    /// The node's name; without it the environment's NODE_NAME, without that the host name.
    pub node_name: Option<String>,
    /// What is logged and how.
    pub log: Log,
}

impl Agent {
    /// The node's name: configured, else `from_environment` (NODE_NAME), else the host name.
    pub fn node_name(&self, from_environment: Option<String>) -> Arc<str> {
        let given = [self.node_name.clone(), from_environment];
        match given.into_iter().flatten().find(|name| !name.is_empty()) {
            Some(name) => name.into(),
            None => rustix::system::uname().nodename().to_string_lossy().into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_wins_and_an_empty_one_is_none() {
        let named = Agent { node_name: Some("a".to_owned()), ..Agent::default() };
        assert_eq!(&*named.node_name(Some("b".to_owned())), "a");
        assert_eq!(&*Agent::default().node_name(Some("b".to_owned())), "b");
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        assert_eq!(*Agent::default().node_name(Some(String::new())), *host);
    }
}
