//! AdmissionReviews, good and bad: none of them ever keeps a pod from being made.

use std::io;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use podometer::inject::serve::Running;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use crate::api_double::{Double, Fault};
use crate::golden;
use crate::webhook::{answer, api_server, bundle, call, config, connect, is_ready, metrics, ready, until};

fn review(namespace: &str, annotations: &Value) -> Value {
    json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "operation": "CREATE", "namespace": namespace, "dryRun": false,
        "userInfo": {"username": "system:serviceaccount:kube-system:replicaset-controller"},
        "object": {"apiVersion": "v1", "kind": "Pod",
            "metadata": {"generateName": "cart-", "annotations": annotations},
            "spec": {"containers": [{"name": "cart", "image": "cart:1",
                "volumeMounts": [{"name": "token", "mountPath": "/var/run/secrets"}]}]}},
        "oldObject": null}})
}

async fn post(double: &Double, running: &Running, path: &str, body: &[u8]) -> Value {
    let authorities = bundle(double).unwrap();
    let (status, body) = call(running, &authorities, &format!("POST {path}"), body).await.unwrap();
    assert_eq!(status, 200, "{body}");
    let answer: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(answer["kind"], "AdmissionReview");
    assert_eq!(answer["apiVersion"], "admission.k8s.io/v1");
    assert_eq!(answer["response"]["allowed"], true);
    answer["response"].clone()
}

fn patch(response: &Value) -> Option<Value> {
    let text = response["patch"].as_str()?;
    assert_eq!(response["patchType"], "JSONPatch");
    Some(serde_json::from_slice(&BASE64_STANDARD.decode(text).unwrap()).unwrap())
}

/// What was logged on this thread, on which the webhook runs as well.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        io::Write::write(&mut *self.0.lock().unwrap(), bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn count(&self, text: &str) -> usize {
        String::from_utf8_lossy(&self.0.lock().unwrap()).matches(text).count()
    }
}

#[tokio::test]
async fn pods_that_ask_get_a_sidecar() {
    let (double, running) = ready().await;
    let asked = json!({"podometer.io/inject": "true", "telegraf.influxdata.com/port": "80", "podometer.io/view": "all"});
    let response = post(&double, &running, "/mutate", review("shop", &asked).to_string().as_bytes()).await;
    assert_eq!(response["uid"], "705ab4f5-6393-11e8-b7cc-42010a800002");
    let patch = serde_json::to_string_pretty(&patch(&response).unwrap()).unwrap();
    golden::check("inject/webhook_patch.json", &format!("{patch}\n"));
    let warnings =
        json!(["podometer: podometer.io/view: \"all\" is no view; allowed: own, node-agent, host"]);
    assert_eq!(response["warnings"], warnings);
    for (namespace, annotations, path, is_injected) in [
        ("shop", json!({}), "/mutate", false),
        ("labelled", json!({}), "/mutate", true),
        ("labelled", json!({"podometer.io/inject": "false"}), "/mutate", false),
        ("unheard-of", json!({}), "/mutate", false),
        ("../secrets", json!({}), "/mutate", false),
        ("shop", json!({"telegraf.influxdata.com/class": "app"}), "/mutate", false),
        ("shop", json!({"telegraf.influxdata.com/port": "80"}), "/mutate", true),
        ("shop", json!({}), "/mutate/namespace", true),
        ("kube-system", json!({"podometer.io/inject": "true"}), "/mutate", false),
        ("podometer", json!({"podometer.io/inject": "true"}), "/mutate/namespace", true),
    ] {
        let body = review(namespace, &annotations).to_string();
        let response = post(&double, &running, path, body.as_bytes()).await;
        assert_eq!(self::patch(&response).is_some(), is_injected, "{namespace} {annotations} {path}");
    }
    // The webhook's own pods, wherever it runs.
    let mut ours = review("podometer", &json!({"podometer.io/inject": "true"}));
    ours["request"]["object"]["metadata"]["labels"] = json!({"app.kubernetes.io/part-of": "podometer"});
    let response = post(&double, &running, "/mutate", ours.to_string().as_bytes()).await;
    assert_eq!(self::patch(&response), None);
    let page = metrics(&running).await;
    assert!(page.contains("podometer_injector_reviews_total{result=\"injected\"} 5\n"), "{page}");
    assert!(page.contains("podometer_injector_reviews_total{result=\"not_wanted\"} 6\n"), "{page}");
    // The class is not there.
    assert!(page.contains("podometer_injector_reviews_total{result=\"left_out\"} 1\n"), "{page}");
    assert!(page.contains("podometer_injector_bundle_ready 1\n"), "{page}");
    running.stop().await;
}

/// Asked twice, as a webhook with reinvocationPolicy is, it adds nothing more; nor where a file was injected before.
#[tokio::test]
async fn a_pod_that_has_one_keeps_it() {
    let (double, running) = ready().await;
    let mut asked = review("shop", &json!({"podometer.io/inject": "true"}));
    let pod = asked["request"]["object"].to_string();
    let ours = env!("CARGO_PKG_VERSION");
    for (image, version, warns) in [
        (concat!("podometer:", env!("CARGO_PKG_VERSION")), ours, false),
        // Whoever wrote it meant it.
        ("mirror.example/podometer:1", ours, false),
        ("podometer:0.0.9", "0.0.9", true),
    ] {
        let settings = podometer::inject::Settings { image: image.to_owned(), ..Default::default() };
        let (text, _) = podometer::inject::rewrite(&pod, podometer::inject::Work::Inject(&settings)).unwrap();
        asked["request"]["object"] = serde_json::from_str(&text).unwrap();
        let record = &mut asked["request"]["object"]["metadata"]["annotations"]["podometer.io/injected"];
        *record = json!(record.as_str().unwrap().replace(ours, version));
        let response = post(&double, &running, "/mutate", asked.to_string().as_bytes()).await;
        assert_eq!(patch(&response), None, "{image}");
        assert_eq!(response["warnings"].is_array(), warns, "{response}");
    }
    running.stop().await;
}

#[tokio::test]
async fn what_is_no_review_is_allowed_logged_counted_and_never_patched() {
    let (log, (double, running)) = (Log::default(), ready().await);
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    let _logged = tracing::subscriber::set_default(subscriber);
    let with = |change: &dyn Fn(&mut Value)| {
        let mut changed = review("shop", &json!({"podometer.io/inject": "true"}));
        change(&mut changed);
        changed.to_string().into_bytes()
    };
    let bad: Vec<(Vec<u8>, &str)> = vec![
        (Vec::new(), ""),
        (b"{".to_vec(), ""),
        (b"\xff\xfe".to_vec(), ""),
        (b"null".to_vec(), ""),
        (b"[]".to_vec(), ""),
        ("[".repeat(100_000).into_bytes(), ""),
        (with(&|review| review["apiVersion"] = json!("admission.k8s.io/v1beta1")), "705a"),
        (with(&|review| review["kind"] = json!("Pod")), "705a"),
        (with(&|review| review["request"]["object"] = json!(null)), "705a"),
        (with(&|review| review["request"]["object"] = json!([1])), "705a"),
        (with(&|review| review["request"]["kind"]["kind"] = json!("Deployment")), "705a"),
        (with(&|review| review["request"]["uid"] = json!("")), ""),
        (with(&|review| review["request"] = json!(7)), ""),
    ];
    let count = bad.len();
    for (body, uid) in bad {
        let response = post(&double, &running, "/mutate", &body).await;
        let shown = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
        assert!(response["uid"].as_str().unwrap().starts_with(uid), "{shown}: {response}");
        assert_eq!(patch(&response), None, "{shown}");
    }
    let large = vec![b' '; (4 << 20) + 1];
    assert_eq!(patch(&post(&double, &running, "/mutate", &large).await), None);
    let many = format!("[{}0]", "0,".repeat(20_001));
    assert_eq!(patch(&post(&double, &running, "/mutate", many.as_bytes()).await), None);
    assert_eq!(log.count("ERROR"), count + 2, "one for each");
    assert_eq!(log.count("a review cannot be read; its pod is allowed as it is"), count + 2);
    let page = metrics(&running).await;
    assert!(page.contains(&format!("reviews_total{{result=\"malformed\"}} {count}\n")), "{page}");
    assert!(page.contains("reviews_total{result=\"too_large\"} 2\n"), "{page}");
    // Odd pods of a right review: what cannot be done is a warning.
    for spec in [json!({}), json!({"containers": []}), json!({"containers": {"name": "a"}}), json!("x")] {
        let body = with(&|review| review["request"]["object"]["spec"] = spec.clone());
        let response = post(&double, &running, "/mutate", &body).await;
        assert_eq!((patch(&response), response["warnings"].is_array()), (None, true), "{response}");
    }
    running.stop().await;
}

/// A body that never comes is not waited for for ever, and its connection ends.
#[tokio::test]
async fn a_body_that_does_not_come_is_answered() {
    let (double, running) = ready().await;
    let mut stream = connect(&running, &bundle(&double).unwrap()).await.unwrap();
    let head = b"POST /mutate HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\nconnection: close\r\n\r\n{\"a\":";
    stream.write_all(head).await.unwrap();
    let (status, body) = answer(stream).await.unwrap();
    assert_eq!(status, 200);
    let said: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(said["response"], json!({"uid": "", "allowed": true}));
    assert!(metrics(&running).await.contains("reviews_total{result=\"late\"} 1\n"));
    running.stop().await;
}

/// Without the namespace's labels the annotation still counts.
#[tokio::test]
async fn namespaces_that_cannot_be_read_ask_for_nothing() {
    let (double, running) = ready().await;
    double.deny("get namespaces");
    double.fail("/api/v1/namespaces/shop", Fault::Status(500, "broken"));
    for (namespace, annotations, is_injected) in [
        ("labelled", json!({}), false),
        ("shop", json!({}), false),
        ("shop", json!({"podometer.io/inject": "true"}), true),
    ] {
        let body = review(namespace, &annotations).to_string();
        let response = post(&double, &running, "/mutate", body.as_bytes()).await;
        assert_eq!(patch(&response).is_some(), is_injected, "{namespace} {annotations}");
    }
    let page = metrics(&running).await;
    assert!(page.contains("podometer_injector_errors_total{reason=\"forbidden\"} 1\n"), "{page}");
    double.heal();
    let body = review("labelled", &json!({})).to_string();
    until(async || patch(&post(&double, &running, "/mutate", body.as_bytes()).await).is_some()).await;
    running.stop().await;
}

/// Asked for each pod of a workload, a server in trouble would be in more.
#[tokio::test]
async fn failed_namespaces_are_not_asked_for_at_once_again() {
    let (double, running) = ready().await;
    double.fail("/api/v1/namespaces/shop", Fault::Status(500, "broken"));
    double.take_log();
    for annotations in [json!({}), json!({}), json!({"podometer.io/inject": "false"})] {
        let body = review("shop", &annotations).to_string();
        assert_eq!(patch(&post(&double, &running, "/mutate", body.as_bytes()).await), None);
    }
    assert_eq!(double.with(|store| store.log_lines("GET /api/v1/namespaces/shop")), 1);
    running.stop().await;
}

/// On an old cluster a native sidecar would keep its pod from ever starting.
#[tokio::test]
async fn clusters_without_native_sidecars_get_none() {
    let double = api_server().await;
    double.fail("/version", Fault::Status(200, r#"{"major":"1","minor":"28+"}"#));
    let running = Running::start(config(&double)).await.unwrap();
    until(async || is_ready(&double, &running).await).await;
    let body = review("shop", &json!({"podometer.io/inject": "true"})).to_string();
    let response = post(&double, &running, "/mutate", body.as_bytes()).await;
    assert_eq!(patch(&response), None);
    let told = response["warnings"][0].as_str().unwrap();
    assert!(told.contains("Kubernetes 1.28 knows no native sidecars"), "{told}");
    double.heal();
    double.fail("/version", Fault::Status(200, r#"{"major":"1","minor":"29"}"#));
    until(async || patch(&post(&double, &running, "/mutate", body.as_bytes()).await).is_some()).await;
    running.stop().await;
}

#[tokio::test]
async fn other_paths_and_methods_are_no_reviews() {
    let (double, running) = ready().await;
    let authorities = bundle(&double).unwrap();
    for (line, status) in
        [("GET /", 404), ("GET /mutate", 405), ("POST /metrics", 405), ("GET /-/healthy", 200)]
    {
        assert_eq!(call(&running, &authorities, line, b"").await.unwrap().0, status, "{line}");
    }
    running.stop().await;
}
