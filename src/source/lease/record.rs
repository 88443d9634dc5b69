//! The Lease object as it is read and written. What others have put into it stays.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

/// The object as the server last gave it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Record(Value);

impl Record {
    pub(super) fn parse(text: &[u8]) -> Result<Record, serde_json::Error> {
        serde_json::from_slice(text).map(Record)
    }

    /// A lease that nobody holds yet.
    pub(super) fn new(name: &str, namespace: &str) -> Record {
        Record(json!({
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": name, "namespace": namespace},
        }))
    }

    /// Empty where nobody holds it.
    pub(super) fn holder(&self) -> &str {
        self.0["spec"]["holderIdentity"].as_str().unwrap_or_default()
    }

    /// How long its holder asked for.
    pub(super) fn duration(&self) -> Option<Duration> {
        self.0["spec"]["leaseDurationSeconds"]
            .as_u64()
            .filter(|&seconds| seconds > 0)
            .map(Duration::from_secs)
    }

    /// What changes whenever the holder shows that it is alive.
    pub(super) fn sign_of_life(&self) -> &Value {
        &self.0["spec"]
    }

    /// The same object held by `identity` from now on, or held on. The version stays in it, so that the server
    /// takes it only if nobody wrote in between.
    pub(super) fn held_by(&self, identity: &str, duration: Duration, now: SystemTime) -> Record {
        let mut next = self.clone();
        let is_new = self.holder() != identity;
        let transitions = self.0["spec"]["leaseTransitions"].as_i64().unwrap_or(-1);
        let spec = next.spec();
        spec["holderIdentity"] = json!(identity);
        spec["leaseDurationSeconds"] = json!(duration.as_secs());
        spec["renewTime"] = json!(micro_time(now));
        if is_new {
            spec["acquireTime"] = json!(micro_time(now));
            spec["leaseTransitions"] = json!(transitions.saturating_add(1));
        }
        next
    }

    /// The same object held by nobody.
    pub(super) fn released(&self, now: SystemTime) -> Record {
        let mut next = self.clone();
        let spec = next.spec();
        spec["holderIdentity"] = json!("");
        spec["leaseDurationSeconds"] = json!(1);
        spec["renewTime"] = json!(micro_time(now));
        next
    }

    pub(super) fn document(&self) -> Vec<u8> {
        self.0.to_string().into_bytes()
    }

    fn spec(&mut self) -> &mut Value {
        if !self.0.is_object() {
            self.0 = json!({});
        }
        if !self.0["spec"].is_object() {
            self.0["spec"] = json!({});
        }
        &mut self.0["spec"]
    }
}

/// Kubernetes' MicroTime.
fn micro_time(now: SystemTime) -> String {
    humantime::format_rfc3339_micros(now).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_ours_stays_and_transitions_count() {
        let text = br#"{"metadata":{"name":"l","resourceVersion":"7","labels":{"a":"b"}},
            "spec":{"holderIdentity":"one","leaseDurationSeconds":15,"leaseTransitions":3,"strategy":"x"}}"#;
        let record = Record::parse(text).unwrap();
        let now = SystemTime::UNIX_EPOCH + Duration::from_millis(1500);
        let taken = record.held_by("two", Duration::from_secs(20), now);
        assert_eq!((taken.holder(), taken.duration()), ("two", Some(Duration::from_secs(20))));
        assert_eq!(taken.0["metadata"], record.0["metadata"]);
        assert_eq!(taken.0["spec"]["strategy"], "x");
        assert_eq!(taken.0["spec"]["leaseTransitions"], 4);
        assert_eq!(taken.0["spec"]["acquireTime"], "1970-01-01T00:00:01.500000Z");
        let renewed = taken.held_by("two", Duration::from_secs(20), now + Duration::from_secs(5));
        assert_eq!(renewed.0["spec"]["leaseTransitions"], 4);
        assert_eq!(renewed.0["spec"]["acquireTime"], taken.0["spec"]["acquireTime"]);
        assert_ne!(renewed.sign_of_life(), taken.sign_of_life());
        assert_eq!(renewed.released(now).holder(), "");
        assert_eq!(
            Record::new("l", "n").held_by("one", Duration::from_secs(15), now).0["spec"]["leaseTransitions"],
            0
        );
    }

    #[test]
    fn odd_documents_have_no_holder() {
        for text in ["{}", "[]", "null", r#"{"spec":7}"#, r#"{"spec":{"leaseDurationSeconds":0}}"#] {
            let record = Record::parse(text.as_bytes()).unwrap();
            assert_eq!((record.holder(), record.duration()), ("", None), "{text}");
            assert_eq!(record.held_by("me", Duration::from_secs(9), SystemTime::UNIX_EPOCH).holder(), "me");
        }
    }
}
