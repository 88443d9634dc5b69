//! What a run must hold to pass: `http_req_duration{scenario:api}: ["p(95)<500", ...]`.

mod draft;
mod error;
mod evaluate;
mod expression;
mod selector;
mod trend;

pub use draft::ThresholdDraft;
pub use error::ThresholdError;
pub use evaluate::{Aggregates, EVALUATED_EVERY, Outcome, Threshold};
pub use expression::{Expression, Method, Operator};
pub use selector::Selector;
pub use trend::millis_of;
