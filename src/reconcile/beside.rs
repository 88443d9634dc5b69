//! What explains a part of a difference: the pause container, and what the pod's RuntimeClass declares.

use super::units::Tracked;
use crate::model::reconciled::Resource;
use crate::model::workload::Amounts;

/// What is known of a pod beside its values.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Beside<'a> {
    pub(super) sandbox: Option<&'a Tracked>,
    /// What its RuntimeClass declares.
    pub(super) overhead: Amounts,
    pub(super) is_read_here: bool,
}

impl Beside<'_> {
    /// The pause container's own.
    pub(super) fn sandbox(&self, resource: Resource) -> Option<f64> {
        let unit = self.sandbox?;
        match resource {
            Resource::Cpu => unit.live_cores.map(|cores| cores * 1e9),
            Resource::Memory => unit.working_set_bytes.map(|bytes| bytes as f64),
        }
    }

    /// What the pod declares for what is no container's.
    pub(super) fn declared(&self, resource: Resource) -> Option<f64> {
        let amount = match resource {
            Resource::Cpu => self.overhead.cpu_millicores.map(|millicores| millicores as f64 * 1e6),
            Resource::Memory => self.overhead.memory_bytes.map(|bytes| bytes as f64),
        };
        amount.filter(|&amount| amount > 0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_declared_is_not_zero() {
        let overhead = Amounts { cpu_millicores: Some(250), memory_bytes: Some(0) };
        let beside = Beside { overhead, ..Beside::default() };
        assert_eq!(beside.declared(Resource::Cpu), Some(250e6));
        assert_eq!(beside.declared(Resource::Memory), None);
        assert_eq!(beside.sandbox(Resource::Cpu), None);
    }
}
