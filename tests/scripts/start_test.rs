//! start-test: the flags of the starter kit's script, and what comes of each.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use k8s_openapi::api::batch::v1::Job;
use serde_json::Value;

use crate::fake_kubectl::Fake;

const CLUSTER: &str = "'get namespace '*) ;;\n'delete '* | 'create '*) ;;";

/// A fake with a load test, two datasets' worth of users and a body beside it.
fn with_files() -> Fake {
    let fake = Fake::answering(CLUSTER);
    fs::write(fake.path("Shop_Test.yaml"), "flows: {default: [{get: \"${ENDPOINT}/\"}]}\n").unwrap();
    fs::write(fake.path("users.csv"), "name,id\na,1\nb,2\nc,3\nd,4\ne,5\n").unwrap();
    fs::write(fake.path("body.json"), "{}").unwrap();
    // The fake's own file stands beside them.
    fs::create_dir(fake.path("test")).unwrap();
    for name in ["Shop_Test.yaml", "users.csv", "body.json"] {
        fs::rename(fake.path(name), fake.path("test").join(name)).unwrap();
    }
    fake
}

/// By kubectl itself, which reads files without a server for this alone. `None`, loudly, where it is missing.
fn as_json(manifest: &str) -> Option<Value> {
    let started = Command::new("kubectl")
        .args(["label", "--local", "-f", "-", "read=back", "-o", "json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut kubectl) = started else {
        assert!(std::env::var_os("CI").is_none(), "kubectl is not installed");
        eprintln!("SKIPPED: kubectl is not installed");
        return None;
    };
    kubectl.stdin.take().unwrap().write_all(manifest.as_bytes()).unwrap();
    let output = kubectl.wait_with_output().unwrap();
    assert!(output.status.success(), "{manifest}");
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

/// Keys that `all` has and `kept` lacks.
fn lost(all: &Value, kept: &Value, at: &str, into: &mut BTreeSet<String>) {
    match (all, kept) {
        (Value::Object(all), Value::Object(kept)) => {
            for (key, value) in all {
                let at = format!("{at}.{key}");
                match kept.get(key) {
                    Some(kept) => lost(value, kept, &at, into),
                    None => _ = into.insert(at),
                }
            }
        }
        (Value::Array(all), Value::Array(kept)) => {
            assert_eq!(all.len(), kept.len(), "{at}");
            all.iter().zip(kept).for_each(|(all, kept)| lost(all, kept, at, into));
        }
        _ => {}
    }
}

#[test]
fn a_profile_is_one_job_without_files() {
    let fake = Fake::answering(CLUSTER);
    let ended = fake.script("start-test", &["-j", "stress", "-e", "ENDPOINT=http://target:8080"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    assert!(ended.stdout.contains("started: load-stress in podometer, 1 pod(s)"), "{}", ended.stdout);
    assert_eq!(
        fake.words(),
        [
            "get namespace podometer -o name",
            "delete job load-stress -n podometer --ignore-not-found --wait --cascade=foreground",
            "create -f -"
        ]
    );
    let Some(job) = as_json(&fake.calls()[2].input) else { return };
    let container = &job["spec"]["template"]["spec"]["containers"][0];
    let arguments: Vec<&str> =
        container["args"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
    assert_eq!(
        arguments.join(" "),
        "load run stress --quiet --out-spool=/spool -e ENDPOINT=http://target:8080 -o influxdb=http://influxdb.podometer.svc:8086/k6 \
         -o jmeter=http://influxdb.podometer.svc:8086/telegraf?application=stress -o prometheus=:9102 \
         -o pushgateway=http://pushgateway.podometer.svc:9091?job=k6&test_name=stress-$(POD_INDEX) \
         --seed=$(POD_INDEX) --tag=testid=load-stress --tag=segment=$(POD_INDEX)"
    );
    assert!(job["spec"]["template"]["spec"]["volumes"].as_array().unwrap().len() == 1, "no files");
}

#[test]
fn what_is_no_profile_starts_nothing_and_is_told_which_there_are() {
    let fake = Fake::answering(CLUSTER);
    let ended = fake.script("start-test", &["-j", "stres"]);
    let names: Vec<&str> = podometer::load::profiles::ALL.iter().map(|profile| profile.name).collect();
    let said = format!("start-test: stres: neither a file nor a profile; profiles: {}\n", names.join(" "));
    assert_eq!((ended.code, ended.stderr), (1, said));
    assert!(fake.words().is_empty());
}

#[test]
fn stores_may_be_in_another_namespace_than_the_test() {
    let fake = Fake::answering(CLUSTER);
    let flags = ["-j", "stress", "-n", "shop", "--stores", "seguimiento", "--dry-run"];
    let ended = fake.script("start-test", &flags);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    for store in ["influxdb.seguimiento.svc:8086/k6", "pushgateway.seguimiento.svc:9091?job=k6"] {
        assert!(ended.stdout.contains(store), "{store}: {}", ended.stdout);
    }
    assert!(!ended.stdout.contains("podometer.svc"), "{}", ended.stdout);
}

#[test]
fn the_job_is_what_kubernetes_reads() {
    let fake = with_files();
    let outputs =
        ["-o", "influxdb=http://influxdb:8086/k6", "-o", "jmeter=http://influxdb:8086/db?application=a b"];
    let flags = [
        "-j",
        "test/Shop_Test.yaml",
        "-n",
        "shop",
        "-i",
        "2",
        "-c",
        "-m",
        "-r",
        "-e",
        "TEXT=it's \"so\" \\ $HOME",
    ];
    let ended = fake.script("start-test", &[&flags[..], &outputs].concat());
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    let Some(read) = as_json(&fake.calls()[4].input) else { return };
    let job: Job = serde_json::from_value(read.clone()).unwrap();
    let mut keys = BTreeSet::new();
    lost(&read, &serde_json::to_value(&job).unwrap(), "", &mut keys);
    assert_eq!(keys, BTreeSet::new(), "keys that Kubernetes does not know");
    let spec = job.spec.unwrap();
    assert_eq!((spec.parallelism, spec.completions), (Some(2), Some(2)));
    let pod = spec.template.spec.unwrap();
    let arguments = pod.containers[0].args.clone().unwrap();
    for word in [
        "TEXT=it's \"so\" \\ $HOME",
        "influxdb=http://influxdb:8086/k6",
        "jmeter=http://influxdb:8086/db?application=a b",
        "--summary-json",
    ] {
        assert!(arguments.iter().any(|argument| argument == word), "{word}: {arguments:?}");
    }
    assert!(!arguments.iter().any(|argument| argument == "prometheus=:9102"), "-o takes its place");
    // Every mount has its volume, and the files of each pod are those that were made.
    let volumes: Vec<&str> = pod.volumes.iter().flatten().map(|volume| &*volume.name).collect();
    let mounts = pod.containers[0].volume_mounts.as_ref().unwrap();
    assert!(mounts.iter().all(|mount| volumes.contains(&&*mount.name)), "{volumes:?}");
    let files = pod.volumes.iter().flatten().find_map(|volume| volume.config_map.clone()).unwrap();
    let items: BTreeSet<(String, String)> =
        files.items.unwrap().into_iter().map(|item| (item.path, item.key)).collect();
    let wanted = [
        ("0/body.json", "body.json"),
        ("0/test.yaml", "test.yaml"),
        ("0/users.csv", "0.users.csv"),
        ("1/body.json", "body.json"),
        ("1/test.yaml", "test.yaml"),
        ("1/users.csv", "1.users.csv"),
    ];
    assert_eq!(items, wanted.map(|(path, key)| (path.to_owned(), key.to_owned())).into());
    let created = &fake.words()[3];
    assert!(created.starts_with("create configmap load-shop-test -n shop "), "{created}");
    for (_, key) in wanted {
        assert!(created.contains(&format!("--from-file={key}=")), "{key}: {created}");
    }
}

#[test]
fn lines_are_dealt_out_whole_and_none_is_left() {
    let fake = with_files();
    // The pieces go with the script: the fake keeps them.
    let keep = "'create configmap '*) for each in \"$@\"; do case $each in --from-file=[0-9]*) cp \"${each##*=}\" . ;; esac; done ;;";
    let fake_again = Fake::answering(&format!("{keep}\n{CLUSTER}"));
    fs::create_dir(fake_again.path("test")).unwrap();
    for name in ["Shop_Test.yaml", "users.csv"] {
        fs::copy(fake.path("test").join(name), fake_again.path("test").join(name)).unwrap();
    }
    let ended = fake_again.script("start-test", &["-j", "test/Shop_Test.yaml", "-i", "2", "-c"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    let piece = |name: &str| fs::read_to_string(fake_again.path(name)).unwrap();
    assert_eq!(piece("0.users.csv"), "name,id\na,1\nc,3\ne,5\n");
    assert_eq!(piece("1.users.csv"), "name,id\nb,2\nd,4\n");
    let ended = fake_again.script("start-test", &["-j", "test/Shop_Test.yaml", "-i", "6", "-c"]);
    assert_eq!(
        (ended.code, ended.stderr.contains("has 5 lines of values for 6 pods")),
        (1, true),
        "{ended:?}"
    );
}

#[test]
fn what_cannot_be_started_is_refused_before_anything_is_touched() {
    let fake = with_files();
    fs::write(fake.path("plan.jmx"), "").unwrap();
    for (arguments, code, words) in [
        (&[][..], 64, "-j FILE or -j PROFILE is needed"),
        (&["-j", "plan.jmx"], 64, "from-jmeter-starterkit.md"),
        (&["-j", "script.js"], 64, "podometer load import script.js -o script.yaml"),
        (&["-j", "missing.yaml"], 1, "missing.yaml: there is no such file"),
        (&["-j", "stress", "-i", "0"], 64, "allowed: 1 to 9999"),
        (&["-j", "stress", "-i", "two"], 64, "allowed: 1 to 9999"),
        (&["-j", "stress", "-c"], 64, "-c goes with a file"),
        (&["-j", "stress", "-m"], 64, "-m goes with a file"),
        (&["-j", "stress", "-e", "ENDPOINT"], 64, "allowed: NAME=VALUE"),
        (&["-j", "stress", "--stores", "http://x"], 64, "allowed: the name of a namespace"),
        (&["-j"], 64, "-j needs a value"),
    ] {
        let ended = fake.script("start-test", arguments);
        assert_eq!((ended.code, ended.stdout.as_str()), (code, ""), "{arguments:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(words), "{arguments:?}: {}", ended.stderr);
    }
    assert!(fake.calls().is_empty());
}

#[test]
fn a_refusal_of_the_cluster_ends_it() {
    let fake =
        Fake::answering("'get namespace '*) ;;\n'delete '*) ;;\n'create '*) echo 'forbidden' >&2; exit 1 ;;");
    let ended = fake.script("start-test", &["-j", "stress"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (1, "forbidden\n"));
    assert!(!ended.stdout.contains("started"), "{}", ended.stdout);
}
