//! What is said and left behind at the end of a load test.

use std::fs::{File, OpenOptions};
use std::io::{IsTerminal, Seek, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::{Failure, output};
use crate::load::file;
use crate::load::output::{csv, junit};
use crate::load::results::Results;
use crate::load::summary::json::{About, State, handle_summary, machine_readable, pretty, summary_export};
use crate::load::summary::{self, Mode, Options, TimeUnit, TrendStat};

#[derive(Args, Debug)]
#[command(next_help_heading = "Reports")]
pub(super) struct Reports {
    /// Columns of the summary's trends, such as avg,p(95),p(99.9),max,count.
    #[arg(long, value_name = "LIST")]
    summary_trend_stats: Option<String>,
    /// One unit for all times; without it each has the one that suits it.
    #[arg(long, value_name = "UNIT")]
    summary_time_unit: Option<Unit>,
    /// The parts of a request's time as well, and each group with its checks.
    #[arg(long)]
    summary_full: bool,
    /// The summary as JSON, as k6 hands it to handleSummary.
    #[arg(long, value_name = "FILE")]
    summary_json: Option<PathBuf>,
    /// The summary as JSON in the form of k6's --summary-export. There a threshold that is true has FAILED.
    #[arg(long, value_name = "FILE")]
    summary_export: Option<PathBuf>,
    /// The summary as JSON in the form of k6's --new-machine-readable-summary.
    #[arg(long, value_name = "FILE")]
    summary_machine: Option<PathBuf>,
    /// A line for each number of each metric.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Thresholds and checks as the cases of a test suite, in JUnit's XML.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Unit {
    S,
    Ms,
    Us,
}

#[derive(Clone, Copy, Debug)]
enum Form {
    Handle,
    Export,
    Machine,
    Csv,
    Junit,
}

/// Files that are open before the first request: what cannot be written is told then, not after the night.
#[derive(Debug)]
pub(super) struct Outputs {
    options: Options,
    files: Vec<(Form, PathBuf, File)>,
}

impl Reports {
    /// The variables of the environment come as a function, so that tests have their own.
    /// `file` holds the options of the load test's own file, which go below flags and environment.
    pub(super) fn open(
        &self,
        variable: impl Fn(&str) -> Option<String>,
        file: &file::Options,
    ) -> Result<Outputs, Failure> {
        let mut problems = Vec::new();
        let given = self.summary_trend_stats.clone().map(|list| ("--summary-trend-stats", list));
        let list = given.or_else(|| Some(("K6_SUMMARY_TREND_STATS", variable("K6_SUMMARY_TREND_STATS")?)));
        let list = list.or_else(|| Some(("options.summaryTrendStats", file.summary_trend_stats.join(","))));
        let mut options = Options {
            color: output::colour(),
            mode: if self.summary_full { Mode::Full } else { Mode::Compact },
            time_unit: self.summary_time_unit.map(Unit::unit).or(file.summary_time_unit.map(unit_of)),
            ..Options::default()
        };
        if let Some((source, list)) = list {
            match TrendStat::parse_list(&list) {
                Ok(stats) => options.trend_stats = stats,
                Err(error) => problems.push(format!("{source}: {error}")),
            }
        }
        let mut files = Vec::new();
        for (form, flag, path) in [
            (Form::Handle, "summary-json", &self.summary_json),
            (Form::Export, "summary-export", &self.summary_export),
            (Form::Machine, "summary-machine", &self.summary_machine),
            (Form::Csv, "csv", &self.csv),
            (Form::Junit, "junit", &self.junit),
        ] {
            let Some(path) = path else { continue };
            // What stands there stays until there is something in its place.
            match OpenOptions::new().write(true).create(true).truncate(false).open(path) {
                Ok(file) => files.push((form, path.clone(), file)),
                Err(error) => problems.push(format!("--{flag}: {}: {error}", path.display())),
            }
        }
        if problems.is_empty() { Ok(Outputs { options, files }) } else { Err(Failure::LoadRefused(problems)) }
    }
}

impl Outputs {
    /// All of them, whatever becomes of one: a night's numbers are to be had once. Each failure is told on standard
    /// error, and false says that there was one. `url` names the run.
    pub(super) fn write_files(&mut self, results: &Results, url: &str) -> bool {
        let mut are_written = true;
        for (form, path, file) in &mut self.files {
            let text = form.text(results, &self.options, url);
            if let Err(error) = replace(file, &text) {
                output::note(&format!("{} is not written: {error}", path.display()));
                are_written = false;
            }
        }
        are_written
    }

    /// The summary, for people.
    pub(super) fn print(&self, results: &Results) -> Result<(), Failure> {
        output::print(&summary::text(results, &self.options))
    }
}

impl Form {
    fn text(self, results: &Results, options: &Options, url: &str) -> String {
        let state = State {
            is_stdout_tty: output::is_terminal(),
            is_stderr_tty: std::io::stderr().is_terminal(),
            setup_data: None,
        };
        let about = About { version: env!("CARGO_PKG_VERSION"), script: url };
        match self {
            Form::Handle => pretty(&handle_summary(results, options, &state)),
            Form::Export => pretty(&summary_export(results, options, &state)),
            Form::Machine => pretty(&machine_readable(results, about)),
            Form::Csv => csv(results, &options.trend_stats),
            Form::Junit => junit(results, url),
        }
    }
}

impl Unit {
    fn unit(self) -> TimeUnit {
        match self {
            Unit::S => TimeUnit::S,
            Unit::Ms => TimeUnit::Ms,
            Unit::Us => TimeUnit::Us,
        }
    }
}

fn unit_of(unit: file::TimeUnit) -> TimeUnit {
    match unit {
        file::TimeUnit::Seconds => TimeUnit::S,
        file::TimeUnit::Millis => TimeUnit::Ms,
        file::TimeUnit::Micros => TimeUnit::Us,
    }
}

/// A pipe or a terminal has nothing to take away.
fn replace(file: &mut File, text: &str) -> std::io::Result<()> {
    if file.metadata()?.is_file() {
        file.rewind()?;
        file.set_len(0)?;
    }
    file.write_all(text.as_bytes())?;
    file.flush()
}
