//! Two replicas and one lease: one leader, a takeover, a release, and clocks that disagree. The clock that counts is
//! held by the test; requests go to the server's double without a network.

use std::time::{Duration, SystemTime};

use podometer::source::lease::{Elector, Standing};
use tokio::time::{Instant, advance};

use crate::api_double::{Double, Fault};

const LEASE: Duration = Duration::from_secs(15);
const RENEW: Duration = Duration::from_secs(4);
const GROUP: &str = "coordination.k8s.io";

struct Replica {
    elector: Elector,
    /// What this replica's wall clock shows.
    wall: SystemTime,
}

impl Replica {
    async fn new(double: &Double, identity: &str, skew_s: i64) -> Replica {
        let base = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_222_700);
        let wall = base.checked_add_signed(skew_s);
        let server = double.client().await;
        let elector = Elector::new(&server, ("monitoring", "podometer"), identity.to_owned(), LEASE, RENEW);
        Replica { elector, wall }
    }

    /// One step; true when it leads behind it.
    async fn step(&mut self) -> bool {
        let standing = self.elector.step(self.wall).await;
        let leads = self.elector.held_until().is_some();
        if let Ok(standing) = standing {
            assert_eq!(matches!(standing, Standing::Leader { .. }), leads);
        }
        leads
    }

    fn leads(&self) -> bool {
        self.elector.held_until().is_some()
    }
}

trait Skew {
    fn checked_add_signed(self, seconds: i64) -> SystemTime;
}

impl Skew for SystemTime {
    fn checked_add_signed(self, seconds: i64) -> SystemTime {
        let by = Duration::from_secs(seconds.unsigned_abs());
        if seconds < 0 { self - by } else { self + by }
    }
}

fn holder(double: &Double) -> String {
    let lease = double.object(GROUP, "leases", "monitoring", "podometer").unwrap();
    lease["spec"]["holderIdentity"].as_str().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn the_first_leads_and_goes_on_leading() {
    let double = Double::unserved();
    let mut one = Replica::new(&double, "one", 0).await;
    let mut two = Replica::new(&double, "two", 0).await;
    for _ in 0..50 {
        assert!(one.step().await);
        assert!(!two.step().await);
        advance(RENEW).await;
        one.wall += RENEW;
    }
    let lease = double.object(GROUP, "leases", "monitoring", "podometer").unwrap();
    assert_eq!(
        (&lease["spec"]["holderIdentity"], &lease["spec"]["leaseTransitions"]),
        (&"one".into(), &0.into())
    );
    assert_eq!(lease["spec"]["leaseDurationSeconds"], 15);
}

#[tokio::test(start_paused = true)]
async fn another_takes_over_when_the_leader_dies() {
    let double = Double::unserved();
    let mut one = Replica::new(&double, "one", 0).await;
    let mut two = Replica::new(&double, "two", 0).await;
    assert!(one.step().await && !two.step().await);
    let died = Instant::now();
    while !two.step().await {
        assert!(!(two.leads() && one.leads()));
        advance(RENEW).await;
    }
    let waited = died.elapsed();
    assert!(waited >= LEASE && waited <= LEASE + RENEW, "{waited:?}");
    assert_eq!(holder(&double), "two");
    // The dead one comes back and follows.
    assert!(!one.step().await);
}

#[tokio::test(start_paused = true)]
async fn a_release_is_taken_up_at_the_next_look() {
    let double = Double::unserved();
    let mut one = Replica::new(&double, "one", 0).await;
    let mut two = Replica::new(&double, "two", 0).await;
    assert!(one.step().await && !two.step().await);
    one.elector.release(one.wall).await.unwrap();
    assert!(!one.leads());
    assert_eq!(holder(&double), "");
    assert!(two.step().await);
    // A follower has nothing to give back.
    one.elector.release(one.wall).await.unwrap();
    assert_eq!(holder(&double), "two");
}

/// For every pair of skews and for outages of any length: never two leaders at an instant.
#[tokio::test(start_paused = true)]
async fn no_two_lead_when_clocks_disagree_by_five_seconds() {
    let mut takeovers = 0;
    for (skew_one, skew_two) in [(0, 0), (5, 0), (0, 5), (-5, 0), (0, -5), (5, -5), (3600, -3600)] {
        for outage_steps in [1, 3, 9, 14, 19, 40] {
            let double = Double::unserved();
            let mut one = Replica::new(&double, "one", skew_one).await;
            let mut two = Replica::new(&double, "two", skew_two).await;
            assert!(one.step().await);
            for step in 0..60 {
                // One of the two hangs for a while: it neither renews nor looks, yet believes what it believed.
                let one_hangs = step >= 5 && step < 5 + outage_steps;
                if !one_hangs && step % 4 == 0 {
                    one.step().await;
                }
                if step % 4 == 2 {
                    two.step().await;
                }
                assert!(
                    !(one.leads() && two.leads()),
                    "skews {skew_one} {skew_two}, outage {outage_steps}, {step} s"
                );
                advance(Duration::from_secs(1)).await;
                one.wall += Duration::from_secs(1);
                two.wall += Duration::from_secs(1);
            }
            takeovers += u32::from(holder(&double) == "two");
        }
    }
    // Outages of 19 s and more, at least, end in a takeover.
    assert!(takeovers >= 14, "{takeovers}");
}

#[tokio::test(start_paused = true)]
async fn a_leader_without_an_api_server_stops_leading_in_time() {
    let double = Double::unserved();
    let mut one = Replica::new(&double, "one", 0).await;
    assert!(one.step().await);
    double.fail("/apis/coordination.k8s.io", Fault::Status(503, "etcd has no leader"));
    advance(RENEW).await;
    assert!(one.elector.step(one.wall).await.is_err());
    assert!(one.leads(), "one missed renewal is no end");
    advance((LEASE * 2 / 3).saturating_sub(RENEW)).await;
    assert!(!one.leads());
    double.heal();
    assert!(one.step().await, "its own lease is its own again");
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_no_second_leader_and_no_end() {
    let double = Double::unserved();
    let mut one = Replica::new(&double, "one", 0).await;
    assert!(one.step().await);
    double.fail("/apis/coordination.k8s.io", Fault::Truncated);
    assert!(one.elector.step(one.wall).await.is_err(), "written, but the answer was lost");
    double.heal();
    assert!(one.step().await, "the conflict is with ourselves");
}

#[tokio::test(start_paused = true)]
async fn a_hanging_request_costs_one_renewal() {
    let double = Double::unserved();
    let mut one = Replica::new(&double, "one", 0).await;
    assert!(one.step().await);
    double.fail("/apis/coordination.k8s.io", Fault::Slow(Duration::from_hours(1)));
    let begun = Instant::now();
    assert_eq!(one.elector.step(one.wall).await.unwrap_err().reason(), "timeout");
    assert_eq!(begun.elapsed(), RENEW);
    double.heal();
    assert!(one.step().await);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_names_the_verb() {
    let double = Double::unserved();
    double.deny("create leases.coordination.k8s.io");
    let mut one = Replica::new(&double, "one", 0).await;
    let error = one.elector.step(one.wall).await.unwrap_err().to_string();
    assert!(error.contains("lacks the verb create on leases.coordination.k8s.io"), "{error}");
}
