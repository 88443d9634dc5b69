//! Addresses of hosts. A DNS server that does not answer holds a lookup for a minute and longer, and a lookup cannot be
//! called off: so each has a thread of its own, which outlives whoever asked, and no other work waits behind it.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::thread;

use tokio::sync::watch;

/// How many lookups may be under way, each on its thread.
const MOST_LOOKUPS: usize = 64;

/// Those of the whole process.
static LOOKUPS: LazyLock<Lookups> =
    LazyLock::new(|| Lookups::new(|host, port| (host, port).to_socket_addrs().map(Iterator::collect)));

/// The addresses of a host, in the order in which they should be tried.
pub(crate) async fn addresses(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    LOOKUPS.addresses(host, port).await
}

type Found = io::Result<Vec<SocketAddr>>;
type LookUp = dyn Fn(&str, u16) -> Found + Send + Sync;
/// `None` until the lookup ends.
type Answer = watch::Receiver<Option<Found>>;

/// One lookup for each host and port, shared by all who ask meanwhile.
struct Lookups {
    look_up: Arc<LookUp>,
    under_way: Mutex<BTreeMap<(String, u16), Answer>>,
}

impl Lookups {
    fn new(look_up: impl Fn(&str, u16) -> Found + Send + Sync + 'static) -> Lookups {
        Lookups { look_up: Arc::new(look_up), under_way: Mutex::default() }
    }

    async fn addresses(&self, host: &str, port: u16) -> Found {
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        let mut answer = self.ask(host, port)?;
        let found = answer.wait_for(Option::is_some).await;
        match found.as_deref() {
            Ok(Some(Ok(addresses))) => Ok(addresses.clone()),
            // Once more for each who asked.
            Ok(Some(Err(error))) => Err(error.raw_os_error().map_or_else(
                || io::Error::new(error.kind(), error.to_string()),
                io::Error::from_raw_os_error,
            )),
            Ok(None) | Err(_) => Err(io::Error::other("the lookup ended without a result")),
        }
    }

    /// Joins the lookup that is under way, or starts it.
    fn ask(&self, host: &str, port: u16) -> io::Result<Answer> {
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        // The sender goes with its thread, however that ends.
        under_way.retain(|_, answer| answer.has_changed().is_ok());
        let key = (host.to_owned(), port);
        if let Some(answer) = under_way.get(&key) {
            return Ok(answer.clone());
        }
        if under_way.len() >= MOST_LOOKUPS {
            let text = format!("{MOST_LOOKUPS} lookups wait for the DNS server, which does not answer");
            return Err(io::Error::other(text));
        }
        let (sender, answer) = watch::channel(None);
        let look_up = Arc::clone(&self.look_up);
        let (name, thread) = (key.0.clone(), thread::Builder::new().name("resolver".into()));
        thread.stack_size(256 << 10).spawn(move || sender.send_replace(Some(look_up(&name, port))))?;
        under_way.insert(key, answer.clone());
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc::{Sender, channel};
    use std::task::{Context, Poll, Waker};

    use super::*;

    /// Lookups that end once they are told what they found, and how many were begun.
    fn slow() -> (Lookups, Sender<Found>, Arc<AtomicUsize>) {
        let (tell, told) = channel::<Found>();
        let (told, begun) = (Mutex::new(told), Arc::new(AtomicUsize::new(0)));
        let counted = Arc::clone(&begun);
        let look_up = move |_: &str, _| {
            counted.fetch_add(1, Ordering::SeqCst);
            told.lock().unwrap().recv().unwrap_or_else(|_| Err(io::Error::other("the test ended")))
        };
        (Lookups::new(look_up), tell, begun)
    }

    /// Asks and gives up while there is no answer, as a timeout does.
    fn give_up(lookups: &Lookups, host: &str) {
        let asked = pin!(lookups.addresses(host, 80)).poll(&mut Context::from_waker(Waker::noop()));
        assert!(asked.is_pending(), "{asked:?}");
    }

    fn found(last: u8) -> Vec<SocketAddr> {
        vec![SocketAddr::from(([192, 0, 2, last], 80)), SocketAddr::from(([192, 0, 2, 99], 80))]
    }

    #[test]
    fn a_literal_address_starts_no_lookup() {
        let (lookups, _tell, begun) = slow();
        for (host, shown) in [("192.0.2.7", "192.0.2.7:80"), ("2001:db8::1", "[2001:db8::1]:80")] {
            let asked = pin!(lookups.addresses(host, 80)).poll(&mut Context::from_waker(Waker::noop()));
            let Poll::Ready(Ok(found)) = asked else { panic!("{host}: {asked:?}") };
            assert_eq!(found, [shown.parse().unwrap()]);
        }
        assert_eq!(begun.load(Ordering::SeqCst), 0);
        assert!(lookups.under_way.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn two_askers_share_one_lookup_and_an_impatient_one_starts_no_other() {
        let (lookups, tell, begun) = slow();
        for _ in 0..5 {
            give_up(&lookups, "a.example");
        }
        let told = async { tell.send(Ok(found(1))).unwrap() };
        let both = tokio::join!(lookups.addresses("a.example", 80), lookups.addresses("a.example", 80), told);
        assert_eq!((both.0.unwrap(), both.1.unwrap()), (found(1), found(1)));
        assert_eq!(begun.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn what_is_found_or_refused_is_asked_anew_the_next_time() {
        let (lookups, tell, begun) = slow();
        tell.send(Err(io::Error::new(io::ErrorKind::NotFound, "no such host"))).unwrap();
        let error = lookups.addresses("a.example", 80).await.unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (io::ErrorKind::NotFound, "no such host"));
        // The thread of the first may not have ended yet, and then its answer is fresh.
        while begun.load(Ordering::SeqCst) == 1 {
            _ = lookups.ask("a.example", 80).unwrap();
            thread::yield_now();
        }
        // Asked before it is told: a lookup that had ended by then would be begun once more, and nobody would tell it.
        let told = async { tell.send(Ok(found(2))).unwrap() };
        let (asked, ()) = tokio::join!(lookups.addresses("a.example", 80), told);
        assert_eq!(asked.unwrap(), found(2));
    }

    #[test]
    fn lookups_are_bounded_and_one_more_says_why_it_fails() {
        let (lookups, tell, _begun) = slow();
        let name = |n: usize| format!("{n}.example");
        for n in 0..MOST_LOOKUPS {
            give_up(&lookups, &name(n));
        }
        let error = lookups.ask(&name(MOST_LOOKUPS), 80).unwrap_err().to_string();
        assert!(error.contains(&format!("{MOST_LOOKUPS} lookups wait for the DNS server")), "{error}");
        // Those that are under way can be joined all the same.
        give_up(&lookups, &name(0));
        tell.send(Ok(found(3))).unwrap();
        while lookups.ask(&name(MOST_LOOKUPS), 80).is_err() {
            thread::yield_now();
        }
    }

    #[tokio::test]
    async fn a_lookup_that_panics_leaves_its_place_to_the_next() {
        let lookups = Lookups::new(|_, _| panic!("on purpose"));
        let error = lookups.addresses("a.example", 80).await.unwrap_err();
        assert!(error.to_string().contains("without a result"), "{error}");
        while lookups.under_way.lock().unwrap().values().any(|answer| answer.has_changed().is_ok()) {
            thread::yield_now();
        }
        lookups.addresses("a.example", 80).await.unwrap_err();
    }
}
