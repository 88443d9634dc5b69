//! What a load test says while it goes on, for the dashboards that people have: an interval goes in, lines or a page
//! come out.

mod families;
pub mod jmeter;
pub mod k6;
pub mod page;
mod pushed;
pub mod remote_write;
mod schema;
mod tags;

pub use page::page;
pub use pushed::{pushed, verdict};
