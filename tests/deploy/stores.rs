//! What InfluxDB is told at its first start, told to a real one: its users, and the statements of `k6.iql`.

use std::fmt::Write;
use std::process::Command;

use serde_json::Value;

use crate::build;
use crate::neighbour::{self, Answer, Neighbour};

/// The file that the server is started with, on loopback and silent.
fn settings(directory: &std::path::Path, port: u16) -> String {
    let at = directory.display();
    format!(
        "reporting-disabled = true\nbind-address = \"127.0.0.1:0\"\n[meta]\ndir = \"{at}/meta\"\n\
         [data]\ndir = \"{at}/data\"\nwal-dir = \"{at}/wal\"\n[monitor]\nstore-enabled = false\n\
         [http]\nbind-address = \"127.0.0.1:{port}\"\nauth-enabled = true\n"
    )
}

fn percent(text: &str) -> String {
    let mut whole = String::new();
    for byte in text.bytes() {
        write!(whole, "%{byte:02X}").unwrap();
    }
    whole
}

fn ask(server: &Neighbour, login: &str, statements: &str) -> Answer {
    server.request("POST", &format!("/query?{login}&q={}", percent(statements)), &[], b"")
}

fn write(server: &Neighbour, login: &str, database: &str) -> u16 {
    server.request("POST", &format!("/write?{login}&db={database}"), &[], b"m value=1\n").status
}

/// Made anew in each run.
fn passwords() -> [String; 3] {
    let word = |salt: &str| {
        let path = tempfile::tempdir().unwrap();
        format!("{salt}{}", path.path().file_name().unwrap().to_string_lossy().replace('.', ""))
    };
    ["a", "w", "r"].map(word)
}

#[test]
fn influxdb_has_its_users_and_both_databases_after_the_first_start() {
    let Some(influxd) = neighbour::program("influxd", "") else { return };
    let Some(build) = build::all().iter().find(|build| build.directory == "influxdb") else { return };
    let map = build.objects.iter().find(|object| build::text(object, "/kind") == "ConfigMap").unwrap();
    let statements = build::text(map, "/data/k6.iql").trim();
    let server = Neighbour::start("/ping", |directory, port| {
        let file = directory.join("influxdb.conf");
        std::fs::write(&file, settings(directory, port)).unwrap();
        let mut command = Command::new(&influxd);
        command.arg("-config").arg(file);
        command
    });
    let [admin, writer, reader] = passwords();
    let as_admin = format!("u=admin&p={admin}");
    let first = format!("CREATE USER admin WITH PASSWORD '{admin}' WITH ALL PRIVILEGES");
    assert_eq!(ask(&server, "", &first).status, 200);
    // As the image does it, with the names that the Deployment and the Secret give.
    for statement in [
        "CREATE DATABASE telegraf".to_owned(),
        format!("CREATE USER podometer WITH PASSWORD '{writer}'"),
        "GRANT ALL ON telegraf TO podometer".to_owned(),
        format!("CREATE USER grafana WITH PASSWORD '{reader}'"),
        "GRANT READ ON telegraf TO grafana".to_owned(),
        statements.to_owned(),
    ] {
        let answer = ask(&server, &as_admin, &statement);
        let document: Value = serde_json::from_slice(&answer.body).unwrap();
        assert!(answer.status == 200 && !answer.text().contains("error"), "{document}");
    }
    for database in ["telegraf", "k6"] {
        assert_eq!(write(&server, &format!("u=podometer&p={writer}"), database), 204, "{database}");
        assert_eq!(
            write(&server, &format!("u=grafana&p={reader}"), database),
            403,
            "{database}: reads alone"
        );
        let login = format!("u=grafana&p={reader}&db={database}");
        let answer = ask(&server, &login, "SELECT value FROM m");
        assert!(answer.text().contains("\"value\""), "{database}: {}", answer.text());
    }
    assert_eq!(write(&server, "", "telegraf"), 401, "nobody writes without a password");
}
