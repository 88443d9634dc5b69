//! The node's families, from /proc.

use crate::model::node::Node;

use super::SmallFamily;

/// One row a name; sorted.
pub static FAMILIES: &[SmallFamily<Node>] = &[];
