//! Whole outputs. `UPDATE_GOLDEN=1 cargo test` writes them anew.

use std::path::Path;

use podometer::encode::prometheus::{Format, Options, Page};

use super::{decode, sample};

/// Holds `actual` against `tests/golden/<name>`.
pub(crate) fn assert_golden(name: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, actual).unwrap();
        return;
    }
    let expected =
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    for (number, (is, should)) in actual.lines().zip(expected.lines()).enumerate() {
        assert_eq!(is, should, "{name}:{} (UPDATE_GOLDEN=1 rewrites)", number + 1);
    }
    assert_eq!(actual.lines().count(), expected.lines().count(), "{name}: number of lines");
}

#[test]
fn metrics_in_text() {
    assert_golden("metrics.txt", &sample::text(Page::Metrics, Format::Text));
}

#[test]
fn metrics_in_openmetrics() {
    assert_golden("metrics.openmetrics.txt", &sample::text(Page::Metrics, Format::OpenMetrics));
}

#[test]
fn metrics_in_protobuf() {
    let bytes = sample::document(&sample::snapshot(), Page::Metrics, Format::Protobuf, Options::default());
    assert_golden("metrics.protobuf.txt", &decode::render(&decode::families(&bytes)));
}

#[test]
fn cadvisor_in_text() {
    assert_golden("metrics-cadvisor.txt", &sample::text(Page::Cadvisor, Format::Text));
}

#[test]
fn resource_in_all_formats() {
    assert_golden("metrics-resource.txt", &sample::text(Page::Resource, Format::Text));
    assert_golden("metrics-resource.openmetrics.txt", &sample::text(Page::Resource, Format::OpenMetrics));
    let bytes = sample::document(&sample::snapshot(), Page::Resource, Format::Protobuf, Options::default());
    assert_golden("metrics-resource.protobuf.txt", &decode::render(&decode::families(&bytes)));
}
