//! From flags to a table and an exit code: 0 where every pod is within the bound, 1 where one is off.

use std::io::Read as _;
use std::path::Path;

use anyhow::{Context, bail};

use super::pair::Verdict;
use super::printed;
use super::report::Report;
use crate::cli::arguments::{Top, View};
use crate::cli::fetch::Fetch;
use crate::cli::top::feed::DEFAULT_URL;
use crate::cli::{Failure, output};
use crate::encode::document::DriftDocument;

const DRIFT_PATH: &str = "/api/v1/drift";
/// Far more than any cluster's table.
const MAX_BYTES: u64 = 64 << 20;

/// `file` is what kubectl printed; `-` is standard input.
pub(in crate::cli::top) fn run(arguments: &Top, file: &Path) -> Result<(), Failure> {
    if !matches!(arguments.view, Some(View::Pods)) {
        return Err(Failure::Usage(vec![
            "--compare goes with pods: podometer top pods --compare FILE".to_owned(),
        ]));
    }
    let namespace = arguments.namespace.as_deref().filter(|_| !arguments.all_namespaces);
    let text = read(file).with_context(|| format!("--compare {}", file.display()))?;
    let printed =
        printed::parse(&text, namespace).with_context(|| format!("--compare {}", file.display()))?;
    let document = match &arguments.document {
        Some(file) => saved(file).with_context(|| format!("--document {}", file.display()))?,
        None => asked(arguments)?,
    };
    let report = Report::of(&document, &printed, namespace, arguments.bound / 100.0);
    output::print(&report.text())?;
    if report.is_empty() {
        let problem = format!("no pod was compared: {} has {} pods", file.display(), printed.len());
        return Err(anyhow::anyhow!(problem).into());
    }
    if report.count(Verdict::Off) > 0 { Err(Failure::Unwell) } else { Ok(()) }
}

fn read(file: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    if file == Path::new("-") {
        std::io::stdin().take(MAX_BYTES + 1).read_to_string(&mut text)?;
    } else {
        std::fs::File::open(file)?.take(MAX_BYTES + 1).read_to_string(&mut text)?;
    }
    if text.len() as u64 > MAX_BYTES {
        bail!("is larger than {MAX_BYTES} bytes");
    }
    Ok(text)
}

fn saved(file: &Path) -> anyhow::Result<DriftDocument> {
    serde_json::from_str(&read(file)?).context("is no document of /api/v1/drift")
}

/// The agent's own comparison, whole.
fn asked(arguments: &Top) -> Result<DriftDocument, Failure> {
    let url = arguments.url.as_deref().unwrap_or(DEFAULT_URL);
    let fetch = Fetch::new(url, DRIFT_PATH, arguments.token_file.as_deref())
        .map_err(|error| Failure::Usage(vec![format!("--url: {error:#}")]))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting the asynchronous runtime")?;
    Ok(runtime.block_on(fetched(&fetch))?)
}

async fn fetched(fetch: &Fetch) -> anyhow::Result<DriftDocument> {
    let document: DriftDocument = fetch.document().await?;
    if document.truncated {
        let uri = fetch.uri();
        bail!("{uri}: has more pods than it shows; name a namespace: {uri}?namespace=NAMESPACE");
    }
    Ok(document)
}
