//! Requests that take time, bring a body or suffer a fault. What waits, waits for a timer; only `burn` holds the
//! thread, as computing does.

use std::hint::black_box;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};
use serde_json::json;
use tokio::time::sleep;

use super::faults::Faults;
use super::head::{Body, Head};
use super::reply::{EXPOSITION, Reply, TEXT};
use super::route::{Method, Route};
use super::stub_status;
use super::worker::Thread;
use crate::model::bounds::OutOfRange;

/// wiremock's stubs in jmeter-k8s-starterkit.
const STATIC_DELAY: Duration = Duration::from_millis(50);
const DYNAMIC_DELAY: Duration = Duration::from_secs(1);

/// crocodile-api's delay in kubernetes-autoscaling.
const CROCODILE_DELAY: (Duration, Duration) = (Duration::from_millis(30), Duration::from_millis(250));

/// A request whose head was read.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) method: Method,
    pub(super) route: Route,
    query: Box<str>,
    fault: Option<Box<str>>,
    pub(super) keep: bool,
    pub(super) expects: bool,
    pub(super) body: Body,
    /// When its head was there.
    pub(super) began: Instant,
}

impl Asked {
    pub(super) fn new(head: &Head<'_>, route: Route, began: Instant) -> Asked {
        Asked {
            method: head.method,
            route,
            query: head.query.unwrap_or_default().into(),
            fault: head.fault.map(Into::into),
            keep: head.keep,
            expects: head.expects,
            body: head.body,
            began,
        }
    }

    /// Whether somebody looks at its body.
    pub(super) fn wants_body(&self) -> bool {
        matches!(self.route, Route::Crocodiles | Route::Crocodile(_) | Route::Social(_) | Route::Faults)
    }
}

/// Takes its time and gives the answer.
pub(super) async fn respond(thread: &Thread, asked: &Asked, body: &[u8]) -> Reply {
    let route = asked.route;
    if route == Route::Unknown || thread.has_only_pages && !route.is_page() {
        return Reply::json(404, &json!({"error": "nothing is here"}));
    }
    if !route.allows(asked.method) {
        let error = json!({"error": "this method is not allowed here", "allowed": route.allowed()});
        return Reply { allow: Some(route.allowed()), ..Reply::json(405, &error) };
    }
    if route.is_own() {
        return own_page(thread, asked, body);
    }
    let faults = match faults_of(thread, asked) {
        Ok(faults) => faults,
        Err(problem) => return refused(&problem),
    };
    count(thread, &faults);
    suffer(thread, &faults).await;
    let delay = delay_of(thread, route) + faults.delay.unwrap_or_default();
    if !delay.is_zero() {
        sleep(delay).await;
    }
    // 0 is never met and 1 always.
    if faults.error_share.is_some_and(|share| thread.random.share() < share) {
        return Reply::json(500, &json!({"error": "asked for by error_share"}));
    }
    answer(thread, asked, body)
}

fn refused(problem: &OutOfRange) -> Reply {
    Reply::text(400, TEXT, format!("{problem}\n"))
}

/// The query stands above the header, and that above what is set for all.
fn faults_of(thread: &Thread, asked: &Asked) -> Result<Faults, OutOfRange> {
    let (mut by_query, mut by_header) = (Faults::default(), Faults::default());
    by_query.read_query(&asked.query)?;
    if let Some(header) = &asked.fault {
        by_header.read_strictly(header)?;
    }
    Ok(by_query.or(by_header).or(thread.shared.switch.take()))
}

/// In the order of the faults' keys.
fn count(thread: &Thread, faults: &Faults) {
    let Faults { stall, error_share, delay, burn, leak } = faults;
    let set = [stall.is_some(), error_share.is_some(), delay.is_some(), burn.is_some(), leak.is_some()];
    for (place, _) in set.iter().enumerate().filter(|(_, is_set)| **is_set) {
        thread.counters.suffered(place);
    }
}

async fn suffer(thread: &Thread, faults: &Faults) {
    let shared = &thread.shared;
    if let Some(span) = faults.stall {
        shared.switch.stall(Instant::now(), span);
    }
    while let Some(left) = shared.switch.stalled_for(Instant::now()) {
        sleep(left).await;
    }
    if let Some(bytes) = faults.leak.filter(|bytes| *bytes > 0)
        && !shared.leak.keep(bytes)
    {
        thread.counters.leak_refused();
    }
    if let Some(span) = faults.burn {
        burn(span);
    }
}

/// Computes until the thread has had so much CPU time, however long that takes.
fn burn(span: Duration) {
    let used = || {
        let now = clock_gettime(ClockId::ThreadCPUTime);
        Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
    };
    let end = used() + span;
    while used() < end {
        black_box((0..10_000_u64).fold(0, |sum, n| black_box(sum ^ n)));
    }
}

fn delay_of(thread: &Thread, route: Route) -> Duration {
    match route {
        Route::Static => STATIC_DELAY,
        Route::Dynamic => DYNAMIC_DELAY,
        Route::Crocodiles | Route::Crocodile(_) => {
            thread.random.between(CROCODILE_DELAY.0, CROCODILE_DELAY.1)
        }
        _ => Duration::ZERO,
    }
}

fn answer(thread: &Thread, asked: &Asked, body: &[u8]) -> Reply {
    let crocodiles = &thread.shared.crocodiles;
    match (asked.route, asked.method) {
        (Route::Static, _) => Reply::json(200, &json!({"endpoint": "static", "delay_ms": 50})),
        (Route::Dynamic, _) => Reply::json(200, &json!({"endpoint": "dynamic", "delay_ms": 1000})),
        (Route::Crocodiles, Method::Post) => crocodiles.create(body),
        (Route::Crocodiles, _) => crocodiles.list(),
        (Route::Crocodile(id), Method::Put) => crocodiles.change(id, body, true),
        (Route::Crocodile(id), Method::Patch) => crocodiles.change(id, body, false),
        (Route::Crocodile(id), Method::Delete) => crocodiles.delete(id),
        (Route::Crocodile(id), _) => crocodiles.one(id),
        (Route::Social(social), _) => {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            let form = std::str::from_utf8(body).unwrap_or_default();
            social.answer(&asked.query, form, now.as_millis() as u64)
        }
        (Route::Status(None), _) => {
            Reply::text(400, TEXT, "status: is no status that ends a request; allowed: 200 to 599\n")
        }
        // The bytes are ready already; whoever comes here wants their content.
        (Route::Status(Some(status)), _) => Reply::json(status, &json!({"status": status})),
        (Route::Healthz, _) => Reply::json(200, &json!({"status": "OK"})),
        _ => Reply::text(200, TEXT, super::ready::TINY),
    }
}

/// Pages of the target itself: no fault touches them.
fn own_page(thread: &Thread, asked: &Asked, body: &[u8]) -> Reply {
    let shared = &thread.shared;
    match (asked.route, asked.method) {
        (Route::Metrics, _) => Reply::text(200, EXPOSITION, shared.metrics()),
        (Route::StubStatus, _) => Reply::text(200, TEXT, stub_status::page(&shared.connections())),
        (_, Method::Post) => {
            let mut faults = Faults::default();
            let Ok(form) = std::str::from_utf8(body) else {
                return Reply::text(400, TEXT, "body: is no text; allowed: key=value&key=value\n");
            };
            match faults.read_strictly(&asked.query).and_then(|()| faults.read_strictly(form)) {
                Ok(()) => {
                    shared.switch.set(faults);
                    Reply::json(200, &faults.document())
                }
                Err(problem) => refused(&problem),
            }
        }
        (_, Method::Delete) => {
            shared.switch.clear();
            shared.leak.free();
            Reply::json(200, &Faults::default().document())
        }
        _ => Reply::json(200, &shared.switch.faults().document()),
    }
}
