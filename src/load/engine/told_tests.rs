use std::collections::BTreeMap;

use super::*;
use crate::load::engine::outcome::Timing;
use crate::load::engine::plan::{Check, Host, USUALLY_EXPECTED};
use crate::load::engine::{Condition, ErrorCode};
use crate::load::protocol::http1::{self, Keep};
use crate::load::scenario::{Executor, Scenario};

fn request(name: &str) -> Step {
    Step::Request(Box::new(Request {
        name: name.into(),
        method: "GET".into(),
        url: format!("http://h/{name}").into(),
        group: "::shop".into(),
        tags: [("kind".to_owned(), "page".to_owned())].into(),
        host: 0,
        bytes: http1::Request::new("GET", "/", "h", &[], b"").unwrap(),
        keep: Keep::default(),
        timeout: Span::SECOND,
        expected: USUALLY_EXPECTED,
        checks: vec![Check { name: "fine".into(), condition: Condition::Status(200) }],
    }))
}

fn plan() -> Arc<Plan> {
    let tags =
        [("kind", "scenario's"), ("team", "a")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    let scenario = Scenario {
        name: "api".to_owned(),
        executor: Executor::ConstantVus { vus: 1, duration: None },
        start_time: Span::default(),
        graceful_stop: Span::default(),
        exec: "default".to_owned(),
        env: BTreeMap::new(),
        tags: tags.into(),
    };
    let sleep = Step::Sleep { least: Span::SECOND, most: Span::SECOND };
    let steps = vec![request("list"), sleep, request("one"), request("list")];
    Arc::new(Plan {
        scenarios: vec![Work { scenario, steps }],
        hosts: vec![Host { name: "h".into(), port: 80 }],
        ..Plan::default()
    })
}

fn timing(opens: bool) -> Timing {
    let opening = u64::from(opens) * 7;
    Timing { blocked: opening, connecting: opening, waiting: 2_000_000, was_sent: true, ..Timing::default() }
}

fn second(plan: &Plan, vus: u64) -> Second {
    let mut meter = Meter::new(plan);
    let scenario = &mut meter.scenarios[0];
    for (place, status, error, count) in [
        (0, 200, None, 3),
        (0, 0, Some(ErrorCode::TIMEOUT), 1),
        (2, 404, Some(ErrorCode(1404)), 2),
        (3, 200, None, 4),
    ] {
        let Step::Request(request) = &plan.scenarios[0].steps[place] else { panic!() };
        for number in 0..count {
            scenario.steps[place].ended(request, status, error, &timing(number == 0));
            scenario.steps[place].checked(0, status == 200);
            scenario.steps[place].sent_bytes += 10;
            scenario.steps[place].received_bytes += 100;
        }
    }
    scenario.iteration_duration.record_many(5, 4);
    scenario.starts.scheduled = 6;
    scenario.starts.on_time = 4;
    scenario.starts.unsent = 2;
    scenario.undone = 1;
    Second {
        elapsed: Span::SECOND,
        span: Span::SECOND,
        wall_ns: 1_000,
        vus,
        vus_max: 9,
        meter: Arc::new(meter),
    }
}

#[test]
fn requests_carry_the_tags_of_their_place() {
    let plan = plan();
    let interval = Teller::new(Arc::clone(&plan)).interval(&second(&plan, 1));
    let told: Vec<_> = interval
        .requests
        .iter()
        .map(|(tags, requests)| {
            (&*tags.name, tags.status, tags.error_code, &*tags.error, tags.expected_response, requests.count)
        })
        .collect();
    assert_eq!(
        told,
        [
            ("list", 0, 1050, "request timeout", false, 1),
            ("list", 200, 0, "", true, 7),
            ("one", 404, 1404, "", false, 2),
        ],
        "steps of the same tags are one"
    );
    let (tags, requests) = interval.requests.iter().nth(1).unwrap();
    assert_eq!((&*tags.group, &*tags.scenario, &*tags.proto), ("::shop", "api", "HTTP/1.1"));
    let own: Vec<_> = tags.own.iter().map(|(name, value)| (&**name, &**value)).collect();
    assert_eq!(own, [("kind", "page"), ("team", "a")], "the request's own tag hides the scenario's");
    assert_eq!((requests.duration.count(), requests.tls_handshaking.max()), (7, Some(0)));
    assert_eq!((requests.blocked.count(), requests.blocked.sum_nanos()), (7, 14), "five went over open ones");
}

#[test]
fn bytes_are_those_of_the_step_once() {
    let plan = plan();
    let interval = Teller::new(Arc::clone(&plan)).interval(&second(&plan, 1));
    assert_eq!(interval.bytes().into_values().collect::<Vec<_>>(), [(100, 1_000)]);
    let of: Vec<u64> = interval.requests.values().map(|requests| requests.sent_bytes).collect();
    assert_eq!(of, [0, 80, 20], "the step's bytes are where most of its requests are");
}

#[test]
fn samples_are_told_by_check_and_scenario() {
    let plan = plan();
    let mut teller = Teller::new(Arc::clone(&plan));
    let interval = teller.interval(&second(&plan, 1));
    let told: Vec<(String, &Values)> = interval
        .samples
        .iter()
        .map(|(series, sample)| {
            let tags = series.tags.iter().map(|(name, value)| format!(",{name}={value}"));
            (format!("{}{}", series.metric, tags.collect::<String>()), &sample.values)
        })
        .collect();
    let tags = "kind=scenario's,scenario=api,team=a";
    assert_eq!(told[0].0, "checks,check=fine,group=::shop,".to_owned() + tags);
    assert_eq!(*told[0].1, Values::Rate { nonzero: 7, zero: 3 });
    assert_eq!((&*told[1].0, told[1].1), (&*format!("dropped_iterations,{tags}"), &Values::Counter(3.0)));
    assert_eq!((&*told[3].0, told[3].1), (&*format!("iterations,{tags}"), &Values::Counter(4.0)));
    assert_eq!(told.len(), 4);
    teller.interval(&second(&plan, 1));
    let schedule = &teller.schedules()[0];
    assert_eq!((schedule.scheduled, schedule.on_time, schedule.unsent), (12, 8, 4));
}

#[test]
fn users_that_come_and_go_are_counted_from_second_to_second() {
    let plan = plan();
    let mut teller = Teller::new(Arc::clone(&plan));
    let told = [4, 9, 2].map(|vus| {
        let users = teller.interval(&second(&plan, vus)).users;
        (users.active, users.initialised, users.started, users.ended)
    });
    assert_eq!(told, [(4, 9, 4, 0), (9, 9, 9, 0), (2, 9, 9, 7)]);
}

#[test]
fn seconds_that_nobody_took_are_one() {
    let plan = plan();
    let mut both = second(&plan, 1);
    let kept = Arc::clone(&both.meter);
    both.append(&Second { elapsed: Span::from_secs(2), wall_ns: 2_000, ..second(&plan, 3) });
    assert_eq!(
        (both.span, both.elapsed, both.wall_ns, both.vus),
        (Span::from_secs(2), Span::from_secs(2), 2_000, 3)
    );
    let interval = Teller::new(Arc::clone(&plan)).interval(&both);
    assert_eq!(interval.requests.values().map(|requests| requests.count).sum::<u64>(), 20);
    assert_eq!(kept.requests().0, 10, "what was lent stays as it was");
}

/// A plan of many requests, and a second in which each had one.
fn many(count: usize) -> (Arc<Plan>, Meter) {
    let mut plan = Arc::unwrap_or_clone(plan());
    plan.scenarios[0].steps = (0..count).map(|number| request(&number.to_string())).collect();
    let mut meter = Meter::new(&plan);
    for (step, place) in meter.scenarios[0].steps.iter_mut().zip(&plan.scenarios[0].steps) {
        let Step::Request(request) = place else { panic!() };
        step.ended(request, 200, None, &timing(false));
    }
    (Arc::new(plan), meter)
}

/// Prints what a second costs whom. The coordinator only lends; all else is the thread's that asked for it.
#[test]
fn a_second_of_ten_thousand_series_costs_the_coordinator_a_pointer() {
    use crate::load::engine::handed::Handed;
    // Ten series for each request: its count, its failures, and eight trends.
    let (plan, meter) = many(1_000);
    let took = |what: &str, work: &mut dyn FnMut()| {
        let begun = std::time::Instant::now();
        work();
        eprintln!("{what}: {:?}", begun.elapsed());
    };
    let mut handed = Handed::new(&plan);
    let mut teller = Teller::new(Arc::clone(&plan));
    for round in 1..=3 {
        took("coordinator adds up a report", &mut || handed.get_mut().merge(&meter));
        let mut lent = None;
        took("coordinator lends the second", &mut || lent = Some(Arc::clone(handed.get())));
        let lent = lent.unwrap();
        assert!(Arc::ptr_eq(&lent, handed.get()), "nothing is copied");
        took("coordinator begins anew", &mut || handed.renew(&plan));
        let second = Second { meter: lent, ..second(&plan, 1) };
        let mut interval = Interval::default();
        took("outputs make an interval", &mut || interval = teller.interval(&second));
        assert_eq!(interval.requests.values().map(|requests| requests.count).sum::<u64>(), 1_000, "{round}");
    }
}
