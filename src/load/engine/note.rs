//! What is told of a flow while it runs, once for each place in it.

/// Where something is to be told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Spot {
    /// A step by its place in the script.
    Act(usize),
    Request(usize),
    Redirects(usize),
    Record(usize),
}
