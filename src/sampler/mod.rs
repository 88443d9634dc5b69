//! The clock: what is read when, within a CPU budget.

pub mod clock;
pub mod config;
mod fast;
pub mod feeds;
pub mod governor;
mod publish;
mod schedule;
mod state;
pub mod thread;
pub mod tick;

pub use config::Config;
pub use feeds::Feeds;
pub use thread::SamplerThread;
pub use tick::Sampler;
