//! What a run leaves at a Pushgateway when it is over.

use super::address::{Address, decoded};
use super::form::{Beside, Form, Output};
use super::open::Opening;
use super::variables::Variables;
use crate::config::sinks::Sinks;
use crate::encode::Batch;
use crate::encode::load::{pushed, verdict};
use crate::load::interval::Interval;
use crate::load::results::Results;

const ADDRESS: &str = "http://localhost:9091";
const JOB: &str = "k6";
const PARAMETERS: [&str; 2] = ["job", "test_name"];

struct PushedForm {
    labels: Vec<(String, String)>,
    test_name: String,
    code_level: String,
}

pub(super) fn output(
    target: Option<&str>,
    opening: &Opening<'_>,
    sinks: &mut Sinks,
) -> Result<Output, String> {
    let variables = Variables::new("K6_PUSHGATEWAY_", opening.variable);
    let mut address = Address::parse(target.unwrap_or(ADDRESS))?;
    let job = address.take("job").unwrap_or_else(|| JOB.to_owned());
    let test_name = address.take("test_name").unwrap_or_else(|| opening.title.to_owned());
    address.rest(&PARAMETERS)?;
    let slash = if address.path.is_empty() { "" } else { "/" };
    let sink = sinks.add_pushgateway();
    sink.url = format!("{}{slash}{}", address.base, decoded(&address.path));
    sink.name = format!("pushgateway {}", sink.url);
    sink.job = job;
    let login = variables.login();
    (sink.username, sink.password_env, sink.password_file) =
        (login.username, login.password_env, login.password_file);
    sink.token_env = variables.name_of_set("TOKEN");
    // k8sfv's own variable.
    let code_level = (opening.variable)("CODE_LEVEL").unwrap_or_default();
    // A run replaces what the one before of the same test left, and no other test's: with its id nobody would find it
    // again.
    sink.grouping.insert("test_name".to_owned(), test_name.clone());
    if !code_level.is_empty() {
        sink.grouping.insert("code_level".to_owned(), code_level.clone());
    }
    let form = PushedForm { labels: opening.tags.to_vec(), test_name, code_level };
    Ok(Output { sink: sink.name.clone(), form: Box::new(form) })
}

impl Form for PushedForm {
    fn batches(&mut self, _: &Interval, _: Beside<'_>) -> Vec<Batch> {
        Vec::new()
    }

    fn end(&mut self, results: &Results, _: i64) -> Vec<Batch> {
        let mut page = pushed(results, &self.labels);
        page.extend(verdict(results, &self.test_name, &self.code_level));
        // Lines that say what a metric is are no samples.
        let points =
            page.split(|&byte| byte == b'\n').filter(|line| !matches!(line.first(), None | Some(b'#')));
        let points = points.count() as u64;
        vec![Batch { body: page.into(), points }]
    }
}
