//! `server.kubernetes_authorization`: a whole agent asks an API server, over TLS, who a token is and what it may get.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::TcpStream;

use super::api_double::{Double, Fault};
use super::harness::{Answer, ask};

const REVIEWS: [&str; 2] =
    ["/apis/authentication.k8s.io/v1/tokenreviews", "/apis/authorization.k8s.io/v1/subjectaccessreviews"];

struct Agent {
    child: Child,
    address: SocketAddr,
    log: Arc<Mutex<String>>,
}

impl Drop for Agent {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

impl Agent {
    async fn start(kubeconfig: &Path) -> Agent {
        let mut command = Command::new(env!("CARGO_BIN_EXE_podometer"));
        command.arg("agent");
        // A replica of a cluster needs no cgroups.
        for setting in [
            "agent.mode=cluster",
            "cluster.lease_namespace=monitoring",
            "server.listen=127.0.0.1:0",
            "server.kubernetes_authorization=true",
            &format!("api_server.kubeconfig={}", kubeconfig.display()),
        ] {
            command.args(["--set", setting]);
        }
        let started = command.env_clear().stderr(Stdio::piped()).stdout(Stdio::null()).spawn();
        let mut child = started.unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let log = Arc::new(Mutex::new(String::new()));
        let kept = Arc::clone(&log);
        let (tell, told) = tokio::sync::oneshot::channel();
        // Reads to the end, so that the agent never waits for us.
        std::thread::spawn(move || {
            let mut tell = Some(tell);
            while let Some(Ok(line)) = lines.next() {
                let address = line.split("address=").nth(1).and_then(|rest| rest.split_whitespace().next());
                if let (true, Some(address)) = (line.contains("serving /metrics"), address)
                    && let Some(tell) = tell.take()
                {
                    _ = tell.send(address.parse().unwrap());
                }
                kept.lock().unwrap().push_str(&(line + "\n"));
            }
        });
        Agent { child, address: told.await.unwrap(), log }
    }

    async fn get(&self, path: &str, token: Option<&str>) -> Answer {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let bearer = format!("Bearer {}", token.unwrap_or_default());
        let headers = [("authorization", &*bearer)];
        ask(stream, "GET", path, if token.is_some() { &headers } else { &[] }).await
    }

    async fn status(&self, path: &str, token: &str) -> u16 {
        self.get(path, Some(token)).await.status
    }

    /// The log, once this was said: it comes over a pipe, a moment later than answers do.
    async fn logged(&self, text: &str) -> String {
        let said = async {
            loop {
                let log = self.log.lock().unwrap().clone();
                if log.contains(text) {
                    return log;
                }
                tokio::task::yield_now().await;
            }
        };
        let said = tokio::time::timeout(Duration::from_mins(1), said).await;
        said.unwrap_or_else(|_| panic!("{text:?} was never said: {}", self.log.lock().unwrap()))
    }
}

fn reviews(double: &Double) -> usize {
    double.take_log().iter().filter(|line| REVIEWS.iter().any(|path| line.ends_with(path))).count()
}

#[tokio::test]
async fn who_may_is_let_in_and_nobody_else() {
    let double = Double::start().await;
    double.with(|store| {
        store.reviews.know("prometheus-token", "system:serviceaccount:podometer:prometheus");
        store.reviews.know("stranger-token", "system:serviceaccount:default:default");
        store.reviews.allow("system:serviceaccount:podometer:prometheus", "/metrics");
        store.reviews.allow("system:serviceaccount:podometer:prometheus", "/api/v1/delivery");
    });
    let agent = Agent::start(&double.kubeconfig()).await;
    assert_eq!(agent.get("/-/healthy", None).await.status, 200, "probes have no token");
    let none = agent.get("/metrics", None).await;
    assert_eq!((none.status, none.header("www-authenticate")), (401, "Bearer"));
    assert_eq!(reviews(&double), 0, "nothing is asked of no token");

    assert_eq!(agent.status("/metrics", "guess").await, 401);
    let stranger = agent.get("/metrics", Some("stranger-token")).await;
    assert_eq!(stranger.status, 403);
    assert!(stranger.text().contains("grant it this nonResourceURL"), "{}", stranger.text());
    assert_eq!(agent.status("/api/v1/delivery", "prometheus-token").await, 200);
    assert_eq!(agent.status("/metrics/node", "prometheus-token").await, 403, "each path for itself");
    assert_eq!(reviews(&double), 7, "one for nobody's token, two for each other question");

    for _ in 0..3 {
        assert_eq!(agent.status("/api/v1/delivery", "prometheus-token").await, 200);
        assert_eq!(agent.status("/metrics", "guess").await, 401);
    }
    assert_eq!(reviews(&double), 0, "answers are kept");
    // A right that is taken away is not asked about before its minute is over, but for other paths at once.
    double.with(|store| store.reviews.take_away());
    assert_eq!(agent.status("/metrics", "prometheus-token").await, 403);
    // The last to be refused, a stranger before it.
    let log = agent.logged("serviceaccount:podometer:prometheus\" path=\"/metrics\"").await;
    assert!(log.contains("may not get this path") && log.contains("serviceaccount:default:default"), "{log}");
    for token in ["prometheus-token", "stranger-token", "guess"] {
        assert!(!log.contains(token), "{log}");
    }
}

#[tokio::test]
async fn without_an_answer_nobody_is_let_in() {
    let double = Double::start().await;
    double.with(|store| {
        store.reviews.know("good", "u");
        store.reviews.allow("u", "/api/v1/delivery");
    });
    let agent = Agent::start(&double.kubeconfig()).await;
    double.fail(REVIEWS[0], Fault::Status(500, "etcd is slow"));
    let refused = agent.get("/api/v1/delivery", Some("good")).await;
    assert_eq!(refused.status, 503);
    assert!(!refused.text().contains("etcd"), "the reason is for the log: {}", refused.text());
    assert_eq!(agent.get("/-/healthy", None).await.status, 200);
    double.heal();
    double.fail(REVIEWS[1], Fault::Truncated);
    assert_eq!(agent.status("/api/v1/delivery", "good").await, 503);
    double.heal();
    double.deny("create tokenreviews.authentication.k8s.io");
    assert_eq!(agent.status("/api/v1/delivery", "good").await, 503);
    double.heal();
    assert_eq!(agent.status("/api/v1/delivery", "good").await, 200);
    let log = agent.logged("tokens can be reviewed again").await;
    assert_eq!(log.matches("tokens cannot be reviewed").count(), 1, "a line for a change of state: {log}");
    assert!(log.contains("etcd is slow"), "{log}");
    assert!(!log.contains("good"), "{log}");
}

#[test]
fn what_cannot_be_asked_keeps_the_agent_from_starting() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_podometer"));
    command.args([
        "agent",
        "--set",
        "server.kubernetes_authorization=true",
        "--set",
        "server.listen=127.0.0.1:0",
    ]);
    let output = command.args(["--set", "api_server.enabled=never"]).env_clear().output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("server.kubernetes_authorization: there is no API server to ask"), "{said}");
    let mut command = Command::new(env!("CARGO_BIN_EXE_podometer"));
    command.args([
        "agent",
        "--set",
        "server.kubernetes_authorization=true",
        "--set",
        "server.bearer_token_env=TOKEN",
    ]);
    let output = command.env_clear().output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(64), "{said}");
    assert!(said.contains("kubernetes_authorization"), "{said}");
}
