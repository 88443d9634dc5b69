//! What the account of all runs says after a kill. What a kill leaves is a copy of the spool's directory.

use std::path::Path;
use std::time::Duration;

use podometer::encode::influx::Batch;
use podometer::model::report::Lifetime;
use podometer::sink::Handle;
use podometer::sink::config::Order;
use podometer::sink::spool::{Config, Keep};

use crate::disk::Disk;
use crate::script::{Answer, Server, status};

fn start(server: &Server, directory: &Path) -> Handle {
    start_in(Order::OldestFirst, server, directory)
}

fn start_in(order: Order, server: &Server, directory: &Path) -> Handle {
    let spool = Config { directory: Some(directory.to_owned()), keep: Keep::Always, ..Config::default() };
    let mut config = server.config();
    // The disk has whole lines to hold.
    config.gzip = false;
    config.queue.order = order;
    config.plan().unwrap().start(&spool, 1).unwrap()
}

fn batch(points: usize) -> Batch {
    Batch::from_lines((0..points).map(|at| format!("m v={at}i {at}\n")).collect::<String>().into())
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let place = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &place);
        } else {
            std::fs::copy(entry.path(), place).unwrap();
        }
    }
}

/// The account of all runs once nothing is queued.
async fn lifetime(handle: &Handle) -> Lifetime {
    handle.wait_until(|ledger, status| ledger.queued == 0 && status.is_spool_open).await;
    handle.report().spool.unwrap().lifetime.unwrap()
}

/// A batch on disk is sent again as a whole where a kill comes between its parts: no part of it may have been counted.
#[tokio::test]
async fn killed_between_the_parts_of_a_batch() {
    let server = Server::start(|_, request| match request.body.lines().count() {
        4 => status("413 Request Entity Too Large"),
        _ if request.body.starts_with("m v=0i") => status("204 No Content"),
        _ => Answer::Silence,
    })
    .await;
    let (directory, left) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let handle = start(&server, directory.path());
    handle.wait_until(|_, status| status.is_spool_open).await;
    handle.push(batch(4));
    // The first part is stored, the second is under way.
    handle.wait_until(|_, status| status.requests == 3).await;
    copy(directory.path(), left.path());

    let server = Server::start(|_, _| status("204 No Content")).await;
    let all = lifetime(&start(&server, left.path())).await;
    assert_eq!(all, Lifetime { produced: 4, acknowledged: 4, ..Lifetime::default() });
}

/// Every point is in the account of all runs from the first push on, before the thread of the spool has looked through
/// what an earlier run left.
#[tokio::test]
async fn killed_before_the_spool_was_open() {
    let server = Server::start(|_, _| status("503 Service Unavailable")).await;
    let directory = tempfile::tempdir().unwrap();
    let lives = ["first", "second", "third"].map(|life| directory.path().join(life));
    let handle = start(&server, &lives[0]);
    handle.wait_until(|_, status| status.is_spool_open).await;
    handle.push(batch(3));
    // Once the spool is open, nothing is sent that is not on disk.
    handle.wait_until(|_, status| status.requests > 0).await;
    copy(&lives[0], &lives[1]);
    let handle = start(&server, &lives[1]);
    handle.push(batch(5));
    copy(&lives[1], &lives[2]);

    let server = Server::start(|_, _| status("204 No Content")).await;
    let all = lifetime(&start(&server, &lives[2])).await;
    assert_eq!((all.produced, all.acknowledged + all.dropped), (8, 8), "{all:?}");
}

/// A write that a full disk cut short is no damage: what a kill then loses was lost by the kill.
#[tokio::test]
async fn killed_while_the_disk_is_full() {
    let Some(disk) = Disk::mount(200) else { return };
    let server = Server::start(|_, _| status("503 Service Unavailable")).await;
    let handle = start(&server, disk.path());
    handle.wait_until(|_, status| status.is_spool_open).await;
    handle.push(batch(3));
    handle.wait_until(|_, status| status.requests > 0).await;
    disk.fill();
    handle.push(batch(1000));
    handle.wait_until(|_, status| !status.spool_message.is_empty()).await;
    let left = tempfile::tempdir().unwrap();
    copy(&disk.path().join("influxdb"), &left.path().join("influxdb"));
    let next = start(&server, left.path());
    next.wait_until(|_, status| status.is_spool_open).await;
    assert_eq!(next.ledger().dropped, [("process_killed", 1000)]);
}

/// What must be on disk before it is sent is not fresh: it goes to disk, and is read from there.
#[tokio::test]
async fn always_kept_and_fresh_first_stands_still() {
    let server = Server::start(|_, _| status("204 No Content")).await;
    let directory = tempfile::tempdir().unwrap();
    let handle = start_in(Order::FreshFirst, &server, directory.path());
    handle.wait_until(|_, status| status.is_spool_open).await;
    handle.push(batch(3));
    let delivered = handle.wait_until(|ledger, _| ledger.queued == 0);
    assert!(tokio::time::timeout(Duration::from_secs(30), delivered).await.is_ok(), "{:?}", handle.report());
}

/// One failure of the disk is not the end of the spool.
#[tokio::test]
async fn a_disk_that_has_room_again_is_used_again() {
    let Some(disk) = Disk::mount(200) else { return };
    let server = Server::start(|_, _| status("503 Service Unavailable")).await;
    let handle = start(&server, disk.path());
    handle.wait_until(|_, status| status.is_spool_open).await;
    disk.fill();
    handle.push(batch(1000));
    handle.wait_until(|_, status| !status.spool_message.is_empty()).await;
    disk.free();
    handle.push(batch(3));
    let is_used =
        handle.wait_until(|_, status| status.spooled_points >= 3 && status.spool_message.is_empty());
    assert!(tokio::time::timeout(Duration::from_secs(30), is_used).await.is_ok(), "{:?}", handle.report());
}

/// What has to go through the disk goes through it while there is time.
#[tokio::test]
async fn the_last_batch_is_sent_within_the_grace() {
    let server = Server::start(|_, _| status("204 No Content")).await;
    for _ in 0..20 {
        let directory = tempfile::tempdir().unwrap();
        let handle = start(&server, directory.path());
        handle.wait_until(|_, status| status.is_spool_open).await;
        handle.push(batch(3));
        assert_eq!(handle.shutdown(Duration::from_secs(20)).await.acknowledged, 3);
    }
}
