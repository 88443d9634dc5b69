//! A real JVM with a real Jolokia agent in it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use podometer::model::scraped::Kind;

use crate::lines::feeds_dashboard_8991;
use crate::neighbour::{Running, or_skip, program};
use crate::{lines, read, target};

/// Lives until its input ends, and has collected its garbage once.
const PROGRAM: &str = "public class Idle {
    public static void main(String[] none) throws Exception {
        System.gc();
        while (System.in.read() >= 0) {}
    }
}
";

/// The agent's jar: named by the environment, or where `.ci/run prepare` puts it.
fn jar() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("PODOMETER_JOLOKIA_AGENT") {
        return Some(named.into());
    }
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/cache/tools/jolokia");
    let mut files = std::fs::read_dir(directory).into_iter().flatten().filter_map(Result::ok);
    let found = files.find(|file| file.path().extension().is_some_and(|extension| extension == "jar"));
    or_skip("jolokia-agent-jvm", found.map(|file| file.path()))
}

#[tokio::test]
async fn a_real_jvm_has_all_that_its_dashboard_asks_for() {
    let (Some(java), Some(jar)) = (program("java"), jar()) else { return };
    let directory = tempfile::tempdir().unwrap();
    let source = directory.path().join("Idle.java");
    std::fs::write(&source, PROGRAM).unwrap();
    let password = directory.path().join("password");
    std::fs::write(&password, "open sesame\n").unwrap();
    let agent = format!("-javaagent:{}=port=0,host=127.0.0.1,user=u,password=open sesame", jar.display());
    let mut child = Command::new(java)
        .args(["-XX:+UseG1GC", "-Xmx64m", &agent])
        .arg(source)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let said = BufReader::new(child.stdout.take().unwrap());
    let _running = Running(child);
    let url = said
        .lines()
        .map_while(Result::ok)
        .find_map(|line| line.split_once("Agent started with URL ").map(|(_, url)| url.trim().to_owned()));
    let mut jvm = target(Kind::Jolokia, &url.unwrap());
    let refused = read(&jvm).await.unwrap_err();
    assert_eq!(refused.reason(), "unauthorized", "{refused}");
    (jvm.username, jvm.password_file) = (Some("u".to_owned()), Some(password));
    let outcome = read(&jvm).await.unwrap();
    assert_eq!((outcome.faults, outcome.absent), (0, 0));
    feeds_dashboard_8991(&lines(&jvm).await);
    // What it does not have is absent, and the rest is there.
    jvm.metrics = vec![metric("java.lang:type=Nope"), metric("java.lang:type=Runtime")];
    let outcome = read(&jvm).await.unwrap();
    assert!(outcome.absent == 1 && outcome.samples > 5 && outcome.faults == 0, "{outcome:?}");
}

fn metric(mbean: &str) -> podometer::source::scrape::config::Metric {
    podometer::source::scrape::config::Metric {
        name: "m".to_owned(),
        mbean: mbean.to_owned(),
        ..Default::default()
    }
}
