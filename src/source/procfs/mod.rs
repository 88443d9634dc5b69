//! The node from /proc.
