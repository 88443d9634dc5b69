//! What `podometer inject serve` says of itself.

use super::SmallFamily;
use super::{counter, gauge};
use crate::encode::injector::Report;

pub const FAMILIES: [SmallFamily<Report>; 8] = [
    counter("podometer_injector_reviews_total", "Reviews of pods, by what came of them.", |report, emit| {
        for (result, count) in &report.reviews {
            emit(&[("result", result)], *count as f64);
        }
    }),
    gauge(
        "podometer_injector_certificate_expiry_seconds",
        "When the certificate that is shown ends, in seconds since 1970.",
        |report, emit| {
            if let Some(seconds) = report.certificate_expiry_seconds {
                emit(&[], seconds as f64);
            }
        },
    ),
    counter(
        "podometer_injector_certificate_renewals_total",
        "Certificates that this replica has made.",
        |report, emit| emit(&[], report.renewals as f64),
    ),
    gauge(
        "podometer_injector_bundle_ready",
        "1 while the webhook configuration trusts the certificate that is shown.",
        |report, emit| emit(&[], f64::from(u8::from(report.is_trusted))),
    ),
    counter(
        "podometer_injector_errors_total",
        "Rounds of looking after certificate and webhook configuration that failed, by reason.",
        |report, emit| {
            for (reason, count) in &report.errors {
                emit(&[("reason", reason)], *count as f64);
            }
        },
    ),
    gauge("podometer_injector_classes", "Classes of sidecars that are known.", |report, emit| {
        emit(&[], report.classes as f64);
    }),
    gauge("podometer_injector_connections", "Open connections.", |report, emit| {
        emit(&[], report.connections as f64);
    }),
    counter(
        "podometer_injector_cut_off_total",
        "Connections that were ended by us, by reason.",
        |report, emit| {
            for (reason, count) in &report.cut_off {
                emit(&[("reason", reason)], *count as f64);
            }
        },
    ),
];
