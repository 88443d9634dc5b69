//! What is written of each kind of target: whole outputs, read back by another parser, and the names that dashboard
//! 8991 (JVM Metrics - Jolokia 2) asks for.

use std::collections::BTreeSet;

use influxdb_line_protocol::parse_lines;
use podometer::model::scraped::{Kind, Schema};

use crate::double::Double;
use crate::{golden, lines, target};

const PAGE: &str = "\
# TYPE http_requests_total counter
http_requests_total{method=\"post\",code=\"200\"} 1027 1395066363000
http_requests_total{method=\"post\",code=\"400\",host=\"other\",url=\"/x y\"} 3
# TYPE temperature gauge
temperature 21.5
nothing NaN
untyped_thing{path=\"a,b=c\"} 7
# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{le=\"0.05\"} 24054
http_request_duration_seconds_bucket{le=\"0.1\"} 33444
http_request_duration_seconds_bucket{le=\"1e+06\"} 144319
http_request_duration_seconds_sum 53423
http_request_duration_seconds_count 144320
# TYPE rpc_duration_seconds summary
rpc_duration_seconds{quantile=\"0.01\"} 3102
rpc_duration_seconds{quantile=\"0.99\"} NaN
rpc_duration_seconds_sum 1.7560473e+07
rpc_duration_seconds_count 2693
";

pub(crate) const STATUS: &str = "Active connections: 3 \nserver accepts handled requests\n 16 15 31 \nReading: 0 Writing: 1 Waiting: 2 \n";

/// What the dashboard's 44 queries read; each with the tags that they group or filter by.
const DASHBOARD: [(&str, &[&str]); 5] = [
    ("java_class_loading", &["LoadedClassCount", "UnloadedClassCount"]),
    ("java_garbage_collector", &["CollectionCount", "CollectionTime"]),
    (
        "java_memory",
        &[
            "HeapMemoryUsage.committed",
            "HeapMemoryUsage.max",
            "HeapMemoryUsage.used",
            "NonHeapMemoryUsage.committed",
            "NonHeapMemoryUsage.max",
            "NonHeapMemoryUsage.used",
        ],
    ),
    (
        "java_memory_pool",
        &[
            "CollectionUsage.committed",
            "CollectionUsage.max",
            "CollectionUsage.used",
            "PeakUsage.committed",
            "PeakUsage.max",
            "PeakUsage.used",
            "Usage.committed",
            "Usage.max",
            "Usage.used",
        ],
    ),
    ("java_threading", &["DaemonThreadCount", "PeakThreadCount", "ThreadCount"]),
];
const POOLS: [&str; 5] =
    ["Compressed Class Space", "G1 Eden Space", "G1 Old Gen", "G1 Survivor Space", "Metaspace"];

/// Replaces the double's port, which is another one each time.
fn settled(text: &str, url: &str) -> String {
    let port = url.rsplit(':').next().unwrap().split('/').next().unwrap();
    let address = text.replace(&format!("127.0.0.1:{port}/"), "127.0.0.1:PORT/");
    address.replace(&format!(",port={port},"), ",port=PORT,")
}

/// Another parser reads every line, with every tag and field once.
fn read_back(text: &str) {
    for line in parse_lines(text) {
        let line = line.unwrap();
        let fields: BTreeSet<_> = line.field_set.iter().map(|(name, _)| name.to_string()).collect();
        assert_eq!(fields.len(), line.field_set.len(), "{line}");
        let tags = line.series.tag_set.iter().flatten();
        let names: BTreeSet<_> = tags.clone().map(|(name, _)| name.to_string()).collect();
        assert_eq!(names.len(), tags.count(), "{line}");
    }
}

#[tokio::test]
async fn pages_are_written_in_both_of_telegrafs_shapes() {
    let double = Double::start();
    double.page("/metrics", PAGE);
    let mut page = target(Kind::Prometheus, &double.url("/metrics"));
    page.tags.insert("team".to_owned(), "a".to_owned());
    page.tags.insert("code".to_owned(), "the series' own wins".to_owned());
    let mut all = String::new();
    for schema in [Schema::TelegrafV1, Schema::TelegrafV2] {
        page.schema = schema;
        let text = lines(&page).await;
        read_back(&text);
        all += &[format!("# {schema:?}\n"), settled(&text, &page.url)].concat();
    }
    golden::check("influx_scraped_page.txt", &all);
}

#[tokio::test]
async fn nginx_is_written_as_telegraf_does() {
    let double = Double::start();
    double.page("/stub_status", STATUS);
    let nginx = target(Kind::Nginx, &double.url("/stub_status"));
    let text = lines(&nginx).await;
    read_back(&text);
    assert_eq!(
        settled(&text, &nginx.url),
        "nginx,host=n1,env=test,port=PORT,server=127.0.0.1 accepts=16i,active=3i,handled=15i,reading=0i,\
         requests=31i,waiting=2i,writing=1i 1795222700123456789\n"
    );
}

#[tokio::test]
async fn a_recorded_jvm_has_all_that_its_dashboard_asks_for() {
    let double = Double::start();
    double.page("/jolokia/read", include_str!("../fixtures/jolokia_jvm.json"));
    let jvm = target(Kind::Jolokia, &double.url("/jolokia"));
    let text = lines(&jvm).await;
    // The recording answers the questions of a default target, in their order.
    let asked: serde_json::Value = serde_json::from_str(&double.requests()[0].body).unwrap();
    let recorded: serde_json::Value =
        serde_json::from_str(include_str!("../fixtures/jolokia_jvm.json")).unwrap();
    let questions: Vec<_> = recorded.as_array().unwrap().iter().map(|answer| &answer["request"]).collect();
    assert_eq!(asked.as_array().unwrap().iter().collect::<Vec<_>>(), questions);
    feeds_dashboard_8991(&text);
    golden::check("influx_scraped_jvm.txt", &settled(&text, &jvm.url));
}

/// Every measurement, field and tag of the dashboard is there.
pub(crate) fn feeds_dashboard_8991(text: &str) {
    read_back(text);
    let points: Vec<_> = parse_lines(text).map(Result::unwrap).collect();
    for (measurement, wanted) in DASHBOARD {
        let of: Vec<_> = points.iter().filter(|point| point.series.measurement == measurement).collect();
        let fields: BTreeSet<String> =
            of.iter().flat_map(|point| &point.field_set).map(|(name, _)| name.to_string()).collect();
        for field in wanted {
            assert!(fields.contains(*field), "{measurement} lacks {field}: {fields:?}");
        }
        for point in of {
            let tag = |name: &str| point.tag_value(name).map(ToString::to_string);
            assert_eq!(tag("hostname").as_deref(), Some("web-0"), "{point}");
            assert_eq!(tag("nodename").as_deref(), Some("n1"), "{point}");
            assert_eq!(tag("type").as_deref(), Some("app"), "{point}");
            let is_named = ["java_garbage_collector", "java_memory_pool"].contains(&measurement);
            assert_eq!(tag("name").is_some(), is_named, "{point}");
        }
    }
    for pool in POOLS {
        let name = pool.replace(' ', "\\ ");
        assert!(text.contains(&format!(",name={name},")), "no pool {pool}");
    }
    // The dashboard's variable is the tag host of this measurement.
    let hosts: Vec<_> = points.iter().filter(|point| point.series.measurement == "jolokia").collect();
    assert_eq!(hosts.len(), 1);
    assert_eq!(hosts[0].tag_value("host").map(ToString::to_string).as_deref(), Some("web-0"));
}
