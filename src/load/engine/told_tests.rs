use std::fmt::Write as _;
use std::path::Path;

use super::*;
use crate::load::engine::outcome::Timing;
use crate::load::engine::recorded::Recorded;
use crate::load::engine::{ErrorCode, Over, Settings};
use crate::load::file::{File, Surroundings};
use crate::load::shortcuts::Shortcuts;

/// What a request did.
fn met(status: u16, error: Option<ErrorCode>) -> Met {
    Met { status, error, over: (status > 0).then(Over::default) }
}

fn plan_of(flow: &str) -> Arc<Plan> {
    let text = format!(
        "scenarios: {{api: {{executor: constant-vus, vus: 1, duration: 1s, tags: {{kind: \"scenario's\", team: a}}}}}}
metrics: {{size: trend}}
flows:
  default:
    - group: shop
      steps:
{flow}"
    );
    let read: &dyn Fn(&Path) -> std::io::Result<Vec<u8>> = &|_| Err(std::io::ErrorKind::NotFound.into());
    let surroundings =
        Surroundings { variable: &|_| None, read, overrides: Shortcuts::default(), metrics: &[] };
    let file = File::parse(Path::new("t.yaml"), &text, &surroundings).unwrap();
    Arc::new(Plan::of(file, Settings::default()).unwrap())
}

fn request(name: &str) -> String {
    format!(
        "        - {{get: \"http://h/{name}\", name: \"{name}\", tags: {{kind: page}}, check: [{{name: fine, status: 200}}], record: {{size: size}}}}\n"
    )
}

fn plan() -> Arc<Plan> {
    plan_of(&["list", "one", "list"].map(request).concat())
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
        (1, 404, Some(ErrorCode(1404)), 2),
        (2, 200, None, 4),
    ] {
        for number in 0..count {
            let (step, request) = (&mut scenario.steps[place], &plan.scenarios[0].script.requests[place]);
            let outcome = step.ended(request, met(status, error), &timing(number == 0));
            outcome.sent_bytes += 10;
            outcome.received_bytes += 100;
            step.checked(0, status == 200);
        }
    }
    scenario.groups[1].record_many(9, 2);
    scenario.records[0] = Recorded::Trend(Histogram::new());
    scenario.records[0].add(5.0);
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
        is_invalid: false,
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
    assert_eq!((requests.duration.count(), requests.tls_handshaking.count()), (7, 0));
    assert_eq!((requests.blocked.count(), requests.blocked.sum_nanos()), (7, 14), "five went over open ones");
}

#[test]
fn bytes_are_those_of_each_outcome() {
    let plan = plan();
    let interval = Teller::new(Arc::clone(&plan)).interval(&second(&plan, 1));
    assert_eq!(interval.bytes().into_values().collect::<Vec<_>>(), [(100, 1_000)]);
    let of: Vec<u64> = interval.requests.values().map(|requests| requests.sent_bytes).collect();
    assert_eq!(of, [10, 70, 20]);
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
    let told: Vec<(&str, &Values)> = told.iter().map(|(series, values)| (series.as_str(), *values)).collect();
    let (mut times, mut groups, mut sizes) = (Histogram::new(), Histogram::new(), Histogram::new());
    times.record_many(5, 4);
    groups.record_many(9, 2);
    sizes.record(5_000_000);
    assert_eq!(
        told,
        [
            (
                "checks,check=fine,group=::shop,kind=scenario's,scenario=api,team=a",
                &Values::Rate { nonzero: 7, zero: 3 }
            ),
            ("dropped_iterations,kind=scenario's,scenario=api,team=a", &Values::Counter(3.0)),
            ("group_duration,group=::shop,kind=scenario's,scenario=api,team=a", &Values::Trend(groups)),
            ("iteration_duration,kind=scenario's,scenario=api,team=a", &Values::Trend(times)),
            ("iterations,kind=scenario's,scenario=api,team=a", &Values::Counter(4.0)),
            ("size,group=::shop,kind=page,scenario=api,team=a", &Values::Trend(sizes)),
        ]
    );
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
    let mut flow = String::new();
    for number in 0..count {
        let _written = write!(flow, "{}", request(&number.to_string()));
    }
    let plan = plan_of(&flow);
    let mut meter = Meter::new(&plan);
    for (step, request) in meter.scenarios[0].steps.iter_mut().zip(&plan.scenarios[0].script.requests) {
        step.ended(request, met(200, None), &timing(false));
    }
    (plan, meter)
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
