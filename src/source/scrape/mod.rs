//! What an application says of itself, read by the agent beside it: a page of metrics, a JVM's beans, nginx's status.
//!
//! It says what the target says, under the target's or the configuration's names. Which names that gives in a
//! database is decided in `encode::schema::scraped`.

/// Jolokia's answers become points.
mod beans;
pub mod config;
/// Why a target told nothing.
mod error;
/// Pages of metrics become families.
mod families;
/// What a JVM is asked for unless the configuration says otherwise.
mod java;
/// The questions to a Jolokia agent.
mod jolokia;
/// The name of an MBean, taken apart.
mod object_name;
mod scraper;
/// nginx's stub_status.
mod stub_status;

pub use beans::{Answers, parse_answers};
pub use config::Config;
pub use error::ScrapeError;
pub use families::parse_exposition;
pub use jolokia::Questions;
pub use scraper::{Names, Outcome, Scraper};
pub use stub_status::parse_stub_status;
