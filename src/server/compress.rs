//! Compressed bodies: one per snapshot, page and format, made once and shared by all scrapers that ask
//! before the next snapshot.

use std::collections::HashMap;
use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::sync::OnceCell;

use crate::encode::prometheus::{Encoder, Format, Page};

use super::body::CHUNK;
use super::counters::{Counters, add};
use super::error::ServerError;

#[derive(Debug)]
struct Slot {
    seq: u64,
    body: Arc<OnceCell<Bytes>>,
}

/// The bodies of the newest snapshot that was asked for.
#[derive(Debug, Default)]
pub(super) struct SharedBodies {
    slots: Mutex<HashMap<(Page, Format), Slot>>,
}

impl SharedBodies {
    /// The compressed document; whoever asks first makes it, others wait for the same one.
    pub(super) async fn body(
        &self,
        (seq, page, format): (u64, Page, Format),
        level: u32,
        counters: &Counters,
        encoder: impl FnOnce() -> Encoder,
    ) -> Result<Bytes, ServerError> {
        let cell = {
            let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            // Bodies of older snapshots are of no more use; responses that send them hold them themselves.
            slots.retain(|_, slot| slot.seq >= seq);
            let slot = slots.entry((page, format)).or_insert_with(|| Slot { seq, body: Arc::default() });
            Arc::clone(&slot.body)
        };
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
