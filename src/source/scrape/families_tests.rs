use super::*;

fn parsed(text: &str) -> Parsed<Vec<Family>> {
    parse_exposition(text.as_bytes(), 1000)
}

/// Every series on a line of its own.
fn shown(text: &str) -> Vec<String> {
    let parsed = parsed(text);
    assert_eq!(parsed.faults, 0, "{text}");
    let line = |family: &Family, series: &Series| {
        let labels: Vec<String> =
            series.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let at = series.at_ms.map(|at| format!(" @{at}")).unwrap_or_default();
        let value = match &series.value {
            SeriesValue::Single(value) => value.to_string(),
            SeriesValue::Spread(spread) => {
                format!("{:?} sum {:?} count {:?}", spread.parts, spread.sum, spread.count)
            }
        };
        format!("{} {:?} {{{}}} {value}{at}", family.name, family.kind, labels.join(","))
    };
    parsed
        .value
        .iter()
        .flat_map(|family| family.series.iter().map(move |series| line(family, series)))
        .collect()
}

#[test]
fn a_page_of_text() {
    assert_eq!(
        shown(
            "# HELP http_requests_total x\n# TYPE http_requests_total counter\n\
             http_requests_total{method=\"post\",code=\"200\"} 1027 1395066363000\n\
             http_requests_total{code=\"400\"} 3\n\
             # TYPE temp gauge\ntemp -Inf\nmsdos{path=\"C:\\\\D\"} 1.458e9\n\
             # TYPE h histogram\nh_bucket{le=\"0.5\"} 1\nh_bucket{le=\"+Inf\"} 3\nh_sum 9.5\nh_count 3\n\
             # TYPE s summary\ns{quantile=\"0.99\"} 0.2\ns_sum 8\ns_count 40\n\
             alone_sum 4\nalone_bucket 2\nh_created 5\n"
        ),
        [
            "http_requests_total Counter {code=200,method=post} 1027 @1395066363000",
            "http_requests_total Counter {code=400} 3",
            "temp Gauge {} -inf",
            "msdos Untyped {path=C:\\D} 1458000000",
            "h Histogram {} [(0.5, 1.0), (inf, 3.0)] sum Some(9.5) count Some(3.0)",
            "s Summary {} [(0.99, 0.2)] sum Some(8.0) count Some(40.0)",
            "alone_sum Untyped {} 4",
            "alone_bucket Untyped {} 2",
            "h_created Untyped {} 5",
        ]
    );
}

#[test]
fn a_page_of_openmetrics_keeps_the_names_of_its_samples() {
    assert_eq!(
        shown(
            "# TYPE requests counter\nrequests_total 5 # {trace=\"a b\"} 1 2.5\nrequests_created 1.5\n\
             # TYPE up gauge\n# UNIT up x\nup 1 1.5\n\
             # TYPE g gaugehistogram\ng_bucket{le=\"1\"} 2\ng_gsum 3\ng_gcount 2\n\
             # TYPE build info\nbuild_info{v=\"1\"} 1\n# TYPE mode stateset\nmode{mode=\"a\"} 0\n\
             # TYPE s summary\ns_count 1\ns_created 4\n# TYPE u unknown\nu 2\n# EOF\n"
        ),
        [
            "requests_total Counter {} 5",
            "up Gauge {} 1 @1500",
            "g Histogram {} [(1.0, 2.0)] sum Some(3.0) count Some(2.0)",
            "build_info Gauge {v=1} 1",
            "mode Gauge {mode=a} 0",
            "s Summary {} [] sum None count Some(1.0)",
            "u Untyped {} 2",
        ]
    );
}

#[test]
fn one_bad_line_loses_itself_alone() {
    for bad in [
        "nonsense",
        "a{x=\"1\",x=\"2\"} 1",
        "a{x-y=\"1\"} 1",
        "1a 1",
        "a one",
        "a{x=\"1\"",
        "good 2",
        "h_bucket{le=\"wide\"} 1",
        "h_bucket{le=\"NaN\"} 1",
        "h_bucket 1",
        "h_bucket{le=\"1\"} 9",
        "h_sum 9",
        "s 1",
    ] {
        let text = format!(
            "# TYPE h histogram\n# TYPE s summary\ngood 1\nh_bucket{{le=\"1\"}} 1\nh_sum 1\n{bad}\nlast 3\n"
        );
        let parsed = parsed(&text);
        assert_eq!((parsed.samples, parsed.faults), (4, 1), "{bad}");
        let names: Vec<&str> = parsed.value.iter().map(|family| &*family.name).collect();
        assert_eq!(names, ["good", "h", "last"], "{bad}");
        assert_eq!(parsed.value[0].series[0].value, SeriesValue::Single(1.0), "{bad}");
    }
    let not_utf8 = parse_exposition(b"a{x=\"\xff\"} 1\nb 1\n", 10);
    assert_eq!((not_utf8.samples, not_utf8.faults), (1, 1));
}

#[test]
fn half_of_a_page_ends_before_its_last_line() {
    let half = parsed("a 1\nb 12");
    assert_eq!((half.samples, half.faults, half.value.len()), (1, 1, 1), "it may have been 123");
    assert_eq!(parsed("a 1\n# EOF").faults, 0, "OpenMetrics allows it");
    assert_eq!(parsed(""), Parsed::default());
}

#[test]
fn bounds_hold() {
    let page: Vec<String> = (0..50).map(|n| format!("a{{n=\"{n}\"}} 1\n")).collect();
    let parsed = parse_exposition(page.concat().as_bytes(), 20);
    assert_eq!((parsed.samples, parsed.faults, parsed.value[0].series.len()), (20, 30, 20));
    let labels: Vec<String> = (0..=MAX_LABELS).map(|n| format!("l{n}=\"\"")).collect();
    let wide = self::parsed(&format!("a{{{}}} 1\n", labels.join(",")));
    assert_eq!((wide.samples, wide.faults), (0, 1));
    let buckets: Vec<String> = (0..MAX_PARTS + 5).map(|n| format!("h_bucket{{le=\"{n}\"}} 1\n")).collect();
    let deep = self::parsed(&format!("# TYPE h histogram\n{}", buckets.concat()));
    assert_eq!((deep.samples as usize, deep.faults), (MAX_PARTS, 5));
}
