//! Pure values and arithmetic: no IO, no clock, no async, no logging.

pub mod backoff;
pub mod bounds;
pub mod detail;
pub mod field;
pub mod histogram;
pub mod history;
pub mod identity;
pub mod inventory;
pub mod kubelet;
pub mod ledger;
pub mod metrics_api;
pub mod nearest;
pub mod node;
pub mod oom;
pub mod peer;
pub mod quantity;
pub mod reconciled;
pub mod report;
pub mod scope;
pub mod scraped;
pub mod snapshot;
pub mod stamp;
pub mod unit;
pub mod window;
pub mod workload;
