//! What the command line itself can examine: configuration, proc, names, limits, the server's address.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;

use anyhow::Context;

use super::finding::{Finding, Group, State};
use crate::cli::fetch::{Answer, Fetch};
use crate::config::{Config, Loaded, Problem, Sources};
use crate::encode::document::PodsDocument;

/// Files that stay open besides those of cgroups: sockets, logs, watches.
const OTHER_FILES: u64 = 256;

pub(super) fn configuration(sources: &Sources, loaded: &Result<Loaded, Vec<Problem>>) -> Group {
    let place =
        sources.file.as_ref().map_or_else(|| "defaults".to_owned(), |file| file.display().to_string());
    let findings = match loaded {
        Ok(_) => vec![Finding::new("settings", State::Ok, place)],
        Err(problems) => problems
            .iter()
            .map(|problem| {
                Finding::new("settings", State::Missing, problem.to_string())
                    .remedy("podometer config default prints every key")
            })
            .collect(),
    };
    Group { source: "configuration", essential: true, findings }
}

/// Everything else that needs no part of the agent.
pub(super) fn machine(config: &Config) -> anyhow::Result<Vec<Group>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting the asynchronous runtime")?;
    let (names, server) =
        runtime.block_on(async { (names(config).await, server(config.server.listen).await) });
    let group = |source, findings| Group { source, essential: false, findings };
    let mut groups = vec![group("proc and sys", proc(config))];
    groups.extend(names.map(|names| group("names", vec![names])));
    groups.extend([group("limits", vec![open_files(config)]), group("server", vec![server])]);
    Ok(groups)
}

fn proc(config: &Config) -> Vec<Finding> {
    let mount = |root: &Path| format!("mount the host's {} there, read-only", root.display());
    let procfs = &config.paths.procfs;
    let mut findings: Vec<Finding> = [
        ("cpu", "stat"),
        ("memory", "meminfo"),
        ("load", "loadavg"),
        ("disks", "diskstats"),
        ("network", "1/net/dev"),
        ("mounts", "1/mountinfo"),
    ]
    .into_iter()
    .map(|(what, file)| {
        readable(what, &procfs.join(file), State::Degraded)
            .unwrap_or_else(|broken| broken.remedy(mount(procfs)))
    })
    .collect();
    let pressure = readable("pressure of the node", &procfs.join("pressure/cpu"), State::Degraded);
    findings.push(pressure.unwrap_or_else(|broken| broken.remedy("boot a kernel with CONFIG_PSI and psi=1")));
    let sysfs = &config.paths.sysfs;
    let block = sysfs.join("block");
    findings.push(match std::fs::read_dir(&block) {
        Ok(_) => Finding::new("devices", State::Ok, block.display().to_string()),
        Err(error) => Finding::new("devices", State::Degraded, format!("{}: {error}", block.display()))
            .remedy(mount(sysfs)),
    });
    findings
}

/// A finding either way: good, or broken and still without its remedy.
fn readable(what: &str, path: &Path, state: State) -> Result<Finding, Finding> {
    match std::fs::read(path) {
        Ok(_) => Ok(Finding::new(what, State::Ok, path.display().to_string())),
        Err(error) => Err(Finding::new(what, state, format!("{}: {error}", path.display()))),
    }
}

/// The configured list of pods; `None` where names come from elsewhere.
async fn names(config: &Config) -> Option<Finding> {
    let what = "names of pods and containers";
    let mend = "give a kubelet's /pods document with identity.pods_file or identity.pods_url";
    let (place, document) = if let Some(file) = &config.identity.pods_file {
        (file.display().to_string(), std::fs::read(file).map_err(anyhow::Error::from))
    } else if let Some(url) = &config.identity.pods_url {
        (url.clone(), get(url, "/pods").await.map(|answer| answer.body.to_vec()))
    } else {
        return None;
    };
    let count = document.and_then(|text| {
        let document: serde_json::Value = serde_json::from_slice(&text).context("is no JSON")?;
        let items = document.get("items").and_then(serde_json::Value::as_array);
        Ok(items.context("has no list \"items\"")?.len())
    });
    Some(match count {
        Ok(count) => Finding::new(what, State::Ok, format!("{count} pods from {place}")),
        Err(error) => Finding::new(what, State::Degraded, format!("{place}: {error:#}")).remedy(mend),
    })
}

async fn get(url: &str, path: &str) -> anyhow::Result<Answer> {
    let answer = Fetch::new(url, path, None)?.get().await?;
    anyhow::ensure!(answer.status.is_success(), "answers {}", answer.status);
    Ok(answer)
}

fn open_files(config: &Config) -> Finding {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let wanted = config.sampler.max_held_files as u64 + OTHER_FILES;
    // The agent raises the soft limit to the hard one by itself.
    match limit.maximum {
        Some(hard) if hard < wanted => {
            Finding::new("open files", State::Degraded, format!("at most {hard}, {wanted} are wanted"))
                .remedy(format!(
                    "raise the limit to {wanted} (ulimit -n, LimitNOFILE=), or lower sampler.max_held_files"
                ))
        }
        Some(hard) => Finding::new("open files", State::Ok, format!("{hard}, {wanted} are wanted")),
        None => Finding::new("open files", State::Ok, "no limit"),
    }
}

async fn server(listen: SocketAddr) -> Finding {
    let what = format!("address {listen}");
    // Binding tells whether it is free; the socket is given back at once.
    let bound = TcpListener::bind(listen);
    match bound.map(drop) {
        Ok(()) => return Finding::new(what, State::Ok, "free"),
        Err(error) if error.kind() != ErrorKind::AddrInUse => {
            return Finding::new(what, State::Missing, error.to_string())
                .remedy("choose an address of this machine and a port that its user may open");
        }
        Err(_) => {}
    }
    match get(&format!("http://{listen}"), crate::cli::top::PODS_PATH).await {
        Ok(answer) => match serde_json::from_slice::<PodsDocument>(&answer.body) {
            Ok(document) => {
                let detail = format!("a podometer agent answers, newest values of {}", document.taken);
                Finding::new(what, State::Ok, detail)
            }
            Err(_) => taken(what, "another program answers"),
        },
        Err(error) => taken(what, &format!("in use, and no podometer agent that can be asked: {error:#}")),
    }
}

fn taken(what: String, detail: &str) -> Finding {
    Finding::new(what, State::Degraded, detail)
        .remedy("let the agent listen elsewhere, or stop what listens there")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    #[tokio::test]
    async fn a_free_address_and_one_that_is_not_ours() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let peer = std::thread::spawn(move || {
            use std::io::{BufRead, BufReader, Write};
            let (mut stream, _) = listener.accept().unwrap();
            let request = BufReader::new(stream.try_clone().unwrap());
            assert!(request.lines().map(Result::unwrap).any(|line| line.is_empty()));
            stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").unwrap();
        });
        let finding = server(address).await;
        peer.join().unwrap();
        assert_eq!(finding.state, State::Degraded, "{finding:?}");
        assert!(finding.detail.contains("404"), "{finding:?}");
        assert_eq!(server(address).await.state, State::Ok, "the listener is gone");
        let foreign = server("192.0.2.1:1".parse().unwrap()).await;
        assert_eq!(foreign.state, State::Missing, "{foreign:?}");
    }

    #[tokio::test]
    async fn names_from_a_file() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("pods.json");
        let mut config = Config::default();
        assert!(names(&config).await.is_none());
        config.identity.pods_file = Some(file.clone());
        for (text, state, words) in [
            (r#"{"items": [{}, {}]}"#, State::Ok, "2 pods from "),
            (r#"{"items": 3}"#, State::Degraded, "has no list"),
            ("items", State::Degraded, "is no JSON"),
        ] {
            std::fs::write(&file, text).unwrap();
            let finding = names(&config).await.unwrap();
            assert!(finding.state == state && finding.detail.contains(words), "{finding:?}");
        }
    }

    #[test]
    fn a_wrong_proc_is_told_with_the_mount_that_mends_it() {
        let mut config = Config::default();
        assert!(proc(&config).iter().any(|finding| finding.what == "cpu" && finding.state == State::Ok));
        config.paths.procfs = PathBuf::from("/nowhere/proc");
        let findings = proc(&config);
        assert!(findings[0].state == State::Degraded && findings[0].detail.contains("/nowhere/proc/stat"));
        assert_eq!(findings[0].remedy.as_deref(), Some("mount the host's /nowhere/proc there, read-only"));
    }

    #[test]
    fn the_limit_on_open_files_is_compared_with_what_is_wanted() {
        let mut config = Config::default();
        config.sampler.max_held_files = 0;
        assert_eq!(open_files(&config).state, State::Ok);
    }
}
