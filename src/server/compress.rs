//! Compressed bodies: one per snapshot, page and format, made once and shared by all scrapers that ask
//! before the next snapshot. None is kept for long: a node is asked every few seconds at most, and the memory
//! is better free in between.

use std::collections::HashMap;
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::sync::OnceCell;
use tokio::time::{Instant, sleep};

use crate::encode::prometheus::{Encoder, Format, Page};

use super::body::CHUNK;
use super::counters::{Counters, add};
use super::error::ServerError;

/// How long a body waits for the next scraper.
const KEPT: Duration = Duration::from_secs(2);

#[derive(Debug)]
struct Slot {
    seq: u64,
    since: Instant,
    body: Arc<OnceCell<Bytes>>,
}

type Slots = HashMap<(Page, Format), Slot>;

/// The bodies of the newest snapshot that was asked for.
#[derive(Debug, Default)]
pub(super) struct SharedBodies {
    slots: Arc<Mutex<Slots>>,
    is_swept: Arc<AtomicBool>,
}

impl SharedBodies {
    /// How many bodies are kept.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        locked(&self.slots).len()
    }

    /// The compressed document; whoever asks first makes it, others wait for the same one.
    pub(super) async fn body(
        &self,
        (seq, page, format): (u64, Page, Format),
        level: u32,
        counters: &Counters,
        encoder: impl FnOnce() -> Encoder,
    ) -> Result<Bytes, ServerError> {
        let cell = {
            let mut slots = locked(&self.slots);
            // Bodies of older snapshots are of no more use; responses that send them hold them themselves.
            slots.retain(|_, slot| slot.seq >= seq);
            let slot = slots.entry((page, format)).or_insert_with(|| Slot {
                seq,
                since: Instant::now(),
                body: Arc::default(),
            });
            Arc::clone(&slot.body)
        };
        self.sweep();
        let mut made = false;
        let body = cell
            .get_or_try_init(|| {
                made = true;
                let encoder = encoder();
                async move {
                    let task = tokio::task::spawn_blocking(move || compressed(encoder, level));
                    match task.await {
                        Ok(Ok(bytes)) => Ok(bytes),
                        Ok(Err(error)) => Err(failed(page, &error)),
                        Err(error) => Err(failed(page, &error)),
                    }
                }
            })
            .await?;
        add(if made { &counters.compressions } else { &counters.compressions_shared }, 1);
        Ok(body.clone())
    }

    /// Starts the one task that drops what is too old; it ends when nothing is left.
    fn sweep(&self) {
        if self.is_swept.swap(true, Ordering::AcqRel) {
            return;
        }
        let (slots, is_swept) = (Arc::clone(&self.slots), Arc::clone(&self.is_swept));
        tokio::spawn(async move {
            loop {
                sleep(KEPT).await;
                let mut slots = locked(&slots);
                slots.retain(|_, slot| slot.since.elapsed() < KEPT);
                if slots.is_empty() {
                    // Under the lock, so that whoever adds the next body starts the next task.
                    is_swept.store(false, Ordering::Release);
                    return;
                }
            }
        });
    }
}

fn locked(slots: &Mutex<Slots>) -> MutexGuard<'_, Slots> {
    slots.lock().unwrap_or_else(PoisonError::into_inner)
}

fn failed(page: Page, error: &dyn std::fmt::Display) -> ServerError {
    ServerError::Compression { page: page.path(), reason: error.to_string() }
}

/// Chunk by chunk, so that the plain document never exists whole.
fn compressed(mut encoder: Encoder, level: u32) -> std::io::Result<Bytes> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::new(level));
    let mut chunk = Vec::with_capacity(CHUNK + 2048);
    loop {
        chunk.clear();
        let more = encoder.next_chunk(&mut chunk, CHUNK);
        gzip.write_all(&chunk)?;
        if !more {
            // The buffer grew by doubling: give back what is not needed.
            let mut bytes = gzip.finish()?;
            bytes.shrink_to_fit();
            return Ok(bytes.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::prometheus::{LabelCache, Options};

    async fn ask(bodies: &SharedBodies, format: Format, counters: &Counters) -> Bytes {
        let encoder = || {
            let plan = LabelCache::new(format).plan(Arc::default(), Page::Metrics);
            Encoder::new(plan, Arc::default(), format, Options::default())
        };
        bodies.body((1, Page::Metrics, format), 1, counters, encoder).await.unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_is_shared_for_a_while_and_then_dropped() {
        let (bodies, counters) = (SharedBodies::default(), Counters::default());
        for _ in 0..2 {
            let first = ask(&bodies, Format::Text, &counters).await;
            assert_eq!(ask(&bodies, Format::Text, &counters).await.as_ptr(), first.as_ptr());
            assert_eq!(bodies.len(), 1, "one for each format that was asked for");
            ask(&bodies, Format::Protobuf, &counters).await;
            assert_eq!(bodies.len(), 2);
            sleep(KEPT * 3).await;
            assert_eq!(bodies.len(), 0);
        }
        let stats = counters.stats();
        assert_eq!((stats.compressions, stats.compressions_shared), (4, 2));
    }
}
