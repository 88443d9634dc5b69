//! One print, or one after the other: redrawn in place on a terminal, plain text in a pipe.

use std::fmt::Write as _;
use std::time::Duration;

use anyhow::Context;

use super::choice::Choice;
use super::compare;
use super::feed::Feed;
use super::kubectl::{self, Nothing};
use super::table;
use crate::cli::arguments::{Top, View};
use crate::cli::{Failure, Wiring, output};
use crate::encode::document::PodsDocument;

const HIDE_CURSOR: &str = "\x1b[?25l";
const SHOW_CURSOR: &str = "\x1b[?25h";
const CLEAR: &str = "\x1b[2J";
const HOME: &str = "\x1b[H";
const CLEAR_LINE_END: &str = "\x1b[K";
const CLEAR_BELOW: &str = "\x1b[J";
const BOLD: &str = "\x1b[1m";
const PLAIN: &str = "\x1b[0m";

pub(in crate::cli) fn run(arguments: &Top, wiring: &dyn Wiring) -> Result<(), Failure> {
    if let Some(file) = &arguments.compare {
        return compare::run(arguments, file);
    }
    let choice = Choice::of(arguments).map_err(|problem| Failure::Usage(vec![problem]))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting the asynchronous runtime")?;
    let ended = runtime.block_on(async {
        let mut feed = Feed::open(arguments, wiring).await?;
        match arguments.watch {
            None => once(&mut feed, &choice).await,
            Some(wait) => watch(&mut feed, &choice, wait).await,
        }
    });
    // A reading that is still under way must not keep the terminal waiting.
    runtime.shutdown_background();
    ended
}

async fn once(feed: &mut Feed, choice: &Choice) -> Result<(), Failure> {
    let document = feed.next(Duration::ZERO).await?;
    let lines = lines(&document, choice);
    if lines.is_empty() {
        match kubectl::nothing(&document, choice) {
            Some(Nothing::Error(problem)) => return Err(anyhow::anyhow!(problem).into()),
            Some(Nothing::Word(word)) => output::word(&word),
            None => output::note(nothing(&document, choice)),
        }
    }
    if let Some(hint) = kubectl::hint(&document, choice) {
        output::note(hint);
    }
    output::print(&plain(&lines, output::colour() && !choice.no_headers))
}

async fn watch(feed: &mut Feed, choice: &Choice, wait: Duration) -> Result<(), Failure> {
    let terminal = output::is_terminal();
    if terminal {
        output::print(&format!("{HIDE_CURSOR}{CLEAR}"))?;
    }
    let ended = tokio::select! {
        ended = redraw(feed, choice, wait, terminal) => ended,
        interrupted = tokio::signal::ctrl_c() => Ok(interrupted.context("waiting for Ctrl-C")?),
    };
    if terminal {
        output::print(&format!("{PLAIN}{SHOW_CURSOR}\n"))?;
    }
    ended
}

async fn redraw(feed: &mut Feed, choice: &Choice, wait: Duration, terminal: bool) -> Result<(), Failure> {
    let mut clock = tokio::time::interval(wait);
    clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        if !feed.paces_itself() {
            clock.tick().await;
        }
        let lines = match feed.next(wait).await {
            Ok(document) => {
                let lines = lines(&document, choice);
                if lines.is_empty() { vec![nothing(&document, choice).to_owned()] } else { lines }
            }
            // An agent that restarts comes back; a source that broke does not.
            Err(error) if matches!(feed, Feed::Agent(_)) => vec![format!("{error:#}")],
            Err(error) => return Err(error.into()),
        };
        if terminal {
            let (rows, columns) = output::terminal_size()?;
            output::print(&frame(&lines, rows, columns, output::colour()))?;
        } else {
            output::print(&format!("{}\n", plain(&lines, false)))?;
        }
    }
}

fn lines(document: &PodsDocument, choice: &Choice) -> Vec<String> {
    if choice.is_kubectls() { kubectl::lines(document, choice) } else { table::lines(document, choice) }
}

fn nothing(document: &PodsDocument, choice: &Choice) -> &'static str {
    match table::view_of(document, choice) {
        View::Units => "no units found",
        View::Pods => "no pods found",
        View::Containers => "no containers found",
        View::Nodes => "the node's own figures are not known here",
    }
}

fn plain(lines: &[String], colour: bool) -> String {
    let mut text = String::new();
    for (index, line) in lines.iter().enumerate() {
        if index == 0 && colour {
            let _ = writeln!(text, "{BOLD}{line}{PLAIN}");
        } else {
            let _ = writeln!(text, "{line}");
        }
    }
    text
}

/// One screen: drawn over the last one, so that nothing flickers, and never longer than the terminal.
fn frame(lines: &[String], rows: usize, columns: usize, colour: bool) -> String {
    // A terminal that does not tell its size is as large as it likes.
    let rows = if rows == 0 { usize::MAX } else { rows };
    let columns = if columns == 0 { usize::MAX } else { columns };
    let mut shown: Vec<String> = lines.iter().map(|line| line.chars().take(columns).collect()).collect();
    // The last row stays free for the cursor.
    if shown.len() >= rows {
        let fit = rows.saturating_sub(2);
        let more = shown.len() - fit;
        shown.truncate(fit);
        shown.push(format!("... {more} more").chars().take(columns).collect());
    }
    let text = plain(&shown, colour).replace('\n', &format!("{CLEAR_LINE_END}\n"));
    format!("{HOME}{text}{CLEAR_BELOW}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_fits_its_terminal_and_leaves_nothing_behind() {
        let lines = ["HEAD of it", "one", "two", "three"].map(str::to_owned);
        assert_eq!(
            frame(&lines, 24, 80, false),
            "\x1b[HHEAD of it\x1b[K\none\x1b[K\ntwo\x1b[K\nthree\x1b[K\n\x1b[J"
        );
        assert_eq!(
            frame(&lines, 4, 4, true),
            "\x1b[H\x1b[1mHEAD\x1b[0m\x1b[K\none\x1b[K\n... \x1b[K\n\x1b[J"
        );
        assert!(frame(&lines, 0, 0, false).contains("three"));
        assert!(frame(&lines, 1, 1, false).lines().count() <= 2);
    }
}
