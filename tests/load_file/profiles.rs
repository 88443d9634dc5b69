//! The profiles that are built in: each can be read, and comes to the numbers of the stack that it replaces.

use std::path::Path;

use podometer::load::file::{File, Surroundings};
use podometer::load::profiles::{ALL, find};
use podometer::load::scenario::Executor;
use podometer::load::shortcuts::Shortcuts;
use podometer::load::span::Span;

use crate::golden;
use crate::reading::file;
use crate::shown::show;

fn read(name: &str) -> File {
    let surroundings =
        Surroundings { variable: &|_| None, read: &file, overrides: Shortcuts::default(), metrics: &[] };
    let parsed = File::parse(Path::new(name), find(name).unwrap().text, &surroundings);
    parsed.unwrap_or_else(|problems| panic!("{problems:#?}"))
}

/// Of a run with stages, as `duration:target`.
fn stages(executor: &Executor) -> String {
    let Executor::RampingVus { stages, .. } = executor else { panic!("{executor:?}") };
    let stages: Vec<String> =
        stages.iter().map(|stage| format!("{}:{}", stage.duration, stage.target)).collect();
    stages.join(" ")
}

#[test]
fn each_is_read_without_a_remark() {
    assert!(ALL.windows(2).all(|pair| pair[0].name < pair[1].name));
    for profile in ALL {
        let file = read(profile.name);
        assert_eq!(file.remarks, [], "{}", profile.name);
        assert!(!profile.about.is_empty());
        golden::check(&format!("load_profile_{}.txt", profile.name), &show(&file));
    }
    assert_eq!(find("nothing"), None);
}

#[test]
fn stages_are_those_of_the_stacks() {
    for (name, expected) in [
        ("load", "2m:50 5m:50 2m:100 3m:100 2m:0"),
        ("soak", "2m:75 26m:75 2m:0"),
        ("crocodile-test2", "1m:50 1m:150 1m:300 2m:500 2m:800 3m:1200 3m:50"),
    ] {
        assert_eq!(stages(&read(name).plans[0].scenario.executor), expected, "{name}");
    }
    // Eight steps up, from 50 to 600.
    let stress = read("stress").plans.remove(0).scenario.executor;
    let Executor::RampingVus { stages, .. } = &stress else { panic!("{stress:?}") };
    let targets: Vec<u64> = stages.iter().map(|stage| stage.target).collect();
    assert_eq!((targets.len(), targets[0], targets[7], targets[8]), (9, 50, 600, 0));
    assert!(targets[..8].windows(2).all(|pair| pair[0] < pair[1]));
    let spike = read("spike").plans.remove(0).scenario.executor;
    let Executor::RampingVus { stages, .. } = &spike else { panic!("{spike:?}") };
    let mut levels: Vec<u64> = stages.iter().map(|stage| stage.target).collect();
    levels.sort_unstable();
    levels.dedup();
    assert_eq!(levels, [0, 50, 300, 400, 500]);
}

#[test]
fn the_others_are_those_of_the_stacks_too() {
    let test1 = read("crocodile-test1").plans.remove(0).scenario.executor;
    assert_eq!(test1, Executor::ConstantVus { vus: 200, duration: Some(Span::from_secs(180)) });
    let continuous = read("continuous").plans.remove(0).scenario.executor;
    let Executor::ConstantArrivalRate { rate, duration, pool, .. } = continuous else {
        panic!("{continuous:?}")
    };
    assert_eq!((rate.starts, rate.unit), (3, Span::SECOND));
    assert_eq!((duration, pool.max_vus), (Some(Span::from_secs(720)), 20));
    let leak = read("leak").plans.remove(0).scenario.executor;
    assert_eq!(leak.duration(), Some(Span::from_secs(20 * 60)));
}

#[test]
fn thresholds_are_those_of_the_stacks() {
    for (name, expected) in [
        ("load", "http_req_duration p(95)<500, http_req_duration p(99)<1000, errors rate<0.1"),
        ("stress", "http_req_duration p(95)<2000, errors rate<0.5"),
        ("spike", "http_req_duration p(95)<3000, errors rate<0.3"),
        ("soak", "http_req_duration p(95)<500, http_req_duration p(99)<1000, errors rate<0.05"),
        ("crocodile-test1", "http_req_duration p(95)<700"),
        ("crocodile-test2", ""),
    ] {
        let file = read(name);
        let shown = file.thresholds.iter().map(|one| format!("{} {}", one.selector, one.expression.source));
        assert_eq!(shown.collect::<Vec<_>>().join(", "), expected, "{name}");
    }
}
