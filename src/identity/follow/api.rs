//! The pods of one node from the API server: a list in pages, then a watch that goes on where the last one ended.

use std::time::Duration;

use tokio::time::Instant;

use super::keeper::Keeper;
use super::places::Seen;
use crate::identity::register::Told;
use crate::identity::{ListInfo, PodsError};
use crate::source::api_server::{ApiError, ApiServer, Kind, Lines};

/// Pods in one page: about 1 MB of JSON at a time.
const PAGE_PODS: u32 = 100;
/// Far above a page of pods as they are, below what it may be (1.5 MB each).
const MAX_PAGE_BYTES: usize = 64 << 20;
/// The largest object that etcd takes, with room for its escapes.
const MAX_LINE_BYTES: usize = 4 << 20;
/// Pages of one list: far above [`PAGE_PODS`] times what a node may hold.
const MAX_PAGES: u32 = 1000;
/// The server ends a watch by itself after this time, and we begin the next.
const WATCH_SECONDS: u64 = 290;
/// Bookmarks come each minute, but nobody promises them; the end of the watch is promised.
const IDLE: Duration = Duration::from_secs(WATCH_SECONDS + 30);
/// Between two watches where the server ends each at once.
const PAUSE: Duration = Duration::from_secs(1);

/// How far the pods of one node have been followed.
#[derive(Debug)]
pub(super) struct Watch {
    /// The path of the list, with its selector.
    path: String,
    /// Where the next watch begins; `None` where a list is needed.
    at: Option<Box<str>>,
    /// When the last list was whole.
    listed: Option<Instant>,
    /// True once a watch was opened, until it is taken.
    pub(super) has_opened: bool,
}

impl Watch {
    pub(super) fn new(node: &str) -> Watch {
        let path = format!("/api/v1/pods?fieldSelector=spec.nodeName%3D{}", escaped(node));
        Watch { path, at: None, listed: None, has_opened: false }
    }

    /// Follows the pods until the server fails. It may be called again after a failure: what is known stays, and
    /// nothing is listed again that need not be.
    pub(super) async fn follow(
        &mut self,
        server: &ApiServer,
        keeper: &mut Keeper,
        good: &mut (dyn FnMut(Seen) + Send),
    ) -> ApiError {
        loop {
            let outcome = match self.at.clone() {
                None => self.list(server, keeper).await,
                Some(at) => self.watch(server, keeper, &at, good).await,
            };
            let Err(error) = outcome else { continue };
            match error.kind {
                // The place in the stream is too old: the list tells all anew.
                Kind::Gone if self.at.take().is_some() => {
                    let soon = self.listed.map_or_else(Instant::now, |listed| listed + PAUSE);
                    keeper.tend_until(soon).await;
                }
                // What cannot be read would come again, and what must not be watched may be listed.
                Kind::Document { .. } | Kind::TooLarge { .. } | Kind::Forbidden { .. } => {
                    self.at = None;
                    return error;
                }
                _ => return error,
            }
        }
    }

    async fn list(&mut self, server: &ApiServer, keeper: &mut Keeper) -> Result<(), ApiError> {
        let mut next_page: Box<str> = "".into();
        keeper.register.begin_list();
        for _ in 0..MAX_PAGES {
            let page = if next_page.is_empty() {
                format!("{}&limit={PAGE_PODS}", self.path)
            } else {
                format!("{}&limit={PAGE_PODS}&continue={}", self.path, escaped(&next_page))
            };
            // The page goes before the next one comes.
            let mut body = Vec::new();
            server.get(&page, MAX_PAGE_BYTES, &mut body).await?;
            let ListInfo { resource_version, next_page: next } =
                keeper.register.page(&server.url, &body).map_err(|error| no_document(&error))?;
            next_page = next;
            if next_page.is_empty() {
                keeper.register.end_list(Instant::now());
                keeper.tend();
                self.at = Some(resource_version);
                self.listed = Some(Instant::now());
                return Ok(());
            }
        }
        Err(error_of(server, Kind::Document { problem: format!("has more than {MAX_PAGES} pages") }))
    }

    /// One watch, to its end.
    async fn watch(
        &mut self,
        server: &ApiServer,
        keeper: &mut Keeper,
        at: &str,
        good: &mut (dyn FnMut(Seen) + Send),
    ) -> Result<(), ApiError> {
        let start = Instant::now();
        let path = format!(
            "{}&watch=true&allowWatchBookmarks=true&resourceVersion={}&timeoutSeconds={WATCH_SECONDS}",
            self.path,
            escaped(at)
        );
        let mut lines = server.lines(&path, MAX_LINE_BYTES).await?;
        self.has_opened = true;
        good(Seen { took: start.elapsed(), pods: keeper.register.len() });
        while let Some(told) = next(server, keeper, &mut lines).await? {
            match told {
                Told::GoOn(at) if at.is_empty() => {}
                Told::GoOn(at) => {
                    self.at = Some(at);
                    good(Seen { took: Duration::ZERO, pods: keeper.register.len() });
                }
                Told::Ended { code, message } => {
                    let status = format!(r#"{{"message":{}}}"#, serde_json::Value::from(&*message));
                    return Err(error_of(server, Kind::of_status(code, status.as_bytes(), None)));
                }
            }
        }
        keeper.tend_until(Instant::now().max(start + PAUSE)).await;
        Ok(())
    }
}

/// The next line of the watch, taken in; names are published meanwhile.
async fn next(server: &ApiServer, keeper: &mut Keeper, lines: &mut Lines) -> Result<Option<Told>, ApiError> {
    loop {
        let due = keeper.due();
        let wait = async {
            match due {
                Some(due) => tokio::time::sleep_until(due).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = wait => keeper.tend(),
            line = server.next_line(lines, IDLE) => {
                let Some(line) = line? else { return Ok(None) };
                if line.is_empty() {
                    continue;
                }
                let told = keeper.register.line(&server.url, line, Instant::now());
                return told.map(Some).map_err(|error| no_document(&error));
            }
        }
    }
}

fn no_document(error: &PodsError) -> ApiError {
    ApiError { place: error.place.as_str().into(), kind: Kind::Document { problem: error.error.to_string() } }
}

fn error_of(server: &ApiServer, kind: Kind) -> ApiError {
    ApiError { place: format!("{}/api/v1/pods", server.url).into(), kind }
}

/// For a value in a query.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            let digit =
                |value: u8| char::from_digit(u32::from(value), 16).unwrap_or_default().to_ascii_uppercase();
            escaped.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_cannot_be_broken_out_of() {
        assert_eq!(escaped("node-1.example"), "node-1.example");
        assert_eq!(escaped("a&b=c ü+/"), "a%26b%3Dc%20%C3%BC%2B%2F");
        assert_eq!(Watch::new("n1").path, "/api/v1/pods?fieldSelector=spec.nodeName%3Dn1");
    }
}
