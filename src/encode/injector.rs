//! The page of `podometer inject serve` in Prometheus' text format 0.0.4.

use super::schema::injector::FAMILIES;
use super::small_page::families;

/// What there is to say.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub reviews: Vec<(&'static str, u64)>,
    /// `None` before there is one.
    pub certificate_expiry_seconds: Option<u64>,
    pub renewals: u64,
    pub is_trusted: bool,
    pub errors: Vec<(&'static str, u64)>,
    pub classes: usize,
    pub connections: u64,
    pub cut_off: Vec<(&'static str, u64)>,
}

/// The whole page.
pub fn page(report: &Report) -> String {
    let mut out = String::new();
    // Writing to a String never fails.
    let _ = families(&mut out, &FAMILIES, report);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_has_no_row() {
        let report = Report { reviews: vec![("injected", 3)], ..Report::default() };
        let said = page(&report);
        assert!(said.contains("\npodometer_injector_reviews_total{result=\"injected\"} 3\n"), "{said}");
        assert!(!said.contains("\npodometer_injector_certificate_expiry_seconds "), "{said}");
        let report = Report { certificate_expiry_seconds: Some(1_800_000_000), ..report };
        assert!(page(&report).contains("\npodometer_injector_certificate_expiry_seconds 1800000000\n"));
    }
}
