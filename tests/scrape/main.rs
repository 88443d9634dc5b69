//! What stands beside an application: pages of metrics, a JVM and nginx, real ones where they are installed and else
//! doubles in this process, on good days and bad.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "tests fail by panicking and say loudly what they skip"
)]

#[path = "../support/child.rs"]
mod child;
mod double;
#[path = "../support/golden.rs"]
mod golden;
#[path = "../support/jvm.rs"]
mod jvm;
#[path = "../support/ports.rs"]
mod ports;
#[path = "../bad_input/program.rs"]
#[allow(dead_code, reason = "not all of what the agent can be asked is asked here")]
mod program;

mod agent;
mod doctor;
mod faults;
mod lines;
mod real_jvm;
mod real_nginx;

use std::sync::Arc;

use podometer::encode::influx::LineWriter;
use podometer::encode::schema::scraped;
use podometer::model::scraped::{Kind, Reading};
use podometer::model::stamp::Stamp;
use podometer::source::scrape::config::Target;
use podometer::source::scrape::{Names, Outcome, ScrapeError, Scraper};

/// When every reading of these tests was taken.
const TAKEN_NS: i64 = 1_795_222_700_123_456_789;

fn target(kind: Kind, url: &str) -> Target {
    Target { name: "app".to_owned(), kind, url: url.to_owned(), ..Target::default() }
}

fn scraper(target: &Target) -> Scraper {
    let names = Names { host: "web-0".to_owned(), node: "n1".to_owned() };
    Scraper::new(target, &names).unwrap()
}

/// Reads the target once.
async fn read(target: &Target) -> Result<Outcome, ScrapeError> {
    scraper(target).fetch().await
}

/// The line protocol of one reading.
async fn lines(target: &Target) -> String {
    let mut scraper = scraper(target);
    let Outcome { content, samples, faults, .. } = scraper.fetch().await.unwrap();
    assert_eq!(faults, 0);
    let reading = Reading {
        target: Arc::clone(scraper.target()),
        taken: Some(Stamp { boot_ns: 1, wall_ns: TAKEN_NS }),
        content: Some(content),
        samples,
        ..Reading::default()
    };
    let mut out = Vec::new();
    let tags = [("env".to_owned(), "test".to_owned())];
    scraped::write(&reading, "n1", &tags, &mut LineWriter::new(&mut out));
    String::from_utf8(out).unwrap()
}
