//! The node as /proc shows it. Absent is `None`.

/// One reading of the node.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Node {}
