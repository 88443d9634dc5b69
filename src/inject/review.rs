//! AdmissionReviews in and out. Whatever comes in, what goes out allows the pod: a sidecar is never worth one.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::patch::json_patch;
use super::plan::{self, Plan, State};
use super::select::Consent;
use super::settings::{NAME, Settings};
use super::text::from_json;
use super::tree::Tree;

const API_VERSION: &str = "admission.k8s.io/v1";
/// Namespaces that nothing is ever added to. In our own it is pods of ours alone: applications may be beside them.
const EXCLUDED: [&str; 2] = ["kube-node-lease", "kube-system"];
/// No pod has more, however large it is; trees of more would take memory and time that nobody has.
const MOST_VALUES: usize = 20_000;
/// The API server cuts longer warnings, and drops all beyond four kilobytes.
const WARNING_CHARS: usize = 250;
const WARNINGS: usize = 15;

/// On which ground the webhook was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// For pods of all namespaces: those that say yes are wanted.
    ByAnnotation,
    /// For pods of namespaces with the label alone: all but those that say no are wanted.
    ByNamespace,
}

/// What a review came to, for metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Injected,
    /// Ours was there.
    Already,
    NotWanted,
    /// It was wanted and could not be.
    LeftOut,
    /// It is no review of a pod that can be read.
    Malformed,
    /// Its body is larger than a review can be.
    TooLarge,
    /// Its body did not come in time.
    Late,
}

impl Outcome {
    pub const ALL: [(Outcome, &str); 7] = [
        (Outcome::Injected, "injected"),
        (Outcome::Already, "already"),
        (Outcome::NotWanted, "not_wanted"),
        (Outcome::LeftOut, "left_out"),
        (Outcome::Malformed, "malformed"),
        (Outcome::TooLarge, "too_large"),
        (Outcome::Late, "late"),
    ];
}

/// The answer to a review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// An AdmissionReview; always allowed.
    pub document: String,
    pub outcome: Outcome,
    /// Such as `shop/cart-`; empty where it is not known.
    pub pod: String,
    /// What the log should say.
    pub problem: Option<String>,
    /// The pod says nothing itself: whether it is wanted is for its namespace to say.
    pub is_open: bool,
}

impl Answer {
    /// For what could not be read at all.
    pub fn unread(outcome: Outcome, problem: impl Into<String>) -> Answer {
        Answer::unread_of("", outcome, problem)
    }

    /// For a review of which no more is known than its uid, without which the API server takes no answer.
    fn unread_of(uid: &str, outcome: Outcome, problem: impl Into<String>) -> Answer {
        Answer {
            document: allowed(uid, None, &[]),
            outcome,
            pod: String::new(),
            problem: Some(problem.into()),
            is_open: false,
        }
    }
}

/// What little is read of a review that is too large.
#[derive(Deserialize)]
struct Named {
    request: Uid,
}

#[derive(Deserialize)]
struct Uid {
    uid: String,
}

/// Decides about the pod of a review.
pub fn judge(body: &[u8], asked: Asked, own_namespace: &str, settings: &Settings) -> Answer {
    // Without a tree of it: between two values stands a comma.
    if commas(body) >= MOST_VALUES {
        let uid = serde_json::from_slice(body).map(|Named { request }| request.uid).unwrap_or_default();
        return Answer::unread_of(&uid, Outcome::TooLarge, format!("holds more than {MOST_VALUES} values"));
    }
    let review = match from_json(body) {
        Ok(review) => review,
        Err(error) => return Answer::unread(Outcome::Malformed, format!("is no JSON: {error}")),
    };
    let uid = review.text_at(&["request", "uid"]).unwrap_or_default();
    let request = |path: &[&str]| review.get("request").and_then(|request| request.text_at(path));
    let pod = review.at(&["request", "object"]);
    let namespace = request(&["namespace"]).unwrap_or_default();
    let name = |key| pod.and_then(|pod| pod.text_at(&["metadata", key]));
    let shown = request(&["name"]).filter(|name| !name.is_empty()).or(name("name")).or(name("generateName"));
    let shown = format!("{namespace}/{}", shown.unwrap_or_default());
    let answer = |outcome, patch: Option<&str>, warnings: &[String], problem| Answer {
        document: allowed(uid, patch, warnings),
        outcome,
        pod: shown.clone(),
        problem,
        is_open: false,
    };
    let pod = match fault(&review, uid, pod) {
        Ok(pod) => pod,
        Err(problem) => return answer(Outcome::Malformed, None, &[], Some(problem)),
    };
    let is_excluded = namespace == own_namespace && is_ours(pod) || EXCLUDED.contains(&namespace);
    let is_create = request(&["operation"]) == Some("CREATE");
    if is_excluded || !is_create || request(&["subResource"]).is_some_and(|part| !part.is_empty()) {
        return answer(Outcome::NotWanted, None, &[], None);
    }
    let consent = match asked {
        Asked::ByAnnotation => Consent::ByAnnotation,
        Asked::ByNamespace => Consent::Given,
    };
    let is_job = name_of_owner(pod) == Some("Job");
    let Plan { state, operations, mut warnings } = plan::inject(pod, is_job, consent, settings);
    let is_open = state == State::Undecided;
    let (outcome, problem) = match state {
        State::Injected | State::Replaced => (Outcome::Injected, None),
        State::Already | State::Kept => (Outcome::Already, None),
        State::NotWanted | State::Undecided | State::Removed => (Outcome::NotWanted, None),
        State::Refused(reason) => {
            warnings.insert(0, format!("the pod {reason}"));
            (Outcome::LeftOut, Some(reason))
        }
    };
    let patch = (!operations.is_empty()).then(|| json_patch(&operations));
    Answer { is_open, ..answer(outcome, patch.as_deref(), &warnings, problem) }
}

/// Commas outside of strings, which is where arguments and annotations have theirs.
fn commas(body: &[u8]) -> usize {
    let (mut found, mut is_inside, mut is_escaped) = (0, false, false);
    for byte in body {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = is_inside,
            b'"' => is_inside = !is_inside,
            b',' if !is_inside => found += 1,
            _ => {}
        }
    }
    found
}

/// Whether a pod is a part of Podometer: the webhook must not wait for itself.
fn is_ours(pod: &Tree) -> bool {
    pod.text_at(&["metadata", "labels", "app.kubernetes.io/part-of"]) == Some(NAME)
}

/// The pod, or what the review lacks.
fn fault<'a>(review: &Tree, uid: &str, pod: Option<&'a Tree>) -> Result<&'a Tree, String> {
    let said = |path: &[&str]| review.text_at(path).unwrap_or_default().to_owned();
    let version = said(&["apiVersion"]);
    if said(&["kind"]) != "AdmissionReview" || version != API_VERSION {
        return Err(format!("is {:?} of {version:?}, not AdmissionReview of {API_VERSION}", said(&["kind"])));
    }
    if uid.is_empty() {
        return Err("has no request.uid".to_owned());
    }
    let kind = ["group", "version", "kind"].map(|part| said(&["request", "kind", part]));
    if kind != ["", "v1", "Pod"] {
        return Err(format!("is of {}, not of a Pod of v1; mend the rules of the webhook", kind.join("/")));
    }
    match pod {
        Some(pod @ Tree::Map(_)) => Ok(pod),
        _ => Err("has no request.object".to_owned()),
    }
}

fn name_of_owner(pod: &Tree) -> Option<&str> {
    pod.at(&["metadata", "ownerReferences"])?.items().iter().find_map(|owner| owner.text_at(&["kind"]))
}

fn allowed(uid: &str, patch: Option<&str>, warnings: &[String]) -> String {
    let mut response = json!({"uid": uid, "allowed": true});
    if let Some(patch) = patch {
        response["patchType"] = json!("JSONPatch");
        response["patch"] = json!(BASE64_STANDARD.encode(patch));
    }
    if !warnings.is_empty() {
        response["warnings"] =
            Value::Array(warnings.iter().take(WARNINGS).map(|text| json!(said(text))).collect());
    }
    json!({"apiVersion": API_VERSION, "kind": "AdmissionReview", "response": response}).to_string()
}

/// On one line, whose author is named.
fn said(warning: &str) -> String {
    let text = format!("podometer: {warning}");
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(WARNING_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn review(change: impl FnOnce(&mut Value)) -> Answer {
        let mut review = json!({"apiVersion": API_VERSION, "kind": "AdmissionReview", "request": {
            "uid": "u-1", "operation": "CREATE", "namespace": "shop",
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "object": {"metadata": {"generateName": "cart-", "annotations": {"podometer.io/inject": "true"}},
                "spec": {"containers": [{"name": "app"}]}}}});
        change(&mut review);
        judge(review.to_string().as_bytes(), Asked::ByAnnotation, "podometer", &Settings::default())
    }

    #[test]
    fn every_review_is_allowed_and_says_what_came_of_it() {
        let outcomes = [
            (review(|_| {}), Outcome::Injected),
            (review(|review| review["request"]["operation"] = json!("UPDATE")), Outcome::NotWanted),
            (review(|review| review["request"]["namespace"] = json!("kube-system")), Outcome::NotWanted),
            (review(|review| review["request"]["namespace"] = json!("podometer")), Outcome::Injected),
            (
                review(|review| {
                    review["request"]["namespace"] = json!("podometer");
                    let labels = json!({"app.kubernetes.io/part-of": "podometer"});
                    review["request"]["object"]["metadata"]["labels"] = labels;
                }),
                Outcome::NotWanted,
            ),
            (
                review(|review| {
                    let commas = json!(",".repeat(MOST_VALUES));
                    review["request"]["object"]["metadata"]["annotations"]["other"] = commas;
                }),
                Outcome::Injected,
            ),
            (
                review(|review| review["request"]["object"]["spec"]["x"] = json!(vec![0; MOST_VALUES])),
                Outcome::TooLarge,
            ),
            (review(|review| review["request"]["subResource"] = json!("eviction")), Outcome::NotWanted),
            (review(|review| review["request"]["object"]["metadata"] = json!({})), Outcome::NotWanted),
            (review(|review| review["request"]["object"]["spec"] = json!({})), Outcome::LeftOut),
            (review(|review| review["request"]["object"] = json!(null)), Outcome::Malformed),
            (review(|review| review["request"]["object"] = json!("pod")), Outcome::Malformed),
            (review(|review| review["request"]["kind"]["kind"] = json!("Node")), Outcome::Malformed),
            (review(|review| review["apiVersion"] = json!("admission.k8s.io/v1beta1")), Outcome::Malformed),
        ];
        for (place, (answer, outcome)) in outcomes.into_iter().enumerate() {
            assert_eq!(answer.outcome, outcome, "{place}: {answer:?}");
            let said: Value = serde_json::from_str(&answer.document).unwrap();
            assert_eq!(said["response"]["allowed"], true, "{place}");
            assert_eq!(said["response"]["uid"], "u-1", "{place}");
            assert_eq!(said["response"]["patch"].is_string(), outcome == Outcome::Injected, "{place}");
            let is_told = matches!(outcome, Outcome::LeftOut | Outcome::Malformed | Outcome::TooLarge);
            assert_eq!(answer.problem.is_some(), is_told, "{place}");
        }
        let is_open = |annotations: Value| {
            review(|review| review["request"]["object"]["metadata"]["annotations"] = annotations).is_open
        };
        assert!(is_open(json!({})) && is_open(json!({"podometer.io/inject": "maybe"})));
        assert!(!is_open(json!({"podometer.io/inject": "false"})));
        let names: std::collections::BTreeSet<_> = Outcome::ALL.into_iter().map(|(_, name)| name).collect();
        assert_eq!(names.len(), Outcome::ALL.len());
    }
}
