//! No credential, token, private key or real host in any file of the repository. Tests make theirs when they run.

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::LazyLock;

use regex::Regex;

use crate::build;

/// What secrets look like that are made by others, by whom.
const FORMS: [(&str, &str); 13] = [
    ("a private key", r"-----BEGIN [A-Z ]*PRIVATE KEY"),
    ("a private key in base64", r"LS0tLS1CRUdJTi[A-Za-z0-9+/]{20}"),
    ("a key of AWS", r"\b(AKIA|ASIA)[0-9A-Z]{16}\b"),
    ("a token of GitHub", r"\b(gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,})"),
    ("a token of GitLab", r"\bglpat-[A-Za-z0-9_-]{20,}"),
    ("a token of Slack", r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}"),
    ("a webhook of Slack", r"hooks\.slack\.com/services/[A-Z0-9]+/"),
    ("a key of Google", r"\bAIza[0-9A-Za-z_-]{35}\b"),
    ("a JSON Web Token", r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
    ("a token of Grafana", r"\bgl(sa|c)_[A-Za-z0-9_=]{30,}"),
    ("a login of a container registry", r#""auth"\s*:\s*"[A-Za-z0-9+/=]{12,}""#),
    ("an SSH key", r"\bssh-(rsa|ed25519) AAAA[A-Za-z0-9+/]{40,}"),
    ("a password hash", r"\$2[aby]\$[0-9]{2}\$[A-Za-z0-9./]{53}"),
];

/// Passwords of URLs that tests show to be refused or hidden: nobody has them.
const STAND_INS: [&str; 5] = ["hunter2", "hunt?er2", "p", "s%40cret", "secret"];

/// Hosts of URLs that are real, and why they are named.
const HOSTS: [(&str, &str); 2] = [
    ("github.com", "Cargo.lock names cargo's index by it"),
    ("jslib.k6.io", "k6 scripts import from it, and so do those that tests translate"),
];

/// Where a long word without a meaning has no reason to be. Elsewhere there are recorded ids and checksums.
const PLAIN: [&str; 4] = [".ci/", "config/", "deploy/", "Dockerfile"];

static COMPILED: LazyLock<Vec<(&str, Regex)>> =
    LazyLock::new(|| FORMS.iter().map(|(what, form)| (*what, Regex::new(form).unwrap())).collect());
static LOGIN: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"://[A-Za-z0-9._%-]*:([^@/\s"'`{}$<>*]+)@[A-Za-z0-9\[]"#).unwrap());
static HOST: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\bhttps?://(?:[^@/\s]+@)?([A-Za-z0-9.-]+)").unwrap());
static WORD: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"[A-Za-z0-9+/_=-]{24,}").unwrap());
/// `password: something` and the like, where a literal would stand.
static ASSIGNED: LazyLock<Regex> = LazyLock::new(|| {
    let form =
        r#"(?i)\b[a-z_.-]*(password|passwd|token|secret|api_?key)["']?\s*[:=]\s*["']?([^\s"',{}#]{4,})"#;
    Regex::new(form).unwrap()
});

/// What is wrong with a file, a line each.
fn findings(file: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let mut tell = |what: String| found.push(format!("{file}:{}: {what}", index + 1));
        for (what, form) in COMPILED.iter() {
            if form.is_match(line) {
                tell((*what).to_owned());
            }
        }
        for login in LOGIN.captures_iter(line) {
            if !STAND_INS.contains(&&login[1]) {
                tell("a password in a URL".to_owned());
            }
        }
        for host in HOST.captures_iter(line) {
            if !is_nobodys(&host[1]) {
                tell(format!("the host {}", &host[1]));
            }
        }
        if PLAIN.iter().any(|place| file.starts_with(place)) {
            for word in WORD.find_iter(line).filter(|word| is_random(word.as_str())) {
                tell(format!("{} characters without a meaning", word.len()));
            }
            let comment = line.trim_start().starts_with('#');
            for assigned in ASSIGNED.captures_iter(line).filter(|_| !comment) {
                if !is_name_of_a_secret(&assigned[2]) {
                    tell(format!("a {} in clear", assigned[1].to_lowercase()));
                }
            }
        }
    }
    found
}

/// Names that are reserved or within a cluster (NAME.NAMESPACE), private addresses, names without a dot, and such as no registry gives.
fn is_nobodys(host: &str) -> bool {
    let host = host.trim_end_matches('.');
    let last = host.rsplit('.').next().unwrap_or_default();
    let is_reserved = ["example", "test", "invalid", "localhost", "local", "svc", "default", "podometer"]
        .contains(&last)
        || ["example.com", "example.org", "example.net"].iter().any(|known| host.ends_with(known));
    let is_private = host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| {
        address.is_private()
            || address.is_loopback()
            || address.is_unspecified()
            || address.is_link_local()
            || address.is_documentation()
            || address.octets()[0] == 0
    });
    let is_of_one_letter = last.len() == 1 && !last.as_bytes()[0].is_ascii_digit();
    !host.contains('.')
        || is_of_one_letter
        || is_reserved
        || is_private
        || HOSTS.iter().any(|(known, _)| *known == host)
}

/// Letters of both cases and digits, mixed as no name is.
fn is_random(word: &str) -> bool {
    let changes = word.as_bytes().windows(2).filter(|pair| class(pair[0]) != class(pair[1])).count();
    let classes: BTreeSet<u8> = word.bytes().map(class).collect();
    let is_hex = word.len() >= 32 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex || classes.is_superset(&BTreeSet::from([0, 1, 2])) && changes * 2 > word.len()
}

fn class(byte: u8) -> u8 {
    match byte {
        b'a'..=b'z' => 0,
        b'A'..=b'Z' => 1,
        b'0'..=b'9' => 2,
        _ => 3,
    }
}

/// A file, a variable, a key of a Secret, a command: where it is, and not what it is.
fn is_name_of_a_secret(value: &str) -> bool {
    let begins = ["$", "/", "\\$", "(", "[", "*", "-", "null", "true", "false", "`"];
    begins.iter().any(|begin| value.starts_with(begin)) || secret_names().contains(value)
}

/// Names and keys of the Secrets that are made at install.
fn secret_names() -> BTreeSet<&'static str> {
    let all = crate::secrets::AT_INSTALL.iter();
    all.flat_map(|secret| secret.keys.iter().copied().chain([secret.name])).collect()
}

/// Files that git knows, and those that it would take.
fn files() -> Vec<String> {
    let output = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(build::root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().split_terminator('\0').map(str::to_owned).collect()
}

#[test]
fn nothing_in_the_repository_is_secret() {
    let mut found = Vec::new();
    let (mut texts, mut others) = (0, Vec::new());
    for file in files() {
        // Removed and not yet committed.
        let Ok(bytes) = std::fs::read(build::root().join(&file)) else { continue };
        match String::from_utf8(bytes) {
            Ok(text) => {
                texts += 1;
                found.extend(findings(&file, &text));
            }
            Err(error) => {
                others.push(file.clone());
                found.extend(findings(&file, &String::from_utf8_lossy(error.as_bytes())));
            }
        }
    }
    println!("{texts} texts, {} other files", others.len());
    assert!(texts > 500);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn each_form_of_secret_is_found() {
    // None of them is ever in a file: they are put together here.
    let key = rcgen::KeyPair::generate().unwrap().serialize_pem();
    let letters = |count: usize| "Ab1".repeat(count.div_ceil(3))[..count].to_owned();
    let capitals = |count: usize| "A1B2".repeat(count.div_ceil(4))[..count].to_owned();
    let many = |begin: &str, count: usize| format!("{begin}{}", letters(count));
    let made = [
        ("a private key", key),
        ("a private key in base64", many(concat!("LS0tLS1CRU", "dJTi"), 24)),
        ("a key of AWS", format!("{}{}", concat!("AK", "IA"), capitals(16))),
        ("a token of GitHub", many(concat!("gh", "p_"), 36)),
        ("a token of GitLab", many(concat!("glp", "at-"), 20)),
        ("a token of Slack", many(concat!("xo", "xb-"), 20)),
        ("a webhook of Slack", format!("{}/services/{}/", concat!("hooks.sl", "ack.com"), capitals(9))),
        ("a key of Google", many(concat!("AI", "za"), 35)),
        ("a JSON Web Token", format!("{}.{}.{}", many("eyJ", 20), many("eyJ", 20), letters(20))),
        ("a token of Grafana", many(concat!("gl", "sa_"), 40)),
        ("a login of a container registry", format!("\"auth\": \"{}\"", letters(20))),
        ("an SSH key", many(concat!("ssh-", "ed25519 AAAA"), 60)),
        ("a password hash", many(concat!("$2", "a$10$"), 53)),
    ];
    assert_eq!(made.len(), FORMS.len());
    for (what, text) in made {
        let found = findings("src/any.rs", &format!("before\n{text} after"));
        assert!(found.iter().any(|found| found.ends_with(what)), "{what}: {found:?}");
    }
    for (text, what) in [
        (format!("url: http://root:{}@db", letters(9)), "a password in a URL"),
        (format!("see https://{}.{}/x", "metrics.shop", "com"), "the host metrics.shop.com"),
        (format!("see http://{}.{}/x", "8.8.8", "8"), "the host 8.8.8.8"),
        (format!("value: {}", letters(30)), "30 characters without a meaning"),
        (format!("admin_password: {}", "let-me-in"), "a password in clear"),
        (format!("  token = \"{}\"", "abcdefgh"), "a token in clear"),
    ] {
        let found = findings("deploy/any.yaml", &text);
        assert!(found.iter().any(|found| found.ends_with(what)), "{text}: {found:?}");
    }
}

#[test]
fn what_only_names_a_secret_is_none() {
    for line in [
        "password_file: /etc/podometer/password",
        "password: $INFLUXDB_PASSWORD",
        "secretKeyRef: {name: influxdb-creds, key: writer-password}",
        "image: registry.k8s.io/kube-state-metrics/kube-state-metrics",
        "url: http://influxdb.podometer.svc:8086",
        "-----BEGIN CERTIFICATE-----",
    ] {
        assert_eq!(findings("deploy/any.yaml", line), Vec::<String>::new(), "{line}");
    }
}
