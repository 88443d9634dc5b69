//! The four set-ups of a sidecar, with real namespaces: what each sees of one pod, printed beside the kernel's word.
//!
//! `SIDE <set-up> <before|after> <pod|app|other|own> <usage_usec>`: the kernel's number around the agent's answer.
//! `SIDE ids <app> <other> <pod>`: who is who.

use std::fs::{File, OpenOptions, create_dir_all, set_permissions};
use std::io::{Error, Result, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::{park, sleep};
use std::time::{Duration, Instant};

use crate::facts::{fetch, print_document, read_key};
use crate::tree::{Container, MOUNT, Pod, Qos, Tree, uid};

/// The user of the application and of the sidecar that shares it.
const USER: &str = "1000";
/// Where the host has put this program; after `unshare` /proc/self/exe is the loader's.
const SELF: &str = "/run/lab/guest_workload";
const HOST_VIEW: &str = "/tmp/host-cgroup";

/// One way to run the agent beside the application.
struct SetUp {
    name: &'static str,
    /// In the application's process namespace, as its user or another one.
    shares_processes_as: Option<&'static str>,
    has_host_mount: bool,
    knows_its_uid: bool,
}

const SET_UPS: [SetUp; 5] = [
    SetUp { name: "blind", shares_processes_as: None, has_host_mount: false, knows_its_uid: true },
    SetUp { name: "host-mount", shares_processes_as: None, has_host_mount: true, knows_its_uid: true },
    SetUp {
        name: "host-mount-by-inode",
        shares_processes_as: None,
        has_host_mount: true,
        knows_its_uid: false,
    },
    SetUp { name: "same-user", shares_processes_as: Some(USER), has_host_mount: false, knows_its_uid: true },
    SetUp {
        name: "other-user",
        shares_processes_as: Some("2000"),
        has_host_mount: false,
        knows_its_uid: true,
    },
];

pub(crate) fn run(style: &str, agent: &str, config: &str) -> Result<()> {
    let tree = Tree::create(style)?;
    // A neighbour, which no sidecar of the other pod may ever show.
    let neighbour = tree.pod(Qos::BestEffort, &uid('9'))?;
    neighbour.container()?.start(&["sleep", "--linger"])?;
    create_dir_all(HOST_VIEW)?;
    done(Command::new("/bin/busybox").args(["mount", "--bind", MOUNT, HOST_VIEW]))?;

    let pod = tree.pod(Qos::Burstable, &uid('7'))?;
    let (app, other) = (pod.container()?, pod.container()?);
    println!("SIDE ids {} {} {}", app.id, other.id, pod.uid);
    for set_up in &SET_UPS {
        play(&pod, &app, &other, set_up, agent, config)?;
    }
    Ok(())
}

fn play(
    pod: &Pod,
    app: &Container,
    other: &Container,
    set_up: &SetUp,
    agent: &str,
    config: &str,
) -> Result<()> {
    let own = pod.container()?;
    let mut script = vec![format!("agent {} {agent} {config}", set_up.name)];
    let user = set_up.shares_processes_as.unwrap_or("0");
    script.push(format!("in {} {user} {}", own.directory.display(), set_up.has_host_mount));
    if set_up.knows_its_uid {
        script.push(format!("uid {}", pod.uid));
    }
    // The application burns ten times what an agent uses, then rests.
    let apps = [(app, USER), (other, "0")]
        .map(|(app, user)| format!("app {} {user} burn --for-ms 1500 --linger", app.directory.display()));
    let mut running = Vec::new();
    let mut first = if set_up.shares_processes_as.is_some() {
        script.extend(apps);
        start_first(&script)?
    } else {
        for app in &apps {
            running.push(start_first(std::slice::from_ref(app))?);
        }
        start_first(&script)?
    };
    let told = watch(pod, app, other, &own, set_up, &mut first);
    print_document(
        &format!("log-{}", set_up.name),
        &std::fs::read_to_string(log(set_up.name)).unwrap_or_default(),
    );
    for child in running.iter_mut().chain([&mut first]) {
        child.kill()?;
        child.wait()?;
    }
    wait_for("the end of the agent", || TcpStream::connect("127.0.0.1:9758").is_err())?;
    told
}

fn watch(
    pod: &Pod,
    app: &Container,
    other: &Container,
    own: &Container,
    set_up: &SetUp,
    first: &mut Child,
) -> Result<()> {
    wait_for("the agent's first answer", || fetch("/metrics").is_ok())?;
    let mut before = usage(app)?;
    // At rest: the burning is over when a whole second adds nothing.
    wait_for("the application's rest", || {
        sleep(Duration::from_secs(1));
        let now = usage(app).unwrap_or(0);
        // Two of them share the one processor of User Mode Linux.
        now == std::mem::replace(&mut before, now) && now > 300_000
    })?;
    outdo(app, own)?;
    let kernel = |when: &str| -> Result<()> {
        let pod = read_key(&pod.directory.join("cpu.stat"), "usage_usec")?;
        for (name, usage) in
            [("pod", pod), ("app", usage(app)?), ("other", usage(other)?), ("own", usage(own)?)]
        {
            println!("SIDE {} {when} {name} {usage}", set_up.name);
        }
        Ok(())
    };
    kernel("before")?;
    sleep(Duration::from_millis(2500));
    let pages = ["/metrics", "/metrics/cadvisor", "/metrics/resource", "/api/v1/pods"]
        .map(|path| (path, fetch(path)));
    kernel("after")?;
    for (path, text) in pages {
        let name = format!("{}{path}", set_up.name).replace('/', "-");
        print_document(&name, &text?);
    }
    let check = std::fs::read_to_string(format!("{}.check", log(set_up.name).display()))?;
    print_document(&format!("check-{}", set_up.name), &check);
    match first.try_wait()? {
        Some(status) => Err(Error::other(format!("the agent ended: {status}"))),
        None => Ok(()),
    }
}

fn usage(container: &Container) -> Result<u64> {
    read_key(&container.directory.join("cpu.stat"), "usage_usec")
}

/// On a slow machine the agent's start costs more than the application burnt, and none could be mistaken for the
/// other: then the application goes on until it has used three times as much.
fn outdo(app: &Container, own: &Container) -> Result<()> {
    for _ in 0..20 {
        if usage(app)? > 3 * usage(own)? {
            return Ok(());
        }
        app.start(&["burn", "--for-ms", "1500"])?.wait()?;
    }
    Err(Error::other("the application could not use more than the agent"))
}

/// Starts the first process of a new process namespace, which plays `script`: the pod's sandbox, as it were.
fn start_first(script: &[String]) -> Result<Child> {
    unshare(&["--pid", "--fork", "--kill-child", "--mount", "--propagation", "private"])
        .args([SELF, "pod-init"])
        .args(script)
        .stdin(Stdio::null())
        .spawn()
}

/// The first process of a pod's process namespace: starts what it is told and stays.
pub(crate) fn first_process(script: &[&str]) -> Result<()> {
    done(Command::new("/bin/busybox").args(["mount", "-t", "proc", "proc", "/proc"]))?;
    let mut agent: Option<(PathBuf, Vec<String>)> = None;
    let mut place: Option<[String; 3]> = None;
    let mut uid = None;
    let mut apps = Vec::new();
    for line in script {
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        match line.split(' ').collect::<Vec<_>>().as_slice() {
            ["agent", name, program, config] => agent = Some((log(name), owned(&[program, config]))),
            ["in", leaf, user, has_host_mount] => {
                place = Some([leaf, user, has_host_mount].map(|word| (*word).to_owned()));
            }
            ["uid", value] => uid = Some((*value).to_owned()),
            ["app", leaf, user, work @ ..] => {
                let mut child = vec![SELF.to_owned()];
                child.extend(owned(work));
                let app = start_in(Path::new(leaf), user, false, &child, &[], None)?;
                // Before it is, it runs as another user, in another view.
                wait_for("the application", || plays(app.id(), work.first().copied()))?;
                apps.push(app);
            }
            other => return Err(Error::other(format!("pod-init: {other:?}"))),
        }
    }
    if let (Some((log, program)), Some([leaf, user, has_host_mount])) = (agent, place) {
        let mut variables = vec![("HOME", "/tmp".to_owned())];
        variables.extend(uid.map(|uid| ("POD_UID", uid)));
        let has_host_mount = has_host_mount == "true";
        if has_host_mount {
            variables.push(("PODOMETER__AGENT__MODE", "sidecar".to_owned()));
        }
        let [program, config] = [&program[0], &program[1]];
        let command = |what: &str| [program, what, "--config", config].map(str::to_owned);
        let checked = log.with_extension("log.check");
        let mut check =
            start_in(Path::new(&leaf), &user, has_host_mount, &command("check"), &variables, Some(&checked))?;
        check.wait()?;
        apps.push(start_in(
            Path::new(&leaf),
            &user,
            has_host_mount,
            &command("agent"),
            &variables,
            Some(&log),
        )?);
    }
    loop {
        park();
    }
}

/// Whether a process of ours has become what it was started for.
fn plays(process: u32, work: Option<&str>) -> bool {
    let line = std::fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
    let mut words = line.split(|&byte| byte == 0).skip(1);
    words.next() == work.map(str::as_bytes)
}

/// Starts a program as a runtime does: in its own cgroup, in a cgroup namespace that begins there, with that
/// cgroup mounted alone, as its user.
fn start_in(
    leaf: &Path,
    user: &str,
    has_host_mount: bool,
    program: &[String],
    variables: &[(&str, String)],
    output: Option<&Path>,
) -> Result<Child> {
    let mut command = Command::new(SELF);
    command.args(["enter", &leaf.display().to_string(), user, &has_host_mount.to_string()]).args(program);
    command
        .env_clear()
        .env("PATH", "/run/lab:/bin")
        .envs(variables.iter().map(|(name, value)| (name, value)));
    if let Some(output) = output {
        let file = File::create(output)?;
        set_permissions(output, PermissionsExt::from_mode(0o666))?;
        command.stdout(file.try_clone()?).stderr(file);
    }
    command.stdin(Stdio::null()).spawn()
}

/// Steps into the cgroup, then into namespaces of its own.
pub(crate) fn enter(leaf: &str, user: &str, has_host_mount: &str, program: &[&str]) -> Result<()> {
    OpenOptions::new().write(true).open(format!("{leaf}/cgroup.procs"))?.write_all(b"0")?;
    let error = unshare(&["--cgroup", "--mount", "--propagation", "private"])
        .args([SELF, "own-view", user, has_host_mount])
        .args(program)
        .exec();
    Err(error)
}

/// Mounts what a container sees and becomes the program.
pub(crate) fn own_view(user: &str, has_host_mount: &str, program: &[&str]) -> Result<()> {
    let busybox = |arguments: &[&str]| done(Command::new("/bin/busybox").args(arguments));
    if has_host_mount != "true" {
        busybox(&["umount", HOST_VIEW])?;
    }
    busybox(&["umount", MOUNT])?;
    busybox(&["mount", "-t", "cgroup2", "-o", "ro", "none", MOUNT])?;
    let user = user.parse().map_err(|_| Error::other(format!("no user: {user}")))?;
    let Some((program, arguments)) = program.split_first() else { return Err(Error::other("no program")) };
    Err(Command::new(program).args(arguments).gid(user).uid(user).exec())
}

/// util-linux's, with the loader and the library that came along: busybox knows no cgroup namespaces.
fn unshare(arguments: &[&str]) -> Command {
    let mut command = Command::new("/run/lab/ld-linux-x86-64.so.2");
    command.args(["--library-path", "/run/lab", "/run/lab/unshare"]).args(arguments);
    command
}

fn log(name: &str) -> PathBuf {
    PathBuf::from(format!("/tmp/{name}.log"))
}

fn done(command: &mut Command) -> Result<()> {
    let status = command.status()?;
    if status.success() { Ok(()) } else { Err(Error::other(format!("{command:?}: {status}"))) }
}

/// Polls twenty times a second for at most thirty seconds.
fn wait_for(what: &str, mut come: impl FnMut() -> bool) -> Result<()> {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(30) {
        if come() {
            return Ok(());
        }
        sleep(Duration::from_millis(50));
    }
    Err(Error::other(format!("waited in vain for {what}")))
}
