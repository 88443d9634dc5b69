//! The summary as text and as JSON.

use podometer::load::results::{Contains, Results, Values};
use podometer::load::span::Span;
use podometer::load::summary::json::{
    About, State, handle_summary, machine_readable, pretty, summary_export,
};
use podometer::load::summary::{Mode, Options, TimeUnit, TrendStat, id_of, text};
use serde_json::Value;

use super::{golden, sample};

fn full() -> Options {
    Options {
        trend_stats: TrendStat::parse_list("avg,max,count,p(99.9)").unwrap(),
        time_unit: Some(TimeUnit::Ms),
        mode: Mode::Full,
        ..Options::default()
    }
}

#[test]
fn text_is_as_k6_has_it() {
    golden::check("load_summary.txt", &text(&sample::results(), &Options::default()));
    golden::check("load_summary_full.txt", &text(&sample::results(), &full()));
}

#[test]
fn json_has_the_shapes_of_k6() {
    let (results, options) = (sample::results(), Options::default());
    let state = State { is_stdout_tty: true, ..State::default() };
    let about = About { version: "podometer 0.1.0", script: "crocodiles.yaml" };
    golden::check("load_handle_summary.json", &pretty(&handle_summary(&results, &options, &state)));
    golden::check("load_summary_export.json", &pretty(&summary_export(&results, &options, &state)));
    golden::check("load_machine_readable.json", &pretty(&machine_readable(&results, about)));
}

#[test]
fn a_healthy_run_has_no_verdict_and_no_colour() {
    let healthy = text(&sample::healthy(), &Options::default());
    for word in ["INVALID", "THRESHOLDS", "\x1b"] {
        assert!(!healthy.contains(word), "{word}");
    }
    let colored = text(&sample::results(), &Options { color: true, ..Options::default() });
    assert!(colored.contains("\x1b[32m✓ body is short\x1b[0m"));
    assert_eq!(without_colors(&colored), text(&sample::results(), &Options::default()));
}

fn without_colors(text: &str) -> String {
    let mut parts = text.split("\x1b[");
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |plain, part| plain + part.split_once('m').unwrap().1)
}

#[test]
fn a_schedule_that_does_not_add_up_is_said() {
    let mut results = sample::results();
    results.schedules[0].late += 1;
    let text = text(&results, &Options::default());
    assert!(text.contains("✗ scheduled 2000 is not on time 1590 + late 401 + unsent 10"), "{text}");
}

#[test]
fn true_means_failed_in_the_export_alone() {
    let (results, options) = (sample::results(), Options::default());
    let data = handle_summary(&results, &options, &State::default());
    let export = summary_export(&results, &options, &State::default());
    let (mut passed, mut failed) = (0, 0);
    for (name, metric) in data["metrics"].as_object().unwrap() {
        let Some(thresholds) = metric.get("thresholds") else { continue };
        for (expression, outcome) in thresholds.as_object().unwrap() {
            let ok = outcome["ok"].as_bool().unwrap();
            assert_eq!(export["metrics"][name]["thresholds"][expression], !ok, "{name} {expression}");
            *(if ok { &mut passed } else { &mut failed }) += 1;
        }
    }
    assert_eq!((passed, failed), (5, 2));
    assert_eq!(export["metrics"]["errors"]["value"], data["metrics"]["errors"]["values"]["rate"]);
    assert_eq!(export["metrics"]["errors"].get("rate"), None);
    assert!(export["metrics"]["http_reqs"].get("rate").is_some(), "only that of a rate is renamed");
}

#[test]
fn ids_are_of_paths_and_checks_are_found_by_name() {
    let export = summary_export(&sample::results(), &Options::default(), &State::default());
    let group = &export["root_group"]["groups"]["checkout"]["groups"]["confirm"];
    let check = &group["checks"]["status is 200"];
    assert_eq!(check["path"], "::checkout::confirm::status is 200");
    assert_eq!(check["id"], id_of("::checkout::confirm::status is 200").as_str());
    assert_eq!(group["id"], id_of("::checkout::confirm").as_str());
}

#[test]
fn a_tag_may_hold_braces() {
    let mut results = sample::healthy();
    results.metrics =
        vec![sample::metric("http_reqs{name:/a/${id}}", Contains::Default, Values::Counter(1.0))];
    let text = text(&results, &Options::default());
    assert!(text.contains("{ name:/a/${id} }...: 1 "), "{text}");
}

#[test]
fn an_empty_run_can_be_summarised() {
    let empty = Results::default();
    assert_eq!(text(&empty, &full()), "\n  █ TOTAL RESULTS \n\n\n\n");
    let data = handle_summary(&empty, &Options::default(), &State::default());
    assert_eq!(data["metrics"], Value::Object(serde_json::Map::new()));
    assert_eq!(data["podometer"]["exit"], Value::Null);
    assert_eq!(data.get("setup_data"), None);
    let no_time = Results { elapsed: Span::default(), ..sample::results() };
    assert!(!text(&no_time, &full()).contains("NaN"));
}

#[test]
fn a_machine_finds_percentiles_that_the_text_does_not_show() {
    let about = About { version: "v", script: "s" };
    let data = machine_readable(&sample::results(), about);
    let metrics = data["results"]["metrics"].as_array().unwrap();
    let duration = metrics.iter().find(|metric| metric["name"] == "http_req_duration").unwrap();
    assert!(duration["values"]["p90"].as_f64().unwrap() < duration["values"]["p95"].as_f64().unwrap());
    assert_eq!(data["metadata"]["generated_at"], "2023-11-14T22:13:30.040Z");
    let checks = data["results"]["checks"]["results"].as_array().unwrap();
    assert_eq!(checks[0]["passes"], 1_840, "one name is one check, whatever its groups");
}
