//! `podometer config import`, as a person runs it: what comes of a telegraf.conf and what is said of the rest.

#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::path::{Path, PathBuf};
use std::process::Command;

#[path = "support/golden.rs"]
mod golden;

/// Exit code, standard output and standard error.
fn podometer(arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_podometer")).args(arguments).env_clear().output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn import(file: &Path) -> (i32, String, String) {
    podometer(&["config", "import", file.to_str().unwrap()])
}

fn written(directory: &Path, text: &str) -> PathBuf {
    let file = directory.join("telegraf.conf");
    std::fs::write(&file, text).unwrap();
    file
}

/// What comes of a text, with the directory cut from the messages.
fn import_text(text: &str) -> (i32, String, String) {
    let directory = tempfile::tempdir().unwrap();
    let (code, stdout, stderr) = import(&written(directory.path(), text));
    let prefix = format!("{}/", directory.path().display());
    (code, stdout.replace(&prefix, ""), stderr.replace(&prefix, ""))
}

#[test]
fn the_starter_kit_and_one_of_everything() {
    for name in ["telegraf", "telegraf_more"] {
        let (code, yaml, remarks) = import(Path::new(&format!("tests/fixtures/{name}.conf")));
        assert_eq!(code, 0, "{remarks}");
        golden::check(&format!("{name}.yaml"), &yaml);
        golden::check(&format!("{name}_remarks.txt"), &remarks);
    }
    // What is written is what we read.
    let check = ["config", "check", "tests/golden/telegraf_more.yaml"];
    let checked = Command::new(env!("CARGO_BIN_EXE_podometer")).args(check).output().unwrap();
    assert_eq!(checked.status.code(), Some(0), "{}", String::from_utf8_lossy(&checked.stderr));
}

/// Each line of the file that holds something is a line of the output or has been told of.
#[test]
fn no_plugin_is_passed_over_in_silence() {
    let text = std::fs::read_to_string("tests/fixtures/telegraf_more.conf").unwrap();
    let (_, yaml, remarks) = import(Path::new("tests/fixtures/telegraf_more.conf"));
    for (index, line) in text.lines().enumerate() {
        let Some(place) = line.strip_prefix("[[").and_then(|line| line.strip_suffix("]]")) else { continue };
        let told = remarks.contains(&format!("conf:{}: {place}: ", index + 1));
        let kinds =
            ["outputs.influxdb", "inputs.prometheus", "inputs.jolokia2_agent", "inputs.nginx", "inputs.kube"];
        assert!(told || kinds.iter().any(|kind| place.starts_with(kind)), "line {}: {place}", index + 1);
    }
    for name in ["influxdb", "cloud", "influxdb-2", "prometheus", "prometheus-2", "jolokia", "nginx"] {
        assert!(yaml.contains(&format!("name: {name}\n")), "{name}");
    }
}

#[test]
fn a_secret_is_never_shown() {
    let (_, yaml, remarks) = import(Path::new("tests/fixtures/telegraf_more.conf"));
    assert!(!yaml.contains("hunter2") && !remarks.contains("hunter2"), "{yaml}{remarks}");
    for place in ["influxdb-password", "cloud-token", "kubelet-token", "prometheus-token"] {
        let path = format!("/etc/podometer/{place}");
        assert!(
            yaml.contains(&path) && remarks.contains(&format!("not copied; put it into {path}")),
            "{place}"
        );
    }
    // Nor where it stands in a text that cannot be read.
    for broken in
        ["password = hunter2\n", "password = \"hunter2\n", "[[outputs.influxdb]\npassword = 'hunter2'\n"]
    {
        let (code, yaml, told) = import_text(broken);
        assert_eq!((code, yaml.as_str()), (64, ""));
        assert!(!told.contains("hunter2"), "{told}");
    }
    // Nor where nobody expects one.
    let odd = "[[outputs.influxdb]]\nurls = [\"http://$H\", \"http://u:hunter2@h\"]\nusername = 1\n\
               password = \"pre$X-hunter2\"\ndatabase = \"d\"\n[[inputs.nginx]]\nurls = \"http://u:hunter2@$H/\"\n";
    let (code, yaml, told) = import_text(odd);
    assert_eq!(code, 0, "{told}");
    assert!(!yaml.contains("hunter2") && !told.contains("hunter2"), "{yaml}{told}");
    assert!(!yaml.contains("hunter2") && yaml.contains("$H"), "{yaml}");
}

#[test]
fn what_is_unknown_is_listed_with_its_line() {
    let (code, _, told) = import_text(
        "[[inputs.cpu]]\n  wonder = 1\n[[inputs.redfish]]\n  address = \"x\"\n[[processors.rename]]\n[agent]\nwonder = 2\n",
    );
    assert_eq!(code, 0);
    assert_eq!(
        told.lines().collect::<Vec<_>>(),
        [
            "podometer: telegraf.conf:1: inputs.cpu: note: is written always and needs no line",
            "podometer: telegraf.conf:2: inputs.cpu.wonder: left out: has no counterpart here",
            "podometer: telegraf.conf:3: inputs.redfish: left out: there is no source of this kind; let Telegraf go on \
             with it",
            "podometer: telegraf.conf:5: processors.rename: left out: points are not changed on their way; a sink has \
             filter and tags",
            "podometer: telegraf.conf:7: agent.wonder: left out: has no counterpart here",
        ]
    );
}

/// What a sink would refuse is told in its own words and is not written.
#[test]
fn a_filter_that_means_nothing_is_left_out() {
    let (code, yaml, told) = import_text(
        "[[outputs.influxdb]]\nurls = [\"http://i\"]\nnamepass = [\"[a\"]\nnamedrop = [\"b\"]\n\
         [outputs.influxdb.tagdrop]\ncpu = [\"{a,b}\"]\nhost = []\npath = [\"/\"]\n",
    );
    assert_eq!(code, 0);
    assert!(
        yaml.ends_with("filter:\n        namedrop: [b]\n        tagdrop:\n          path: [/]\n"),
        "{yaml}"
    );
    assert_eq!(
        told.lines().collect::<Vec<_>>(),
        [
            "podometer: telegraf.conf:3: outputs.influxdb.namepass: left out: is refused: filter.namepass pattern \
             \"[a\" has a [ without its ]",
            "podometer: telegraf.conf:6: outputs.influxdb.tagdrop.cpu: left out: is refused: filter.tagdrop.cpu \
             pattern \"{a,b}\" braces are not known here; write each alternative as a pattern",
            "podometer: telegraf.conf:7: outputs.influxdb.tagdrop.host: left out: is refused: filter.tagdrop.host has \
             no pattern; allowed is a list such as [a*, b]",
        ]
    );
}

#[test]
fn the_output_passes_the_check_that_it_names() {
    let directory = tempfile::tempdir().unwrap();
    let conf = "[global_tags]\nenv = \"lab\"\n[agent]\ninterval = \"30s\"\nomit_hostname = true\nprecision = \"1s\"\n\
                metric_batch_size = 60000\nhostname = \"n 1\"\ndebug = true\n\
                [[outputs.influxdb]]\nurls = [\"http://influxdb:8086\"]\ndatabase = \"telegraf\"\nusername = \"u\"\n\
                password = \"hunter2\"\ntls_ca = \"/ca\"\nnamepass = [\"cpu\", \"a b*\"]\n\
                [outputs.influxdb.tagdrop]\ncpu = [\"cpu[0-9]*\"]\n\
                [[outputs.influxdb_v2]]\nurls = [\"http://other\"]\ntoken = \"$TOKEN\"\nbucket = \"b\"\n\
                organization = \"o\"\n[[outputs.prometheus_client]]\ntls_cert = \"/c\"\ntls_key = \"/k\"\n\
                [[inputs.net]]\n[[inputs.kernel]]\ncollect = [\"ksm\"]\n[[inputs.disk]]\nignore_fs = [\"zfs\"]\n\
                [[inputs.kubernetes]]\nurl = \"https://n1:10250\"\nbearer_token = \"/t\"\n\
                label_include = [\"app\"]\nresponse_timeout = 5\n\
                [[inputs.kube_inventory]]\nresource_include = [\"pods\", \"ingress\"]\nnamespace = \"shop\"\n";
    let (code, yaml, told) = import(&written(directory.path(), conf));
    assert_eq!(code, 0, "{told}");
    let file = directory.path().join("podometer.yaml");
    std::fs::write(&file, &yaml).unwrap();
    let (code, _, told) = podometer(&["config", "check", file.to_str().unwrap()]);
    assert_eq!((code, told.as_str()), (0, ""), "{yaml}");
    assert!(
        yaml.starts_with("# Made from ")
            && yaml.lines().nth(1).unwrap().contains("podometer config check FILE")
    );
}

/// Whoever writes the values that the kit's variables had is done.
#[test]
fn the_starter_kit_waits_for_its_variables_alone() {
    let (_, yaml, _) = import(Path::new("tests/fixtures/telegraf.conf"));
    let values = [
        ("#node_name: \"$HOSTNAME\"", "node_name: n1"),
        ("#url: \"https://$NODEIP:10250\"", "url: https://10.0.0.1:10250"),
        ("#url: \"$INFLUXDB_HOST\"", "url: http://influxdb:8086"),
        ("#database: \"$INFLUXDB_DB\"", "database: telegraf"),
        ("#username: \"$INFLUXDB_USER\"", "username: u"),
    ];
    let directory = tempfile::tempdir().unwrap();
    let check = |yaml: &str| {
        let file = directory.path().join("podometer.yaml");
        std::fs::write(&file, yaml).unwrap();
        podometer(&["config", "check", file.to_str().unwrap()])
    };
    let (code, _, told) = check(&yaml);
    assert_eq!(code, 64);
    assert!(told.contains("sinks.influxdb influxdb: ") && told.lines().count() == 1, "{told}");
    let mut whole = yaml;
    for (waits, value) in values {
        assert!(whole.contains(waits), "{waits}\n{whole}");
        whole = whole.replace(waits, value);
    }
    let (code, _, told) = check(&whole);
    assert_eq!((code, told.as_str()), (0, ""), "{whole}");
}

#[test]
fn what_is_no_toml_is_64_and_names_the_place() {
    for (text, told) in [
        ("[agent]\ninterval = 10s\n", "telegraf.conf:2:"),
        ("[agent]\nurls = [$URLS]\n", "a variable must stand in quotes"),
        ("[[outputs.influxdb]\n", "telegraf.conf:1:"),
    ] {
        let (code, stdout, stderr) = import_text(text);
        assert_eq!((code, stdout.as_str()), (64, ""), "{text}");
        assert!(stderr.contains(told) && stderr.contains("expected"), "{stderr}");
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
    }
    let (code, _, stderr) = import(Path::new("tests/fixtures/absent.conf"));
    assert_eq!(code, 64);
    assert!(stderr.contains("absent.conf: cannot be read"), "{stderr}");
    // An empty file asks for nothing.
    let (code, yaml, stderr) = import_text("");
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert!(yaml.lines().all(|line| line.starts_with("# ")), "{yaml}");
}
