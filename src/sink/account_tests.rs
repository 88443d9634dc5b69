//! The books must balance after every step, whatever comes.

use proptest::prelude::*;

use super::account::{Account, Rules, Source};
use super::config::Order;
use super::parcel::{Packing, Parcel};
use super::spool::Keep;
use super::status::State;
use crate::encode::Batch;

fn rules(queue_points: u64, queue_bytes: usize) -> Rules {
    Rules {
        queue_points,
        queue_bytes,
        order: Order::OldestFirst,
        newest_only: false,
        keep: Keep::Lagging,
        memory_bytes: 1 << 20,
    }
}

fn parcel(points: usize) -> Parcel {
    let body = "m v=1i 1\n".repeat(points);
    Parcel::pack(Batch { body: body.into(), points: points as u64 }, Packing::Plain, 0)
}

fn take(account: &Account) -> Option<Parcel> {
    match account.take() {
        Source::Memory(parcel) => Some(parcel),
        Source::Spool | Source::Nowhere => None,
    }
}

#[test]
fn the_oldest_goes_first_and_is_counted() {
    let account = Account::new(rules(10, 1 << 20));
    for points in [4, 5, 3] {
        account.push(parcel(points));
    }
    let ledger = account.ledger();
    assert_eq!((ledger.queued, ledger.dropped.as_slice()), (8, [("queue_full", 4)].as_slice()));
    let first = take(&account).unwrap();
    assert_eq!(first.points(), 5);
    account.push(parcel(6));
    assert_eq!(account.ledger().dropped, [("queue_full", 4 + 3 + 6)], "what is in flight cannot be dropped");
    _ = account.settle(&[first], &[("unparsable", 2)], None);
    account.close();
    account.push(parcel(2));
    let ledger = account.ledger();
    assert_eq!((ledger.acknowledged, ledger.queued), (3, 0));
    assert_eq!(ledger.rejected, [("unparsable", 2)]);
    assert_eq!(ledger.dropped, [("queue_full", 13), ("shutdown", 2)]);
    assert!(ledger.balances());
}

#[test]
fn only_the_newest_waits_where_that_is_the_rule() {
    let account = Account::new(Rules { newest_only: true, ..rules(100, 1 << 20) });
    account.push(parcel(1));
    let flying = take(&account).unwrap();
    account.push(parcel(2));
    account.push(parcel(3));
    _ = account.put_back(vec![flying]);
    assert_eq!(account.ledger().dropped, [("superseded", 2 + 1)]);
    assert_eq!(take(&account).unwrap().points(), 3);
}

proptest! {
    #[test]
    fn the_books_balance_after_every_step(steps in prop::collection::vec((0u8..7, 1usize..9), 1..80)) {
        let account = Account::new(rules(20, 150));
        let mut flying: Option<Parcel> = None;
        for (step, points) in steps {
            match (step, flying.take()) {
                (0 | 1, parcel_in_flight) => {
                    account.push(parcel(points));
                    flying = parcel_in_flight;
                }
                (_, None) => flying = take(&account),
                (2, Some(parcel)) => drop(account.settle(&[parcel], &[], None)),
                (3, Some(parcel)) => drop(account.settle(&[parcel], &[("unparsable", points as u64)], None)),
                (4, Some(parcel)) => drop(account.put_back(vec![parcel])),
                (5, Some(parcel)) => {
                    account.report(State::Retrying, "away");
                    _ = account.put_back(vec![parcel]);
                }
                (_, Some(whole)) => {
                    if whole.points() < 2 {
                        _ = account.settle(&[whole], &[("too_large", 1)], None);
                    } else {
                        let parts = [parcel(1), parcel(whole.points() as usize - 1)];
                        account.part(&whole, &parts);
                        let [first, second] = parts;
                        _ = account.settle(&[first], &[], None);
                        flying = Some(second);
                    }
                }
            }
            let ledger = account.ledger();
            prop_assert!(ledger.balances(), "{:?}", ledger);
            prop_assert!(ledger.queued <= 20);
        }
        _ = account.put_back(flying.into_iter().collect());
        account.close();
        let ledger = account.ledger();
        prop_assert!(ledger.balances() && ledger.queued == 0);
    }
}
