//! What a sidecar knows of its own pod, and whom it may ask.

use serde::Deserialize;

use crate::model::bounds::OutOfRange;
use crate::source::node_agent;

/// The section `sidecar`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sidecar {
    /// UID of the pod that the agent runs in; without it the environment's POD_UID, without that what its mounts tell.
    pub pod_uid: Option<String>,
    /// Name of that pod; without it the environment's POD_NAME.
    pub pod_name: Option<String>,
    /// Namespace of that pod; without it the environment's POD_NAMESPACE.
    pub pod_namespace: Option<String>,
    /// The agent of the node, asked for what this sidecar cannot see.
    pub node_agent: node_agent::Config,
}

impl Sidecar {
    /// Every setting that no pod can have.
    pub fn validate(&self) -> Vec<OutOfRange> {
        let uid = self.pod_uid.as_deref().filter(|uid| !is_pod_uid(uid)).map(|uid| {
            let allowed =
                "a UUID such as 18451618-ada8-4b1c-a71e-5d336ca178d6, or a static pod's 32 hex digits";
            OutOfRange::new("pod_uid", uid, "is no pod's UID", allowed)
        });
        let below = self.node_agent.validate().into_iter().map(|mut problem| {
            problem.key = format!("node_agent.{}", problem.key);
            problem
        });
        uid.into_iter().chain(below).collect()
    }
}

/// A UUID with dashes, or the 32 hex digits of a static pod, as they stand in the pod's cgroup.
pub fn is_pod_uid(text: &str) -> bool {
    let is_hex = |byte: &u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte);
    match text.len() {
        32 => text.as_bytes().iter().all(is_hex),
        36 => text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => is_hex(&byte),
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uid_is_one_that_a_cgroup_can_carry() {
        for (uid, is_one) in [
            ("18451618-ada8-4b1c-a71e-5d336ca178d6", true),
            ("569b0171e17fdb1d6d087d02cbba0832", true),
            ("18451618_ada8_4b1c_a71e_5d336ca178d6", false),
            ("$(POD_UID)", false),
            ("", false),
        ] {
            assert_eq!(is_pod_uid(uid), is_one, "{uid}");
        }
        let config = Sidecar { pod_uid: Some("web-0".to_owned()), ..Sidecar::default() };
        assert_eq!(config.validate()[0].key, "pod_uid");
    }
}
