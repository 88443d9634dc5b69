//! A file or an address that holds a whole list, read again and again.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::keeper::Keeper;
use super::kubelet::take;
use crate::identity::PodsError;
use crate::source::http::{Http, HttpError};

/// Far above the list of a full node (250 pods of 10 kB).
pub(super) const MAX_DOCUMENT_BYTES: usize = 64 << 20;

/// A list that did not come.
#[derive(Debug, thiserror::Error)]
pub(super) enum WholeError {
    #[error("identity.pods_file: {path}: {error}", path = path.display())]
    File { path: PathBuf, error: std::io::Error },
    #[error("identity.pods_file: {path}: has {bytes} bytes; allowed: up to {MAX_DOCUMENT_BYTES}", path = path.display())]
    TooLarge { path: PathBuf, bytes: u64 },
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error(transparent)]
    Pods(#[from] PodsError),
}

impl WholeError {
    /// One of a closed list of words: those of `source::http`, `file` and `document`.
    pub(super) fn reason(&self) -> &'static str {
        match self {
            WholeError::File { .. } => "file",
            WholeError::TooLarge { .. } => "too_large",
            WholeError::Http(error) => error.reason(),
            WholeError::Pods(_) => "document",
        }
    }
}

/// Where the list is.
#[derive(Clone, Debug)]
pub(super) enum Whole {
    File(PathBuf),
    Url(Arc<Http>, String),
}

impl Whole {
    pub(super) async fn read(&self, keeper: &mut Keeper) -> Result<(), WholeError> {
        match self {
            Whole::File(path) => take(keeper, &path.display().to_string(), &read_file(path)?),
            Whole::Url(http, url) => {
                let mut body = Vec::new();
                http.get(url, &mut body).await?;
                take(keeper, url, &body)
            }
        }
    }
}

fn read_file(path: &Path) -> Result<Vec<u8>, WholeError> {
    let failed = |error| WholeError::File { path: path.to_owned(), error };
    let bytes = std::fs::metadata(path).map_err(failed)?.len();
    if bytes > MAX_DOCUMENT_BYTES as u64 {
        return Err(WholeError::TooLarge { path: path.to_owned(), bytes });
    }
    std::fs::read(path).map_err(failed)
}
