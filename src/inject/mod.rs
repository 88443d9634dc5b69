//! The agent as a sidecar of others' pods: what is added to a pod, and how it is taken out again.
//!
//! Pure but for `serve`: trees and texts come in, operations and texts go out. `podometer inject` and the webhook
//! are two ways to the same `plan`.

/// What a pod's annotations ask for.
mod annotations;
/// Settings that a class of pods has in common.
mod class;
/// Documents of a text, each injected or as it was.
mod documents;
/// Variables of the sidecar's environment.
mod environment;
/// What of a sidecar must fit its pod.
mod fit;
/// Annotations that describe inputs, as targets of `scrape`.
mod inputs;
/// Operations on a tree, and as a JSON patch.
mod patch;
/// What is done to one pod.
mod plan;
/// What was added, as it stands in the pod.
mod record;
/// Names of what annotations refer to, checked.
mod references;
/// Takes out what was added.
mod removal;
/// AdmissionReviews in and out.
mod review;
/// Which pods are wanted.
mod select;
/// The webhook.
pub mod serve;
/// What all sidecars have in common.
mod settings;
/// The container.
mod sidecar;
/// YAML and JSON to trees and back.
mod text;
/// An ordered tree that keeps how its scalars were written.
mod tree;
/// Where the pod of an object is.
mod workload;

pub use class::{Class, ClassError};
pub use documents::{Unreadable, Work, rewrite};
pub use review::{Answer, Asked, Outcome, judge};
pub use settings::{Existing, Form, Resources, Settings, View};
pub use tree::Tree;
