//! The short way to say a run: `vus`, `duration`, `iterations`, `stages` and `rate`, from several places.

mod derive;
mod layers;

pub use derive::DEFAULT_SCENARIO;
pub use layers::{Shortcuts, VARIABLES};
