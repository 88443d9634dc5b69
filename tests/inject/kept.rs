//! The certificate: made, shared by replicas, renewed by itself, trusted before it is shown.

use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use podometer::inject::serve::{Pair, Running};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::api_double::{Double, Fault};
use crate::webhook::{
    GROUP, NAME, NAMESPACE, RESOURCE, api_server, bundle, config, connect, is_ready, metrics, ready, until,
};

const DAY: Duration = Duration::from_hours(24);
const LIFETIME: Duration = Duration::from_hours(90 * 24);

fn secret(double: &Double) -> Option<Value> {
    double.object("", "secrets", NAMESPACE, NAME)
}

fn authorities(double: &Double) -> String {
    let object = secret(double).unwrap();
    String::from_utf8(BASE64_STANDARD.decode(object["data"]["ca.crt"].as_str().unwrap()).unwrap()).unwrap()
}

/// A pair that was made so long ago, as the Secret has it.
fn pair(age: Duration, before: Option<&Pair>) -> Pair {
    let names = [format!("{NAME}.{NAMESPACE}.svc")];
    Pair::make(&names, SystemTime::now() - age, LIFETIME, before).unwrap()
}

fn put(double: &Double, pair: &Pair) {
    let encode = |text: &str| json!(BASE64_STANDARD.encode(text));
    let data = json!({"ca.crt": encode(&pair.authorities), "tls.crt": encode(&pair.certificate),
        "tls.key": encode(pair.key.expose_secret()), "others.txt": encode("stays")});
    double.add("", "secrets", [json!({"metadata": {"name": NAME, "namespace": NAMESPACE}, "data": data})]);
}

/// Whether whoever trusts this pair's own authority alone is shown its certificate.
async fn shows(running: &Running, pair: &Pair) -> bool {
    let end = "-----END CERTIFICATE-----";
    let first = pair.authorities.split_inclusive(end).next().unwrap();
    connect(running, first).await.is_ok()
}

#[tokio::test]
async fn replicas_share_the_first_ones_certificate() {
    let double = api_server().await;
    let replicas = [
        Running::start(config(&double)).await.unwrap(),
        Running::start(config(&double)).await.unwrap(),
        Running::start(config(&double)).await.unwrap(),
    ];
    for running in &replicas {
        until(async || is_ready(&double, running).await).await;
    }
    assert_eq!(secret(&double).unwrap()["type"], "kubernetes.io/tls");
    assert_eq!(bundle(&double).unwrap(), authorities(&double));
    let mut made = 0;
    let mut expiries = std::collections::BTreeSet::new();
    for running in replicas {
        let page = metrics(&running).await;
        let value = |name: &str| {
            let line = page.lines().find(|line| line.starts_with(name)).unwrap();
            line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap()
        };
        made += value("podometer_injector_certificate_renewals_total ") as u64;
        expiries.insert(value("podometer_injector_certificate_expiry_seconds ") as u64);
        running.stop().await;
    }
    assert_eq!((made, expiries.len()), (1, 1), "{expiries:?}");
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let left = Duration::from_secs(*expiries.first().unwrap()).checked_sub(now).unwrap();
    assert!(left > 89 * DAY && left <= 90 * DAY, "{left:?}");
}

#[tokio::test]
async fn a_good_certificate_is_taken_and_an_old_one_renewed() {
    let (young, old) = (pair(10 * DAY, None), pair(61 * DAY, None));
    for (before, is_kept) in [(&young, true), (&old, false)] {
        let double = api_server().await;
        put(&double, before);
        let running = Running::start(config(&double)).await.unwrap();
        until(async || is_ready(&double, &running).await).await;
        assert_eq!(shows(&running, before).await, is_kept);
        assert_eq!(bundle(&double).unwrap(), authorities(&double));
        // Replicas that still show the old one are trusted as well.
        assert!(bundle(&double).unwrap().contains(before.authorities.trim()), "{is_kept}");
        assert_eq!(secret(&double).unwrap()["data"]["others.txt"], BASE64_STANDARD.encode("stays"));
        running.stop().await;
    }
}

/// Another replica has renewed it: whoever calls is never shown what it does not trust yet, whether or not the new
/// one's authorities name the old one.
#[tokio::test]
async fn a_new_certificate_is_trusted_before_it_is_shown() {
    for is_vouched_for in [true, false] {
        let double = api_server().await;
        let first = pair(Duration::ZERO, None);
        put(&double, &first);
        let running = Running::start(config(&double)).await.unwrap();
        until(async || is_ready(&double, &running).await).await;
        let second = pair(Duration::ZERO, Some(&first).filter(|_| is_vouched_for));
        // Nobody can write the bundle now: the first stays.
        double.fail("/apis/admissionregistration.k8s.io", Fault::Status(503, "away"));
        double.take_log();
        put(&double, &second);
        let reads = |double: &Double| double.with(|store| store.log_lines("GET /apis/admissionregistration"));
        until(async || reads(&double) >= 2).await;
        assert!(shows(&running, &first).await && !shows(&running, &second).await);
        // What was trusted is trusted still.
        assert!(metrics(&running).await.contains("podometer_injector_bundle_ready 1\n"));
        double.heal();
        until(async || {
            let is_shown = shows(&running, &second).await;
            assert!(!is_shown || bundle(&double).unwrap() == second.authorities);
            is_shown
        })
        .await;
        until(async || is_ready(&double, &running).await).await;
        running.stop().await;
    }
}

#[tokio::test]
async fn what_is_missing_or_broken_is_mended_or_told() {
    let double = api_server().await;
    // Made empty by whoever installs, so that nobody needs the right to create.
    double.add("", "secrets", [json!({"metadata": {"name": NAME, "namespace": NAMESPACE}})]);
    double.deny("create secrets");
    let running = Running::start(config(&double)).await.unwrap();
    until(async || is_ready(&double, &running).await).await;
    // Somebody takes the bundle away, and somebody else the key.
    double.add(
        "admissionregistration.k8s.io",
        "mutatingwebhookconfigurations",
        [json!({"metadata": {"name": NAME}, "webhooks": [{"name": "a", "clientConfig": {}},
            {"name": "b", "clientConfig": {"service": {"name": NAME, "namespace": NAMESPACE}}}]})],
    );
    until(async || bundle(&double).is_some_and(|bundle| bundle == authorities(&double))).await;
    let before = authorities(&double);
    let mut object = secret(&double).unwrap();
    object["data"]["tls.key"] = json!(BASE64_STANDARD.encode("no key"));
    double.add("", "secrets", [object]);
    until(async || authorities(&double) != before && is_ready(&double, &running).await).await;
    running.stop().await;
}

/// What another replica wrote while ours was on its way is not overwritten unseen: it is looked at again first.
#[tokio::test]
async fn a_slow_replica_does_not_undo_what_a_faster_one_wrote() {
    let double = api_server().await;
    let path = format!("/apis/{GROUP}/v1/{RESOURCE}/{NAME}");
    double.fail(&path, Fault::Slow(Duration::from_millis(200)));
    let running = Running::start(config(&double)).await.unwrap();
    let patches = format!("PATCH {path}");
    until(async || double.with(|store| store.log_lines(&patches)) == 1).await;
    // Written by the other, as it happens the same as before: a new version all the same.
    double.add(GROUP, RESOURCE, [double.object(GROUP, RESOURCE, "", NAME).unwrap()]);
    double.heal();
    until(async || is_ready(&double, &running).await).await;
    assert_eq!(double.with(|store| store.log_lines(&patches)), 2);
    assert!(metrics(&running).await.contains("podometer_injector_errors_total{reason="));
    running.stop().await;
}

/// A webhook configuration of another name, no right to it, and no API server at all.
#[tokio::test]
async fn what_cannot_be_looked_after_is_counted_and_the_webhook_is_not_ready() {
    for (right, reason) in [
        ("get mutatingwebhookconfigurations.admissionregistration.k8s.io", "forbidden"),
        ("get secrets", "forbidden"),
    ] {
        let double = api_server().await;
        double.deny(right);
        let running = Running::start(config(&double)).await.unwrap();
        let row = format!("podometer_injector_errors_total{{reason=\"{reason}\"}} ");
        until(async || metrics(&running).await.contains(&row)).await;
        assert!(bundle(&double).is_none());
        double.heal();
        until(async || is_ready(&double, &running).await).await;
        running.stop().await;
    }
    let double = api_server().await;
    let other = podometer::inject::serve::Config { service: "other-name".to_owned(), ..config(&double) };
    let running = Running::start(other).await.unwrap();
    until(async || metrics(&running).await.contains("errors_total{reason=\"no_webhook\"} ")).await;
    running.stop().await;
    let nowhere = podometer::inject::serve::Config { kubeconfig: Some("/nowhere".into()), ..config(&double) };
    let running = Running::start(nowhere).await.unwrap();
    until(async || metrics(&running).await.contains("errors_total{reason=\"configuration\"} ")).await;
    running.stop().await;
}

/// A class that is mounted changes under way; a bad one leaves what was.
#[tokio::test]
async fn classes_are_read_again() {
    let directory = tempfile::tempdir().unwrap();
    let double = api_server().await;
    let classes = Some(directory.path().to_owned());
    let with_classes = podometer::inject::serve::Config { classes, ..config(&double) };
    let running = Running::start(with_classes).await.unwrap();
    until(async || is_ready(&double, &running).await).await;
    let count = |page: String| {
        page.lines().find(|line| line.starts_with("podometer_injector_classes ")).map(str::to_owned)
    };
    let write = |name: &str, text: &str| std::fs::write(directory.path().join(name), text).unwrap();
    write("app.yaml", "sampler: {cpu_budget_percent: 1}\n");
    until(async || count(metrics(&running).await).as_deref() == Some("podometer_injector_classes 1")).await;
    write("bad.yaml", "sampler: {cpu_budget: 1}\n");
    double.take_log();
    until(async || double.with(|store| store.log_lines("GET /api/v1/namespaces/podometer/secrets")) >= 3)
        .await;
    assert_eq!(count(metrics(&running).await).as_deref(), Some("podometer_injector_classes 1"));
    running.stop().await;
}

/// Neither makes the webhook show what nobody trusts.
#[tokio::test]
async fn a_lost_secret_and_another_name_are_survived() {
    let double = api_server().await;
    let first = pair(Duration::ZERO, None);
    put(&double, &first);
    let running = Running::start(config(&double)).await.unwrap();
    until(async || is_ready(&double, &running).await).await;
    // The Secret is emptied: what replicas show is trusted on.
    double.add("", "secrets", [json!({"metadata": {"name": NAME, "namespace": NAMESPACE}})]);
    until(async || bundle(&double).is_some_and(|bundle| bundle != first.authorities)).await;
    assert!(bundle(&double).unwrap().contains(first.authorities.trim()));
    until(async || !shows(&running, &first).await).await;
    // One for another Service would be shown to nobody's satisfaction.
    let other = Pair::make(&["other.podometer.svc".to_owned()], SystemTime::now(), LIFETIME, None).unwrap();
    put(&double, &other);
    until(async || authorities(&double) != other.authorities && is_ready(&double, &running).await).await;
    assert!(!bundle(&double).unwrap().contains(other.authorities.trim()));
    running.stop().await;
}

/// A renewal that cannot be written leaves what is good: it is shown, trusted, and the failure counted.
#[tokio::test]
async fn a_failed_renewal_hides_no_good_certificate() {
    let double = api_server().await;
    let old = pair(61 * DAY, None);
    put(&double, &old);
    double.deny("update secrets");
    let running = Running::start(config(&double)).await.unwrap();
    until(async || is_ready(&double, &running).await).await;
    assert!(shows(&running, &old).await);
    until(async || {
        metrics(&running).await.contains("podometer_injector_errors_total{reason=\"forbidden\"} ")
    })
    .await;
    double.heal();
    until(async || is_ready(&double, &running).await && !shows(&running, &old).await).await;
    running.stop().await;
}

#[tokio::test]
async fn strangers_are_not_trusted() {
    let (_double, running) = ready().await;
    assert!(!shows(&running, &pair(Duration::ZERO, None)).await);
    running.stop().await;
}
