//! The whole configuration: the parts' own settings composed, layered and checked. Only `agent` and `cli`
//! see it; every other part knows its own `Config` alone.

/// The section `agent`: mode, node name, log.
pub mod agent;
/// Where values come from: file, environment, `--set`, each kept with its origin.
mod layers;
/// Layers become one checked value, or all that is wrong with them.
mod load;
/// The known key that an unknown one was meant to be.
/// The section `paths`: where the kernel's file systems are mounted.
pub mod paths;
/// What can be wrong, in words that name the place.
mod problem;
/// The section `sidecar`: the agent's own pod, and whom it may ask.
pub mod sidecar;
/// The section `sinks`: where values are sent.
pub mod sinks;
/// Another agent's file made ours.
pub mod telegraf;
/// The composed struct: one line a part.
mod whole;

pub use layers::{Origin, Sources};
pub use load::{Loaded, load};
pub use problem::Problem;
pub use whole::{Config, DEFAULT_FILE};
