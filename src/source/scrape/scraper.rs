//! One target, read once at a time.

use std::sync::Arc;

use bytes::Bytes;

use super::beans::parse_answers;
use super::config;
use super::error::ScrapeError;
use super::families::parse_exposition;
use super::jolokia::{Questions, read_address};
use super::stub_status::parse_stub_status;
use crate::model::scraped::{Content, Kind, Parsed, Target};
use crate::source::http::{self, Http};

/// What this pod and its node are called, for the tags that Telegraf's sidecars have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// The pod's name, else the host's.
    pub host: String,
    pub node: String,
}

/// What one reading brought.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    pub content: Content,
    pub samples: u64,
    pub faults: u64,
    /// MBeans and attributes that were asked for and are not there.
    pub absent: u64,
}

/// The way to one target.
#[derive(Debug)]
pub struct Scraper {
    http: Http,
    config: config::Target,
    target: Arc<Target>,
    /// What a JVM is asked, and its form in the request.
    questions: Option<(Questions, Bytes)>,
    body: Vec<u8>,
}

impl Scraper {
    pub fn new(config: &config::Target, names: &Names) -> Result<Scraper, ScrapeError> {
        let questions = (config.kind == Kind::Jolokia).then(|| Questions::new(config.beans()));
        let questions = questions.map(|questions| {
            let json = questions.json();
            (questions, json)
        });
        Ok(Scraper {
            http: Http::new(&config.http())?,
            target: Arc::new(target_of(config, names)),
            config: config.clone(),
            questions,
            body: Vec::new(),
        })
    }

    pub fn config(&self) -> &config::Target {
        &self.config
    }

    pub fn target(&self) -> &Arc<Target> {
        &self.target
    }

    /// Reads it once, within its own timeout.
    pub async fn fetch(&mut self) -> Result<Outcome, ScrapeError> {
        let asked = match &self.questions {
            Some((_, json)) => {
                self.http.post_json(&read_address(&self.config.url), json, &mut self.body).await
            }
            None => self.http.get(&self.config.url, &mut self.body).await,
        };
        asked.map_err(|error| ScrapeError::of(error, &self.config))?;
        let limit = self.config.max_series;
        match (self.config.kind, &self.questions) {
            (Kind::Jolokia, Some((questions, _))) => self.beans(questions),
            (Kind::Nginx, _) => self.whole(parse_stub_status(&self.body), Content::Nginx),
            _ => {
                let schema = self.config.schema;
                self.whole(parse_exposition(&self.body, limit), |families| {
                    Content::Families(families, schema)
                })
            }
        }
    }

    fn beans(&self, questions: &Questions) -> Result<Outcome, ScrapeError> {
        let answers = parse_answers(&self.body, questions, self.config.max_series)
            .map_err(|problem| ScrapeError::no_document(&self.config, format!("the answer {problem}")))?;
        if let (0, Some(said)) = (answers.parsed.samples, answers.refusal) {
            return Err(ScrapeError::Refused { url: self.config.url.clone(), said });
        }
        let outcome = self.whole(answers.parsed, Content::Points)?;
        Ok(Outcome { absent: answers.absent, ..outcome })
    }

    /// A document in which nothing could be read is another than was meant.
    fn whole<T>(
        &self,
        parsed: Parsed<T>,
        content: impl FnOnce(T) -> Content,
    ) -> Result<Outcome, ScrapeError> {
        let Parsed { value, samples, faults } = parsed;
        if samples == 0 && faults > 0 {
            let bytes = self.body.len();
            let problem = format!("{bytes} bytes came, and no value could be read in them");
            return Err(ScrapeError::no_document(&self.config, problem));
        }
        Ok(Outcome { content: content(value), samples, faults, absent: 0 })
    }
}

/// The tags of a JVM's points are those that telegraf-operator's class `app` gives its sidecars.
fn target_of(config: &config::Target, names: &Names) -> Target {
    let mut tags = config.tags.clone();
    let mut host = tags.remove("host");
    if config.kind == Kind::Jolokia {
        for (key, value) in [("hostname", &*names.host), ("nodename", &names.node), ("type", "app")] {
            tags.entry(key.to_owned()).or_insert_with(|| value.to_owned());
        }
        // A sidecar of Telegraf's is named like its pod.
        host = host.or_else(|| tags.get("hostname").cloned());
    }
    let place = http::Target::parse(&config.url).ok();
    Target {
        name: config.name.as_str().into(),
        kind: config.kind,
        url: config.url.as_str().into(),
        server: place.as_ref().map_or("", |place| place.host.as_str()).into(),
        port: place.map_or(0, |place| place.port),
        host: host.map(Into::into),
        tags: tags.into_iter().map(|(key, value)| (key.into(), value.into())).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(kind: Kind, tags: &[(&str, &str)]) -> Target {
        let tags = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let url = "http://127.0.0.1/x".to_owned();
        let names = Names { host: "web-0".to_owned(), node: "n1".to_owned() };
        target_of(
            &config::Target { name: "app".to_owned(), kind, url, tags, ..config::Target::default() },
            &names,
        )
    }

    fn tags(target: &Target) -> Vec<(&str, &str)> {
        target.tags.iter().map(|(key, value)| (&**key, &**value)).collect()
    }

    #[test]
    fn a_jvm_has_the_tags_of_its_pod_unless_it_is_told_others() {
        let jvm = target(Kind::Jolokia, &[]);
        assert_eq!(tags(&jvm), [("hostname", "web-0"), ("nodename", "n1"), ("type", "app")]);
        assert_eq!((jvm.host.as_deref(), &*jvm.server, jvm.port), (Some("web-0"), "127.0.0.1", 80));
        let told = target(Kind::Jolokia, &[("hostname", "other"), ("team", "a")]);
        assert_eq!(tags(&told)[0], ("hostname", "other"));
        assert_eq!((told.host.as_deref(), told.tags.len()), (Some("other"), 4));
        let page = target(Kind::Prometheus, &[("host", "h"), ("team", "a")]);
        assert_eq!((page.host.as_deref(), tags(&page)), (Some("h"), vec![("team", "a")]));
    }
}
