//! The child: a real sink, to which it pushes numbered points until it is told to end or is killed.

use std::io::BufRead;
use std::path::PathBuf;
use std::time::Duration;

use podometer::encode::Batch;
use podometer::sink::config::{HttpConfig, Order, QueueConfig};
use podometer::sink::spool::{Fsync, Keep};
use podometer::sink::{Handle, influxdb, pushgateway, remote_write, spool};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::dice::Dice;
use crate::journal::Journal;
use crate::points::Form;

/// The environment variable that makes a process the child; it holds the settings.
pub(crate) const SETTINGS: &str = "PODOMETER_CHAOS_CHILD";

/// The environment variable that keeps the files of a round that went wrong, the child's log among them.
pub(crate) const KEEP: &str = "PODOMETER_CHAOS_KEEP";

/// What a life of the child is like.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Settings {
    pub(crate) life: u64,
    pub(crate) url: String,
    pub(crate) spool: PathBuf,
    pub(crate) journal: PathBuf,
    /// The number of the first point.
    pub(crate) first: u64,
    pub(crate) seed: u64,
    pub(crate) form: Form,
    pub(crate) knobs: Knobs,
}

/// What is drawn for a round.
#[allow(clippy::struct_excessive_bools, reason = "settings that are independent of each other")]
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Knobs {
    /// Some points are such that the server refuses them.
    pub(crate) is_mixed: bool,
    pub(crate) batch_points: u64,
    pub(crate) pause_us: u64,
    pub(crate) gzip: bool,
    pub(crate) timeout_ms: u64,
    pub(crate) keep_always: bool,
    pub(crate) fresh_first: bool,
    pub(crate) queue_points: u64,
    pub(crate) segment_bytes: u64,
    pub(crate) max_bytes: u64,
    pub(crate) memory_bytes: usize,
    /// 0 never, 1 interval, 2 always.
    pub(crate) fsync: u64,
}

impl Knobs {
    pub(crate) fn draw(dice: &mut Dice, is_mixed: bool) -> Knobs {
        Knobs {
            is_mixed,
            batch_points: dice.pick(&[1, 8, 20]),
            pause_us: dice.pick(&[2_000, 5_000, 10_000]),
            gzip: dice.chance(0.5),
            timeout_ms: dice.pick(&[200, 200, 300, 1_200]),
            keep_always: dice.chance(0.4),
            fresh_first: dice.chance(0.3),
            queue_points: dice.pick(&[200, 2_000, 100_000]),
            segment_bytes: dice.pick(&[2 << 10, 8 << 10, 64 << 10]),
            max_bytes: dice.pick(&[64 << 10, 1 << 20, 16 << 20]),
            memory_bytes: dice.pick(&[0, 1 << 10, 1 << 16]),
            fsync: dice.below(3),
        }
    }
}

/// What the parent says on standard input; its end means `Stop`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Push,
    /// Push no more, send what waits, end.
    Drain,
    /// End at once.
    Stop,
}

pub(crate) fn run(settings: &str) {
    let settings: Settings = serde_json::from_str(settings).unwrap();
    if std::env::var_os(KEEP).is_some() {
        tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(false).init();
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(work(settings));
}

async fn work(settings: Settings) {
    let mut journal = Journal::append_to(&settings.journal);
    journal.say(&format!("life {}", settings.life));
    let handle = start(&settings);
    let mut said = Said::default();
    said.look(&handle, &mut journal);
    journal.say("started");
    let mut told = listen();
    let mut dice = Dice::new(settings.seed);
    let mut number = settings.first;
    while *told.borrow() == Told::Push {
        let end = number + dice.between(1, settings.knobs.batch_points);
        let body = settings.form.body(number, end, settings.knobs.is_mixed).into();
        journal.say(&format!("begin {number} {end}"));
        handle.push(Batch { body, points: end - number });
        journal.say("done");
        number = end;
        said.look(&handle, &mut journal);
        let pause = Duration::from_micros(dice.between(0, 2 * settings.knobs.pause_us));
        _ = tokio::time::timeout(pause, told.changed()).await;
    }
    let mut grace = Duration::from_millis(20);
    if *told.borrow() == Told::Drain {
        handle
            .wait_until(|ledger, status| {
                assert!(ledger.balances(), "{ledger:?}");
                ledger.queued == 0 && (status.is_spool_open || !status.has_spool)
            })
            .await;
        grace = Duration::from_secs(5);
    }
    said.look(&handle, &mut journal);
    let ledger = handle.shutdown(grace).await;
    assert!(ledger.balances(), "{ledger:?}");
    said.look(&handle, &mut journal);
    journal.say("ended");
}

/// What the journal has of the reports.
#[derive(Default)]
struct Said {
    is_open: bool,
    reasons: Vec<(String, u64)>,
}

impl Said {
    /// All of it must balance at every look: of this life, and of all.
    fn look(&mut self, handle: &Handle, journal: &mut Journal) {
        let report = handle.report();
        let ledger = report.ledger;
        assert!(ledger.balances(), "{ledger:?}");
        if let Some(all) = report.spool.and_then(|spool| spool.lifetime) {
            let sum = all.acknowledged + all.rejected + all.dropped + ledger.queued;
            assert_eq!(all.produced, sum, "{all:?} with {ledger:?}");
        }
        if handle.status().keeps_totals && !std::mem::replace(&mut self.is_open, true) {
            journal.say("open");
        }
        let dropped = ledger.dropped.iter().map(|(reason, points)| (format!("dropped {reason}"), *points));
        let rejected = ledger.rejected.iter().map(|(reason, points)| (format!("rejected {reason}"), *points));
        let reasons: Vec<(String, u64)> = dropped.chain(rejected).collect();
        for (reason, points) in reasons.iter().filter(|row| !self.reasons.contains(row)) {
            journal.say(&format!("{reason} {points}"));
        }
        self.reasons = reasons;
    }
}

fn listen() -> watch::Receiver<Told> {
    let (sender, told) = watch::channel(Told::Push);
    std::thread::spawn(move || {
        let mut line = String::new();
        _ = std::io::stdin().lock().read_line(&mut line);
        sender.send_replace(if line.trim() == "drain" { Told::Drain } else { Told::Stop });
        // The receiver must not see the end of the sender.
        std::thread::park();
    });
    told
}

fn start(settings: &Settings) -> Handle {
    let knobs = &settings.knobs;
    let spool = spool::Config {
        directory: Some(settings.spool.clone()),
        max_bytes: knobs.max_bytes,
        segment_bytes: knobs.segment_bytes,
        keep: if knobs.keep_always { Keep::Always } else { Keep::Lagging },
        memory_bytes: knobs.memory_bytes,
        fsync: [Fsync::Never, Fsync::Interval, Fsync::Always][knobs.fsync as usize],
        fsync_interval: Duration::from_millis(20),
        ..spool::Config::default()
    };
    let http = HttpConfig {
        timeout: Duration::from_millis(knobs.timeout_ms),
        backoff_min: Duration::from_millis(1),
        backoff_max: Duration::from_millis(30),
        proxy: "none".into(),
        ..HttpConfig::default()
    };
    let queue = QueueConfig {
        points: knobs.queue_points,
        order: if knobs.fresh_first { Order::FreshFirst } else { Order::OldestFirst },
        ..QueueConfig::default()
    };
    let url = format!("{}/life{}", settings.url, settings.life);
    let name = "chaos".to_owned();
    let plan = match settings.form {
        Form::Lines => {
            let (database, gzip) = (Some("d".into()), knobs.gzip);
            influxdb::Config {
                name,
                url,
                database,
                batch_points: 50,
                gzip,
                http,
                queue,
                ..Default::default()
            }
            .plan()
        }
        Form::Series => {
            let url = url + "/api/v1/write";
            remote_write::Config { name, url, batch_series: 50, http, queue, ..Default::default() }.plan()
        }
        Form::Page => {
            let (job, gzip, queue) = (name.clone(), knobs.gzip, QueueConfig { points: 2_000_000, ..queue });
            pushgateway::Config { name, url, job, gzip, http, queue, ..Default::default() }.plan()
        }
    };
    plan.unwrap().start(&spool, settings.seed).unwrap()
}
